"""Sums of units from the sums of their positions: each balance is read once, and not anew for every unit above it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from operator import add
from typing import Final, Literal

from asyncpg import Record

from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import Counting
from quotaloom.platform.unit_of_work import Snapshot

Structure = Literal["as_was", "as_is"]

MANY: Final = 500
"""From how many units or positions on a statement is planned for just these: a plan for any number would not do."""

# Who is above a position on any day of [$2, $3), and whether that changes in between.
_ABOVE = """
SELECT unit_id, array_agg(ancestor_id) AS above, bool_or(valid_from > $2 OR valid_to < $3) AS moved
FROM unit_path WHERE ancestor_id = ANY($1) AND valid_from < $3 AND valid_to > $2 GROUP BY unit_id
"""

_OF_POSITIONS = """
SELECT position_id, array_agg(place) AS places, array_agg(direct) AS direct, array_agg(overlay) AS overlay
FROM (
    SELECT balance.position_id, {place} AS place, sum(balance.direct) AS direct, sum(balance.overlay) AS overlay
    FROM achievement_balance balance {periods}
    WHERE balance.position_id = ANY($1) AND balance.metric_id = $2 AND {within}
        AND ($5::date IS NULL OR balance.posted_on <= $5)
        AND ($6::bigint[] IS NULL OR balance.product_id = ANY($6))
    GROUP BY 1, 2
) AS period GROUP BY 1
"""
_WITHIN_ONE = "balance.business_date >= ($3::date[])[1] AND balance.business_date < ($4::date[])[array_length($4, 1)]"
_ONE = _OF_POSITIONS.format(place="0", periods="", within=_WITHIN_ONE)
_ONE_AFTER_ANOTHER = _OF_POSITIONS.format(
    place="width_bucket(balance.business_date, $3::date[]) - 1", periods="", within=_WITHIN_ONE
)
_ANY_PERIODS = _OF_POSITIONS.format(
    place="period.number - 1",
    periods="JOIN unnest($3::date[], $4::date[]) WITH ORDINALITY AS period (starts_on, ends_on, number)"
    " ON balance.business_date >= period.starts_on AND balance.business_date < period.ends_on",
    within="true",
)

# Of positions that moved a balance counts for whoever was above on its business date.
_OF_MOVED = """
SELECT path.ancestor_id, path.depth, period.number - 1 AS place, sum(balance.direct) AS direct,
    sum(balance.overlay) AS overlay
FROM unit_path path
JOIN achievement_balance balance ON balance.company_id = path.company_id AND balance.position_id = path.unit_id
    AND balance.metric_id = $2 AND balance.business_date >= path.valid_from AND balance.business_date < path.valid_to
JOIN unnest($3::date[], $4::date[]) WITH ORDINALITY AS period (starts_on, ends_on, number)
    ON balance.business_date >= period.starts_on AND balance.business_date < period.ends_on
WHERE path.unit_id = ANY($1) AND path.ancestor_id = ANY($7) AND ($5::date IS NULL OR balance.posted_on <= $5)
    AND ($6::bigint[] IS NULL OR balance.product_id = ANY($6))
GROUP BY 1, 2, 3
"""


@dataclass(slots=True)
class UnitSums:
    """By unit, a figure for each period, in minor units.

    `achieved` has the direct credit of all positions at or below the unit, and a position's own overlay; `overlay` that
    of all positions at or below. A unit for which there is nothing is in neither.
    """

    length: int
    achieved: dict[int, list[int]] = field(default_factory=dict)
    overlay: dict[int, list[int]] = field(default_factory=dict)

    def add_position(self, position_id: int, above: Iterable[int], direct: list[int], overlay: list[int]) -> None:
        """Count what a position has for all units above it, itself included."""
        _add(self.achieved, above, direct)
        if any(overlay):
            _add(self.overlay, above, overlay)
            if position_id in self.achieved:
                _add(self.achieved, (position_id,), overlay)


async def sums_of_units(
    snapshot: Snapshot,
    unit_ids: Sequence[int],
    counting: Counting,
    periods: Sequence[Period],
    *,
    structure: Structure = "as_was",
    tree_day: date | None = None,
    posted_through: date | None = None,
) -> UnitSums:
    """What the units achieved in each of `periods`, in two statements, or three where a position moved in their time.

    See `rollups` for the arguments.
    """
    starts = [period.starts_on for period in periods]
    ends = [period.ends_on for period in periods]
    if structure == "as_is":
        if tree_day is None:
            raise ValueError("a tree as it is needs the day on which it is")
        first, last = tree_day, tree_day + timedelta(days=1)
    else:
        first, last = min(starts, default=date.min), max(ends, default=date.min)
    sums = UnitSums(len(periods))
    await _plan_for(snapshot, len(unit_ids))
    paths = await snapshot.fetch(_ABOVE, list(unit_ids), first, last)
    settled = {row["unit_id"]: row["above"] for row in paths if structure == "as_is" or not row["moved"]}
    moved = [row["unit_id"] for row in paths if row["unit_id"] not in settled]
    filters = (counting.metric_id, starts, ends, posted_through, counting.product_ids)
    if settled:
        await _plan_for(snapshot, len(settled))
        for row in await snapshot.fetch(_statement(periods), list(settled), *filters):
            direct, overlay = (_spread(row["places"], row[name], len(periods)) for name in ("direct", "overlay"))
            sums.add_position(row["position_id"], settled[row["position_id"]], direct, overlay)
    if moved:
        _add_moved(sums, await snapshot.fetch(_OF_MOVED, moved, *filters, list(unit_ids)))
    return sums


async def _plan_for(snapshot: Snapshot, count: int) -> None:
    if count >= MANY:
        await snapshot.fetch("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")


def _statement(periods: Sequence[Period]) -> str:
    if len(periods) == 1:
        return _ONE
    follows = all(earlier.ends_on == later.starts_on for earlier, later in pairwise(periods))
    return _ONE_AFTER_ANOTHER if follows else _ANY_PERIODS


def _add_moved(sums: UnitSums, rows: Sequence[Record]) -> None:
    for row in rows:
        direct, overlay = (_spread([row["place"]], [row[name]], sums.length) for name in ("direct", "overlay"))
        unit_id = row["ancestor_id"]
        _add(sums.achieved, (unit_id,), list(map(add, direct, overlay)) if row["depth"] == 0 else direct)
        if any(overlay):
            _add(sums.overlay, (unit_id,), overlay)


def _spread(places: Sequence[int], figures: Sequence[Decimal], length: int) -> list[int]:
    """PostgreSQL sums 64-bit numbers beyond 64 bits; what it gives for that are decimals."""
    found = [0] * length
    for place, figure in zip(places, figures, strict=True):
        found[place] = int(figure)
    return found


def _add(sums: dict[int, list[int]], unit_ids: Iterable[int], figures: list[int]) -> None:
    for unit_id in unit_ids:
        before = sums.get(unit_id)
        sums[unit_id] = figures if before is None else list(map(add, before, figures))
