"""A company whose members are reviewed for January 2017, seen on days of February."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from asyncpg import Record

from quotaloom.calendars.periods import Grain
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.jobs.handlers import Job
from quotaloom.platform.work import Work
from quotaloom.reviews.closing import confirm_review
from quotaloom.reviews.cycles import open_cycle
from quotaloom.reviews.form_commands import Content, NewForm, create_form
from quotaloom.reviews.forms import Layout, NewPart, PartKind
from quotaloom.reviews.grading import Grade
from quotaloom.reviews.nightly import DEADLINES
from quotaloom.reviews.parts import GivenScore, Scoring
from quotaloom.reviews.scoring import score_review, score_self
from quotaloom.reviews.steps import DEFAULT_RULES, Step, StepRule
from tests.integration.targets.offices import PlanningOffice
from tests.integration.targets.planning import POLICIES

SOLD = NewPart("sold", "Revenue", PartKind.QUANTITATIVE, Decimal("0.6"), metric="revenue")
TEAM = NewPart("team", "Teamwork", PartKind.QUALITATIVE, Decimal("0.4"), Decimal(10))
GRADES = (Grade("A", Decimal(90)), Grade("B", Decimal(60)), Grade("C", Decimal(0)))


def timed(**days: int) -> Mapping[Step, StepRule]:
    """The usual rules, with other numbers of days for some steps."""
    return {**DEFAULT_RULES, **{Step(step): StepRule(number) for step, number in days.items()}}


class ReviewOffice:
    """Ora heads all, Wu West, Noa North below it; Nia holds N 1 and is reviewed; Ada and Kei are admins.

    Nia's target of January is 25.00, of which she achieves 20.00.
    """

    def __init__(self, office: PlanningOffice) -> None:
        self.office = office
        self.planning = office.planning

    @classmethod
    async def furnish(cls, database: Database, **facts: Any) -> ReviewOffice:
        """Publish the plan, post what Nia has sold."""
        office = await PlanningOffice.open(database, target=None, **facts)
        await office.set("N 1", {"01": 25_00})
        await office.publish()
        planning = office.planning
        await planning.post(planning.work, "N 1", date(2017, 1, 2), 20_00, "one")
        planning.members["Kei"] = await create_member(planning.work, NewMember("Kei", role="admin"))
        return cls(office)

    def work(self, name: str = "Ada", day: int = 1, month: int = 2) -> Work:
        """The work of somebody on a day of 2017, at noon."""
        now = datetime(2017, month, day, 12, tzinfo=UTC)
        company_id = self.planning.work.company.id
        if name == "Kei":
            viewer = Viewer(company_id, name, Role.ADMIN, self.planning.members["Kei"])
            return replace(self.planning.work, viewer=viewer, now=now)
        return replace(self.office.work(name), now=now)

    async def form(
        self, *parts: NewPart, key: str = "monthly", grain: Grain = Grain.MONTH, unit: str | None = None, **layout: Any
    ) -> int:
        """A form of these parts, or of revenue for 0.6 and teamwork for 0.4, with grades A, B and C."""
        content = Content(parts or (SOLD, TEAM), Layout(**{"grades": GRADES, **layout}))
        unit_id = None if unit is None else self.planning.units[unit]
        new = NewForm(key, key.title(), grain, content, unit_id)
        return await create_form(self.work(), POLICIES.registry, new)

    async def open(self, form_id: int | None = None, unit: str = "N 1", **layout: Any) -> int:
        """Open January, for Nia alone unless another unit is named; returns the number of her review."""
        form_id = await self.form(**layout) if form_id is None else form_id
        await open_cycle(self.work(), POLICIES.registry, form_id, "2017-01", self.planning.units[unit])
        return await self.review_of("Nia")

    async def review_of(self, name: str) -> int:
        """The number of somebody's only review."""
        return int((await self.one("SELECT id FROM review WHERE member_id = $1", self.planning.members[name]))["id"])

    async def score_self(self, review_id: int, score: str = "9", day: int = 1, **facts: Any) -> None:
        """Nia gives herself a score for teamwork."""
        scoring = Scoring([GivenScore("team", Decimal(score), "I helped")], "A good month", **facts)
        await score_self(self.work("Nia", day), review_id, scoring)

    async def score(
        self, review_id: int, score: str | None = "8", by: str = "Noa", day: int = 2, submit: bool = True, **facts: Any
    ) -> None:
        """Somebody gives the manager's score for teamwork."""
        given = [] if score is None else [GivenScore("team", Decimal(score), "She did")]
        await score_review(self.work(by, day), POLICIES, review_id, Scoring(given, "Well done", submit), **facts)

    async def filed(self, review_id: int) -> None:
        """Take a review through all its steps."""
        await self.score_self(review_id)
        await self.score(review_id)
        await confirm_review(self.work("Nia", 3), review_id, agrees=True)

    async def night(self, day: int, month: int = 2) -> None:
        """The nightly job of a day."""
        work = self.work(day=day, month=month)
        await DEADLINES.run(Job("night", work.company.id, {}, 1, work.database, work.now))

    async def review(self, review_id: int) -> Record:
        """A review as it is stored."""
        return await self.one("SELECT * FROM review WHERE id = $1", review_id)

    async def one(self, sql: str, *arguments: Any) -> Record:
        """The only row of a query."""
        (row,) = await self.rows(sql, *arguments)
        return row

    async def rows(self, sql: str, *arguments: Any) -> list[Record]:
        """The rows of a query."""
        async with self.planning.work.snapshot() as snapshot:
            return await snapshot.fetch(sql, *arguments)

    async def actions(self, review_id: int) -> list[tuple[str, str]]:
        """What happened to a review, and by whom."""
        rows = await self.rows("SELECT action, actor FROM review_step WHERE review_id = $1 ORDER BY id", review_id)
        return [(row["action"], row["actor"]) for row in rows]

    async def told(self, name: str) -> list[str]:
        """The topics of what somebody was told, in its order."""
        member = self.planning.members[name]
        rows = await self.rows("SELECT topic FROM notification WHERE member_id = $1 ORDER BY id", member)
        return [row["topic"] for row in rows]
