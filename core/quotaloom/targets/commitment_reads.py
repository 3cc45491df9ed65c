"""What was committed to, of many units at once: their own figures, and what is gathered from below them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from asyncpg import Record

from quotaloom.calendars.periods import Period
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.reads import Key

Sums = dict[Key, int]
"""Minor units by unit and place of the period; a unit and period without any commitment has no entry."""

# Of the units on the way from the unit down, the topmost with a commitment for the month speaks for all below it.
_GATHERED = """
SELECT p.ancestor_id AS unit_id, n.i - 1 AS i, sum(c.amount) AS amount FROM commitment c
JOIN unit_path p ON p.company_id = c.company_id AND p.unit_id = c.unit_id AND p.depth > 0
    AND p.valid_from <= $3 AND $3 < p.valid_to AND p.ancestor_id = ANY($2::bigint[])
JOIN unnest($4::date[], $5::date[]) WITH ORDINALITY AS n (s, e, i) ON c.starts_on >= n.s AND c.starts_on < n.e
WHERE c.plan_id = $1 AND c.superseded_at IS NULL AND NOT EXISTS (
    SELECT FROM unit_path above JOIN commitment o ON o.company_id = above.company_id AND o.unit_id = above.ancestor_id
        AND o.plan_id = c.plan_id AND o.starts_on = c.starts_on AND o.superseded_at IS NULL
    WHERE above.company_id = c.company_id AND above.unit_id = c.unit_id AND above.depth > 0 AND above.depth < p.depth
        AND above.valid_from <= $3 AND $3 < above.valid_to
)
GROUP BY p.ancestor_id, n.i
"""


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
    """What is committed to below each unit, by the tree of a day.

    In every month a unit with a commitment of its own speaks for all that lies below it; where it has none, its
    children do.
    """
    rows = await snapshot.fetch(
        _GATHERED,
        plan_id,
        list(unit_ids),
        tree_day,
        [period.starts_on for period in periods],
        [period.ends_on for period in periods],
    )
    return {(row["unit_id"], row["i"]): int(row["amount"]) for row in rows}


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
