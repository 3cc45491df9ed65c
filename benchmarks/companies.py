"""Companies to measure with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from quotaloom.founding import found_company
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.organizations.commands.companies import NewCompany
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.organizations.terms import HOLDING, NewTerm, appoint
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost

NOW = datetime(2017, 1, 2, 12, tzinfo=UTC)
POLICIES = PolicyHost(discover())
KINDS = ("department", "department", "team", "position")


@dataclass(frozen=True, slots=True)
class Planted:
    """A company as an admin of it works, with the ids of its units, a list per level from the root down."""

    work: Work
    levels: Sequence[Sequence[int]]

    @property
    def positions(self) -> Sequence[int]:
        """The leaves."""
        return self.levels[-1]


async def plant(database: Database, fan_out: Sequence[int]) -> Planted:
    """Found a company whose units have so many children each, level by level; the last level are positions."""
    new = NewCompany("acme", "Acme", "CNY")
    admin = NewMember("Ada", role="admin", key="ada")
    founded = await found_company(database, POLICIES, new, admin, subject="benchmarks", now=NOW)
    work = Work(database, Viewer(founded.company.id, "benchmarks", Role.ADMIN), founded.company, NOW)
    levels = [[founded.root_id]]
    for children, kind in zip(fan_out, KINDS[-len(fan_out) :], strict=True):
        levels.append(await _level(work, levels[-1], children, kind))
    return Planted(work, levels)


async def _level(work: Work, parents: Sequence[int], children: int, kind: str) -> list[int]:
    units = [
        NewUnit(f"{kind} {parent}-{number}", kind, parent, key=f"{kind}-{parent}-{number}", ordinal=number)
        for parent in parents
        for number in range(children)
    ]
    return await work.write(lambda transaction: insert_units(transaction, units))


async def hold_positions(planted: Planted) -> None:
    """Give every position a holder of its own."""

    async def apply(transaction: Transaction) -> None:
        members = await insert_members(
            transaction, [NewMember(f"Member {unit}", key=f"m{unit}") for unit in planted.positions]
        )
        terms = [NewTerm(unit, member) for unit, member in zip(planted.positions, members, strict=True)]
        await appoint(transaction, HOLDING, terms)

    await planted.work.write(apply)


async def revenue_of(work: Work) -> int:
    """The id of the metric revenue."""
    async with work.snapshot() as snapshot:
        (metric,) = await metrics_by_key(snapshot, ["revenue"])
        return int(metric["id"])
