"""Loading the demo company, as if its people had entered it all as time went by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Period
from quotaloom.demo.beginning import ADMIN, ADMIN_KEY, BEGUN, COMPANY, FUNNEL, begin, stock, told_for
from quotaloom.demo.generating import tell_story
from quotaloom.demo.planning import plan_year
from quotaloom.demo.story import DemoPlan, DemoStory
from quotaloom.demo.unfolding import enter_open_deals, unfold_month
from quotaloom.founding import Founded, found_company
from quotaloom.organizations.commands.companies import company_id_of
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import CompanyFacts, Work, load_company
from quotaloom.policies.host import PolicyHost

Progress = Callable[[str, int, int], object]
"""Told what is being done, how many steps are done and how many there are."""

SUBJECT: Final = "demo"
DONE: Final = "demo.stage"
"""Audit action: a part of the story is written."""

_TAKE_TURN: Final = "SELECT pg_try_advisory_xact_lock($1::int, hashtext('demo.loading')) AS ours"
_GLANCE_SECONDS: Final = 0.2
_COMPLETE: Final = "complete"
_ZONE: Final = ZoneInfo(COMPANY.time_zone)
_EVENING: Final = time(20)
_FOUNDED_BEFORE: Final = timedelta(days=14)
_PLANNED_BEFORE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """The demo company, the id of its admin, and whether this call founded it."""

    company_id: int
    admin_id: int
    created: bool


@dataclass(frozen=True, slots=True)
class _Stored:
    company: CompanyFacts
    admin_id: int
    today: date
    complete: bool


def _silent(_what: str, _done: int, _total: int) -> None:
    return None


async def load_demo(
    database: Database, policies: PolicyHost, *, now: datetime, progress: Progress = _silent
) -> DemoCompany:
    """Load the demo company, key `demo`, as it stands on the business date of `now`.

    Its two years are written month by month, each as of its last evening, so that questions about an earlier
    day have an answer. Where it is loaded already nothing is written; where loading was broken off the rest is
    written, for the day on which it began. Of several who
    load it at once one does, and the others wait for him. Raises `InputError` KEY_TAKEN where another company has its
    key.
    """
    company_id = await company_id_of(database, COMPANY.key)
    created = company_id is None
    if company_id is None:
        progress(COMPANY.name, 0, 1)
        company_id, created = await _found_or_find(database, policies, now)
    stored = await _stored(database, company_id)
    if not stored.complete:
        async with _our_turn(database, company_id):
            stored = await _stored(database, company_id)
            if not stored.complete:
                await _Loading(database, policies, stored, tell_story(stored.today), now).run(progress)
    return DemoCompany(company_id, stored.admin_id, created)


async def _found_or_find(database: Database, policies: PolicyHost, now: datetime) -> tuple[int, bool]:
    """The company's id, and whether it was us who founded it, and no other process at the same moment."""
    try:
        return await _found(database, policies, now), True
    except InputError as error:
        company_id = await company_id_of(database, COMPANY.key)
        if error.code != "KEY_TAKEN" or company_id is None:
            raise
        return company_id, False


@asynccontextmanager
async def _our_turn(database: Database, company_id: int) -> AsyncIterator[None]:
    """While the block runs, no other process loads the company; one that is killed holds up nobody.

    It takes a connection, which a pool of one has not got to spare.
    """
    if database.pool_size == 1:
        yield
        return
    async with database.snapshot(company_id) as turn:
        ours = False
        while not ours:
            ours = (await turn.fetch(_TAKE_TURN, company_id % 2**31))[0]["ours"]
            if not ours:
                await asyncio.sleep(_GLANCE_SECONDS)
        yield


async def _found(database: Database, policies: PolicyHost, now: datetime) -> int:
    today = now.astimezone(_ZONE).date()
    story = tell_story(today)

    async def then(transaction: Transaction, founded: Founded) -> None:
        await begin(transaction, founded.company, story)
        transaction.record(BEGUN, "Company", founded.company.id, after={"today": today})

    moment = _moment(story.last_year.starts_on - _FOUNDED_BEFORE, now)
    founded = await found_company(
        database, policies, COMPANY, ADMIN, subject=SUBJECT, now=moment, funnel=FUNNEL, then=then
    )
    return founded.company.id


async def _stored(database: Database, company_id: int) -> _Stored:
    async with database.snapshot(company_id) as snapshot:
        company = await load_company(snapshot)
        today = await told_for(snapshot)
        if company is None or today is None:
            raise InputError(
                "KEY_TAKEN", f"there is a company {COMPANY.key!r} that is not the demo: it stays as it is", ("key",)
            )
        complete = await snapshot.fetch_one(_WRITTEN, company_id, DONE, _COMPLETE)
        admin = await snapshot.fetch_one("SELECT id FROM member WHERE key = $1", ADMIN_KEY)
        assert admin is not None
        return _Stored(company, admin["id"], today, complete is not None)


_WRITTEN = (
    "SELECT 1 FROM audit_entry WHERE object_type = 'Company' AND object_id = $1 AND action = $2"
    " AND after ->> 'stage' = $3"
)


@dataclass(frozen=True, slots=True)
class _Loading:
    """The parts of the story in the order of time, each written once."""

    database: Database
    policies: PolicyHost
    stored: _Stored
    story: DemoStory
    now: datetime

    async def run(self, progress: Progress) -> None:
        steps = list(self._steps())
        for done, (what, step) in enumerate(steps):
            progress(what, done, len(steps))
            await step()
        progress(_COMPLETE, len(steps), len(steps))

    def _steps(self) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        story, (last_plan, present_plan) = self.story, self.story.plans
        beginning = story.last_year.starts_on
        yield "products and rates", partial(stock, self._work(beginning - _FOUNDED_BEFORE), story)
        yield last_plan.name, partial(self._plan, last_plan, beginning - _PLANNED_BEFORE)
        yield from self._months(story.last_year)
        yield present_plan.name, partial(self._plan, present_plan, story.present_year.starts_on)
        yield from self._months(story.present_year)
        yield "open deals", self._finish

    def _months(self, year: Period) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        for month in fiscal_calendar(self.stored.company).months_of(year):
            if month.starts_on <= self.story.today:
                yield month.label, partial(self._unfold, month)

    async def _plan(self, plan: DemoPlan, on: date) -> None:
        await plan_year(self._work(on), self.policies, plan)

    async def _unfold(self, month: Period) -> None:
        async def write(transaction: Transaction) -> None:
            await unfold_month(transaction, self.stored.company, self.story, month)

        await self._once(self._work(month.ends_on - timedelta(days=1)), month.label, write)

    async def _finish(self) -> None:
        async def write(transaction: Transaction) -> None:
            await enter_open_deals(transaction, self.stored.company, self.story)

        await self._once(self._work(self.stored.company.today(self.now)), _COMPLETE, write)

    async def _once(self, work: Work, stage: str, write: Callable[[Transaction], Awaitable[None]]) -> None:
        async def apply(transaction: Transaction) -> None:
            await transaction.lock("demo")
            if await transaction.fetch_one(_WRITTEN, transaction.company_id, DONE, stage) is None:
                await write(transaction)
                transaction.record(DONE, "Company", transaction.company_id, after={"stage": stage})

        await work.write(apply)

    def _work(self, day: date) -> Work:
        viewer = Viewer(self.stored.company.id, SUBJECT, Role.ADMIN)
        return Work(self.database, viewer, self.stored.company, _moment(day, self.now))


def _moment(day: date, now: datetime) -> datetime:
    """The evening of a day, or `now` where that has not come yet."""
    return min(datetime.combine(day, _EVENING, _ZONE), now)
