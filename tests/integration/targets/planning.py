"""A company with a tree and a plan, for the tests of targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from quotaloom.achievements.ledger import Credit, CreditKind, EntrySource, Posting, append
from quotaloom.calendars.company_calendar import load_calendar
from quotaloom.calendars.periods import Period
from quotaloom.founding import Founded, found_company
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.organizations.commands.companies import NewCompany
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_holder
from quotaloom.organizations.commands.units import create_unit
from quotaloom.organizations.membership import NewMember
from quotaloom.organizations.planting import NewUnit
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.work import Work
from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost
from quotaloom.targets.attainments import AttainmentQuestion, attainment_by_member, attainment_by_unit
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.deciding import DecomposeRequest, DecompositionOutcome
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.plans import create_plan, publish_plan

NOON = datetime(2017, 1, 2, 12, tzinfo=UTC)
POLICIES = PolicyHost(discover())


@dataclass(frozen=True)
class Planning:
    """A company, its units by name and its plan of revenue for one fiscal year."""

    work: Work
    founded: Founded
    units: dict[str, int]
    members: dict[str, int]
    plan_id: int

    async def decompose(
        self, unit: str, target: int | None = None, *, dry_run: bool = False, **facts: Any
    ) -> DecompositionOutcome:
        """Decompose a unit's year; `target` in minor units."""
        totals = {} if target is None else {"target": target}
        request = DecomposeRequest(self.plan_id, self.units[unit], totals, **facts)
        return await decompose_target(self.work, POLICIES, request, dry_run=dry_run)

    async def set(self, unit: str, months: Mapping[str, int], pinned: bool | None = None) -> None:
        """Set the targets of a unit's months, in minor units."""
        changes = [CellChange(self.units[unit], month, {"target": target}, pinned) for month, target in months.items()]
        await set_target_cells(self.work, self.plan_id, changes)

    async def post(self, work: Work, unit: str, day: date, amount: int, key: str) -> None:
        """Post direct credit for a position, in minor units."""
        posting = Posting(
            metric_id=await self.revenue(),
            amount=amount,
            currency=None,
            business_date=day,
            source=EntrySource.ORDER,
            source_key=key,
            idempotency_key=key,
            credits=(Credit(self.units[unit], Fraction(1), CreditKind.DIRECT),),
        )
        await work.write(lambda transaction: append(transaction, work.company, [posting]))

    async def revenue(self) -> int:
        """The id of the metric revenue."""
        async with self.work.snapshot() as snapshot:
            (metric,) = await metrics_by_key(snapshot, ["revenue"])
            return int(metric["id"])

    async def attained(self, work: Work, names: Sequence[str], period: str, **facts: Any) -> dict[str, Any]:
        """The attainment rows of units or members by name."""
        async with work.snapshot() as snapshot:
            calendar = await load_calendar(snapshot, work.company)
            question = await self._question(work, calendar.fiscal.period(period), facts)
            if names[0] in self.members:
                ids = [self.members[name] for name in names]
                rows = await attainment_by_member(snapshot, calendar, ids, question)
            else:
                ids = [self.units[name] for name in names]
                rows = await attainment_by_unit(snapshot, calendar, work.company.currency, ids, question)
        return dict(zip(names, rows, strict=True))

    async def _question(self, work: Work, period: Period, facts: Mapping[str, Any]) -> AttainmentQuestion:
        return AttainmentQuestion(await self.revenue(), "revenue", 2, False, (period,), work.today, **facts)

    async def publish(self) -> None:
        """Put the plan in force."""
        await publish_plan(self.work, self.plan_id)


async def plan_for(
    database: Database,
    tree: Mapping[str, Sequence[str]],
    *,
    fiscal_year: int = 2017,
    now: datetime = NOON,
    holders: Mapping[str, str] | None = None,
    **facts: Any,
) -> Planning:
    """A company `Acme` whose tree is given as children by parent, with an empty draft for a year.

    Units without children are positions, and each member of `holders` (position to name) holds his from the
    beginning. Plans need no owners, unless `plans_need_owners` says so.
    """
    new = NewCompany(
        **{"key": "acme", "name": "Acme", "currency": "CNY", "time_zone": "UTC", "plans_need_owners": False, **facts}
    )
    founded = await found_company(
        database, POLICIES, new, NewMember("Ada", role="admin", key="ada"), subject="tests", now=now
    )
    work = Work(database, Viewer(founded.company.id, "tests", Role.ADMIN), founded.company, now)
    units, members = {"Acme": founded.root_id}, dict[str, int]()
    for parent, children in tree.items():
        for ordinal, child in enumerate(children):
            kind = "team" if child in tree else "position"
            units[child] = await create_unit(work, NewUnit(child, kind, units[parent], ordinal=ordinal))
    for position, member in (holders or {}).items():
        if member not in members:
            members[member] = await create_member(work, NewMember(member))
        await appoint_holder(work, units[position], members[member], None)
    planning = Planning(work, founded, units, members, 0)
    plan_id = await create_plan(work, f"Plan {fiscal_year}", await planning.revenue(), fiscal_year)
    return Planning(work, founded, units, members, plan_id)


EIGHTY_PERCENT = {"assessment": Decimal("0.8")}
