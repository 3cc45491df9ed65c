"""Runs, statements and their lines for the graph, many at once. Amounts are minor units of a statement's currency."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from asyncpg import Record

from quotaloom.platform.unit_of_work import Snapshot

OWN_FROM = ("reviewed", "approved", "paid")
"""From which states of a run on a member sees a statement of his own."""

_RUN = (
    "SELECT id, label, grain, starts_on, ends_on, unit_id, status, attempt, failure, as_of, paid_at, version"
    " FROM incentive_run"
)

_STATEMENT = (
    "SELECT statement.id, statement.run_id, statement.member_id, statement.currency, statement.total,"
    " statement.carried_in, statement.carried_out, statement.advanced_before, statement.advanced_after,"
    " statement.hash, statement.computed_at, run.label, run.grain, run.starts_on, run.ends_on, run.status"
)

_FROM = (
    " FROM incentive_statement AS statement JOIN incentive_run AS run ON run.company_id = statement.company_id"
    " AND run.id = statement.run_id"
)

# $1 and $2: whom the viewer sees, None for everybody, and who he is himself.
_SEEN = (
    " run.status <> 'cancelled' AND ($1::bigint[] IS NULL OR CASE WHEN statement.member_id = $2 THEN"
    " run.status IN ('reviewed', 'approved', 'paid') ELSE statement.member_id = ANY ($1) END)"
)

_LINE = (
    "SELECT id, statement_id, ordinal, rule_key, policy, line_key, title, amount, base, rate, explanation, entries,"
    " corrects_statement_id FROM statement_line"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose statements a viewer may see: those of `member_ids` (None for all), and his own once they are reviewed."""

    member_ids: Collection[int] | None
    own: int | None

    @property
    def arguments(self) -> tuple[list[int] | None, int | None]:
        """The first two arguments of statements that look what is seen."""
        return None if self.member_ids is None else list(self.member_ids), self.own


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a page, and how many there are on all pages."""

    rows: Sequence[Record] = ()
    total: int = 0


async def runs_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """Runs by number, in no order."""
    return await snapshot.fetch(f"{_RUN} WHERE id = ANY ($1::bigint[])", list(ids))


async def statements_by_id(snapshot: Snapshot, seen: Seen, ids: Sequence[int]) -> list[Record]:
    """Statements by number, those that are seen, with the label, grain, days and status of their runs; in no order."""
    return await snapshot.fetch(
        f"{_STATEMENT}{_FROM} WHERE {_SEEN} AND statement.id = ANY ($3::bigint[])", *seen.arguments, list(ids)
    )


async def lines_of(snapshot: Snapshot, statement_ids: Sequence[int]) -> list[Record]:
    """The lines of statements, each statement's in order; `explanation` and `entries` are JSON text."""
    return await snapshot.fetch(
        f"{_LINE} WHERE statement_id = ANY ($1::bigint[]) ORDER BY statement_id, ordinal", list(statement_ids)
    )
