"""A small sales floor: two teams, their heads and sellers, one funnel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from asyncpg import Record

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.funnels.commands.opportunities import create_opportunity
from quotaloom.funnels.deals import NewOpportunity
from quotaloom.funnels.splits import Split
from quotaloom.funnels.stages import NewFunnel, NewStage, Outcome
from quotaloom.metrics.commands import install_builtin_metrics
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.organizations.terms import HEADSHIP, HOLDING, NewTerm, appoint
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost
from tests.founding import found

HOST = PolicyHost(discover())
"""The product's own plugins."""

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = date(2026, 6, 1)

FUNNEL = NewFunnel(
    "sales",
    "Sales",
    [
        NewStage("lead", "Lead", Outcome.OPEN, Decimal("0.10")),
        NewStage("offer", "Offer", Outcome.OPEN, Decimal("0.50")),
        NewStage("won", "Won", Outcome.WON, Decimal(1)),
        NewStage("lost", "Lost", Outcome.LOST, Decimal(0)),
        NewStage("cancelled", "Cancelled", Outcome.LOST, Decimal(0)),
    ],
)

PARENTS = {
    "acme": None,
    "east": "acme",
    "west": "acme",
    "ann": "east",
    "bob": "east",
    "eve": "east",
    "cem": "west",
    "empty": "west",
}
"""Units by name; each position but the empty one is held by the member of its name."""

HEADS = {"east": "hal", "west": "wu"}


@dataclass(frozen=True)
class Floor:
    """The company of the tests, with the ids of what is in it by name, and the plugins that are installed."""

    work: Work
    units: dict[str, int]
    members: dict[str, int]
    funnel: int
    stages: dict[str, int]
    host: PolicyHost = HOST

    def as_member(self, name: str) -> Work:
        """The work of a member."""
        viewer = Viewer(self.work.company.id, name, Role.MEMBER, self.members[name])
        return replace(self.work, viewer=viewer)

    def as_service(self, *scopes: str) -> Work:
        """The work of a service whose token names these scopes."""
        return replace(self.work, viewer=Viewer(self.work.company.id, "crm", Role.SERVICE, None, frozenset(scopes)))

    def deal(self, position: str = "ann", **values: Any) -> NewOpportunity:
        """A deal of a position, worth 1,000.00 unless told otherwise."""
        return NewOpportunity(self.funnel, self.units[position], **{"amount": 1_000_00, **values})

    async def open(self, position: str = "ann", **values: Any) -> int:
        """Create such a deal."""
        return await create_opportunity(self.work, self.deal(position, **values))

    def split(
        self, position: str, share: str, kind: CreditKind = CreditKind.DIRECT, member: str | None = None
    ) -> Split:
        """A share of a position."""
        return Split(self.units[position], Decimal(share), kind, self.members[member] if member else None)

    async def one(self, sql: str, *arguments: Any) -> Record:
        """The only row of a query."""
        (row,) = await self.rows(sql, *arguments)
        return row

    async def rows(self, sql: str, *arguments: Any) -> list[Record]:
        """The rows of a query."""
        async with self.work.snapshot() as snapshot:
            return await snapshot.fetch(sql, *arguments)

    async def ledger(self, metric: str = "revenue") -> dict[str, tuple[int, int]]:
        """What each position has of a metric by now: direct and overlay."""
        rows = await self.rows(
            "SELECT unit.key, sum(direct)::bigint AS direct, sum(overlay)::bigint AS overlay FROM achievement_balance"
            " JOIN org_unit AS unit ON unit.id = position_id JOIN metric ON metric.id = metric_id"
            " WHERE metric.key = $1 GROUP BY unit.key",
            metric,
        )
        return {row["key"]: (row["direct"], row["overlay"]) for row in rows}


async def furnish(database: Database, **facts: Any) -> Floor:
    """A company with its floor and funnel."""
    work = await found(database, NOON, **facts)

    async def apply(transaction: Transaction) -> tuple[dict[str, int], dict[str, int]]:
        await install_builtin_metrics(transaction, work.company.currency)
        units: dict[str, int] = {}
        for name, parent in PARENTS.items():
            kind = "company" if parent is None else "team" if parent == "acme" else "position"
            unit = NewUnit(name.title(), kind, units[parent] if parent else None, key=name)
            (units[name],) = await insert_units(transaction, [unit])
        names = ["ann", "bob", "eve", "cem", "hal", "wu"]
        ids = await insert_members(transaction, [NewMember(name.title(), key=name) for name in names])
        members = dict(zip(names, ids, strict=True))
        holders = ["ann", "bob", "eve", "cem"]
        await appoint(transaction, HOLDING, [NewTerm(units[name], members[name]) for name in holders])
        heads = [NewTerm(units[unit], members[name]) for unit, name in HEADS.items()]
        await appoint(transaction, HEADSHIP, heads)
        return units, members

    units, members = await work.write(apply)
    funnel = await create_funnel(work, FUNNEL)
    async with work.snapshot() as snapshot:
        stages = {row["key"]: row["id"] for row in await snapshot.fetch("SELECT id, key FROM stage")}
    return Floor(work, units, members, funnel, stages)
