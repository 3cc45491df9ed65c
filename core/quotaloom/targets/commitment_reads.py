"""What was committed to, of many units at once: their own figures, and what is gathered from below them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from asyncpg import Record

from quotaloom.calendars.periods import Period
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.bottom_up import gathered
from quotaloom.targets.reads import Key

Sums = dict[Key, int]
"""Minor units by unit and place of the period; a unit and period without any commitment has no entry."""

# "IN (…) IS TRUE" is looked up in a hash table; see `organizations.sight`.
_BELOW = (
    " IN (SELECT unit_id FROM unit_path WHERE ancestor_id = ANY($1::bigint[]) AND depth > 0"
    " AND valid_from <= $2 AND $2 < valid_to) IS TRUE"
)


async def committed_by_unit(
    snapshot: Snapshot, plan_id: int, unit_ids: Sequence[int], periods: Sequence[Period]
) -> Sums:
    """What each unit itself is committed to in each period: the sum of its months that have a commitment."""
    rows = await snapshot.fetch(
        "SELECT c.unit_id, n.i - 1 AS i, sum(c.amount) AS amount FROM commitment c"
        " JOIN unnest($3::date[], $4::date[]) WITH ORDINALITY AS n (s, e, i)"
        " ON c.starts_on >= n.s AND c.starts_on < n.e WHERE c.plan_id = $1 AND c.unit_id = ANY($2::bigint[])"
        " AND c.superseded_at IS NULL GROUP BY c.unit_id, n.i",
        plan_id,
        list(unit_ids),
        [period.starts_on for period in periods],
        [period.ends_on for period in periods],
    )
    return {(row["unit_id"], row["i"]): int(row["amount"]) for row in rows}


async def gathered_by_unit(
    snapshot: Snapshot, plan_id: int, unit_ids: Sequence[int], periods: Sequence[Period], tree_day: date
) -> Sums:
    """What is committed to below each unit, by the tree of a day; see `gathered`. Two statements."""
    placed = await snapshot.fetch(
        "SELECT unit_id, ancestor_id FROM unit_path WHERE depth = 1 AND valid_from <= $2 AND $2 < valid_to"  # noqa: S608
        f" AND unit_id{_BELOW}",
        list(unit_ids),
        tree_day,
    )
    rows = await snapshot.fetch(
        "SELECT unit_id, array_agg(starts_on) AS months, array_agg(amount) AS amounts FROM commitment"  # noqa: S608
        f" WHERE plan_id = $3 AND superseded_at IS NULL AND starts_on >= $4 AND starts_on < $5 AND unit_id{_BELOW}"
        " GROUP BY unit_id",
        list(unit_ids),
        tree_day,
        plan_id,
        min(period.starts_on for period in periods),
        max(period.ends_on for period in periods),
    )
    committed = {row["unit_id"]: dict(zip(row["months"], row["amounts"], strict=True)) for row in rows}
    parents = {row["unit_id"]: row["ancestor_id"] for row in placed}
    sums: Sums = defaultdict(int)
    for unit_id, by_month in gathered(unit_ids, parents, committed).items():
        for month, amount in by_month.items():
            for place, period in enumerate(periods):
                if month in period:
                    sums[unit_id, place] += amount
    return dict(sums)


async def commitments_of_units(
    snapshot: Snapshot, plan_id: int, unit_ids: Sequence[int], span: Period, *, superseded: bool
) -> dict[int, list[Record]]:
    """The commitments of each unit, by month, the latest first; those that stand, or `superseded` ones as well."""
    rows = await snapshot.fetch(
        "SELECT id, unit_id, starts_on, ends_on, amount, comment, at, author, author_id, superseded_at FROM commitment"
        " WHERE plan_id = $1 AND unit_id = ANY($2::bigint[]) AND starts_on >= $3 AND starts_on < $4"
        " AND ($5 OR superseded_at IS NULL) ORDER BY starts_on, at DESC, id DESC",
        plan_id,
        list(unit_ids),
        span.starts_on,
        span.ends_on,
        superseded,
    )
    found: dict[int, list[Record]] = defaultdict(list)
    for row in rows:
        found[row["unit_id"]].append(row)
    return found


async def amounts_by_month(
    snapshot: Snapshot, plan_id: int, unit_ids: Sequence[int], months: Sequence[Period]
) -> dict[int, tuple[int | None, ...]]:
    """What each unit is committed to month by month; units without any commitment are not there."""
    sums = await committed_by_unit(snapshot, plan_id, unit_ids, months)
    committed = {unit_id for unit_id, _ in sums}
    return {unit_id: tuple(sums.get((unit_id, place)) for place in range(len(months))) for unit_id in committed}
