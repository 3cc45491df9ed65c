"""Small organizations for the ledger's tests, written as plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from quotaloom.achievements.ledger import Credit, CreditKind, EntrySource, PostedEntry, Posting, Reversal
from quotaloom.achievements.ledger import append as append_to
from quotaloom.achievements.ledger import reverse as reverse_in
from quotaloom.metrics.commands import install_builtin_metrics
from quotaloom.metrics.counting import Counting
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from tests.founding import found

EVER, NEVER = date(1900, 1, 1), date(3000, 1, 1)

Span = tuple[date, date]


@dataclass(frozen=True)
class Tree:
    """A company with metrics, units and members by key."""

    work: Work
    metrics: dict[str, int]
    units: dict[str, int]
    members: dict[str, int]

    def posting(self, key: str, amount: int, *credits: Credit, metric: str = "revenue", **facts: Any) -> Posting:
        """A posting with what the test does not care about filled in."""
        values: dict[str, Any] = {
            "currency": None,
            "business_date": date(2026, 4, 1),
            "source": EntrySource.ORDER,
            "source_key": key,
            **facts,
        }
        return Posting(
            metric_id=self.metrics[metric], amount=amount, idempotency_key=key, credits=tuple(credits), **values
        )

    def counting(self, metric: str = "revenue", *products: int) -> Counting:
        """What counts for a metric, or for some of its products."""
        return Counting(self.metrics[metric], products or None)

    def direct(self, position: str, share: str = "1", member: str | None = None) -> Credit:
        """Direct credit for a position."""
        return self._credit(position, share, CreditKind.DIRECT, member)

    def overlay(self, position: str, share: str = "1", member: str | None = None) -> Credit:
        """Overlay credit for a position."""
        return self._credit(position, share, CreditKind.OVERLAY, member)

    def _credit(self, position: str, share: str, kind: CreditKind, member: str | None) -> Credit:
        return Credit(self.units[position], Fraction(share), kind, self.members[member] if member else None)


async def plant(
    database: Database,
    parents: dict[str, str | None],
    holders: dict[str, str] | None = None,
    now: datetime = datetime(2026, 6, 1, 12, tzinfo=UTC),
    **facts: Any,
) -> Tree:
    """A company whose units hang under `parents` for ever; those that have no children are positions.

    Each position is held for ever by the member that `holders` names, by default one named like it.
    """
    work = await found(database, now, **facts)
    positions = [unit for unit in parents if unit not in parents.values()]
    held_by = {position: position for position in positions} if holders is None else holders

    async def apply(transaction: Transaction) -> Tree:
        metrics = await install_builtin_metrics(transaction, work.company.currency)
        units = {}
        for unit, parent in parents.items():
            kind = "position" if unit in positions else "team" if parent else "company"
            units[unit] = await _insert(transaction, "org_unit", key=unit, name=unit.title(), kind=kind, version=1)
        members = {
            name: await _insert(transaction, "member", key=name, name=name.title(), role="member", version=1)
            for name in sorted(set(held_by.values()))
        }
        for unit in parents:
            ancestor: str | None = unit
            depth = 0
            while ancestor is not None:
                await lay_path(transaction, units[ancestor], units[unit], depth)
                ancestor, depth = parents[ancestor], depth + 1
        for position, name in held_by.items():
            await hold(transaction, units[position], members[name])
        return Tree(work, metrics, units, members)

    return await work.write(apply)


async def hold(transaction: Transaction, position: int, member: int, span: Span = (EVER, NEVER)) -> None:
    """Let a member hold a position on the days of `span`."""
    await _insert(transaction, "holding", position_id=position, member_id=member, valid_from=span[0], valid_to=span[1])


async def lay_path(transaction: Transaction, ancestor: int, unit: int, depth: int, span: Span = (EVER, NEVER)) -> None:
    """Let a unit lie below an ancestor on the days of `span`."""
    await _insert(
        transaction,
        "unit_path",
        ancestor_id=ancestor,
        unit_id=unit,
        depth=depth,
        valid_from=span[0],
        valid_to=span[1],
    )


async def append(work: Work, *postings: Posting) -> list[PostedEntry]:
    """Post in a transaction of its own."""
    return await work.write(lambda transaction: append_to(transaction, work.company, postings))


async def reverse(work: Work, *reversals: Reversal) -> list[PostedEntry]:
    """Reverse in a transaction of its own."""
    return await work.write(lambda transaction: reverse_in(transaction, work.company, reversals))


async def _insert(transaction: Transaction, table: str, **values: Any) -> int:
    names: Sequence[str] = ["company_id", *values]
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    row = await transaction.fetch_one(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places}) RETURNING id",
        transaction.company_id,
        *values.values(),
    )
    assert row is not None
    return int(row["id"])
