"""Sums of units from the sums of their positions: each balance is read once, and not anew for every unit above it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from operator import add
from typing import Final, Literal

from asyncpg import Record

from quotaloom.calendars.periods import Period, date_range
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
    SELECT balance.position_id, {place} AS place, sum(balance.{amount}direct) AS direct,
        sum(balance.{amount}overlay) AS overlay
    FROM achievement_balance balance {periods}
    WHERE balance.position_id = ANY($1) AND balance.metric_id = $2 AND {within}
        AND ($5::date IS NULL OR balance.posted_on <= $5)
        AND ($6::bigint[] IS NULL OR balance.product_id = ANY($6))
        AND ($7::text IS NULL OR balance.currency = $7)
    GROUP BY 1, 2
) AS period GROUP BY 1
"""
_WITHIN_ONE = "balance.business_date >= ($3::date[])[1] AND balance.business_date < ($4::date[])[array_length($4, 1)]"
_ONE = {"place": "0", "periods": "", "within": _WITHIN_ONE}
_ONE_AFTER_ANOTHER = {**_ONE, "place": "width_bucket(balance.business_date, $3::date[]) - 1"}
_ANY_PERIODS = {
    "place": "period.number - 1",
    "periods": "JOIN unnest($3::date[], $4::date[]) WITH ORDINALITY AS period (starts_on, ends_on, number)"
    " ON balance.business_date >= period.starts_on AND balance.business_date < period.ends_on",
    "within": "true",
}

# Of positions that moved a balance counts for whoever was above on its business date: these, from when to when.
_SPANS = """
SELECT unit_id, valid_from, valid_to, array_agg(ancestor_id) AS above
FROM unit_path WHERE unit_id = ANY($1) AND ancestor_id = ANY($2) AND valid_from < $4 AND valid_to > $3
GROUP BY unit_id, valid_from, valid_to
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
    originals_in: str | None = None,
) -> UnitSums:
    """What the units achieved in each of `periods`, in two statements, or four where a position moved in their time.

    With `originals_in` the original amounts of that currency, in its minor units. See `rollups` for the others.
    """
    if structure == "as_is":
        if tree_day is None:
            raise ValueError("a tree as it is needs the day on which it is")
        first, last = tree_day, tree_day + timedelta(days=1)
    else:
        first = min((period.starts_on for period in periods), default=date.min)
        last = max((period.ends_on for period in periods), default=date.min)
    sums = UnitSums(len(periods))
    await _plan_for(snapshot, len(unit_ids))
    paths = await snapshot.fetch(_ABOVE, list(unit_ids), first, last)
    settled = {row["unit_id"]: row["above"] for row in paths if structure == "as_is" or not row["moved"]}
    moved = [row["unit_id"] for row in paths if row["unit_id"] not in settled]
    if settled:
        for row in await _of_positions(snapshot, list(settled), counting, periods, posted_through, originals_in):
            direct, overlay = (_spread(row["places"], row[name], len(periods)) for name in ("direct", "overlay"))
            sums.add_position(row["position_id"], settled[row["position_id"]], direct, overlay)
    if moved:
        spans = await snapshot.fetch(_SPANS, moved, list(unit_ids), first, last)
        parts = parted(periods, {day for span in spans for day in (span["valid_from"], span["valid_to"])})
        cut = [part for _, part in parts]
        rows = await _of_positions(snapshot, moved, counting, cut, posted_through, originals_in)
        _add_moved(sums, rows, spans, parts)
    return sums


async def _of_positions(
    snapshot: Snapshot,
    position_ids: Sequence[int],
    counting: Counting,
    periods: Sequence[Period],
    posted_through: date | None,
    originals_in: str | None,
) -> Sequence[Record]:
    """What each position has: in which periods, and how much in each of these."""
    await _plan_for(snapshot, len(position_ids))
    return await snapshot.fetch(
        _statement(periods, "" if originals_in is None else "original_"),
        list(position_ids),
        counting.metric_id,
        [period.starts_on for period in periods],
        [period.ends_on for period in periods],
        posted_through,
        counting.product_ids,
        originals_in,
    )


async def _plan_for(snapshot: Snapshot, count: int) -> None:
    if count >= MANY:
        await snapshot.fetch("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")


def _statement(periods: Sequence[Period], amount: str) -> str:
    if len(periods) == 1:
        return _OF_POSITIONS.format(amount=amount, **_ONE)
    follows = all(earlier.ends_on == later.starts_on for earlier, later in pairwise(periods))
    return _OF_POSITIONS.format(amount=amount, **(_ONE_AFTER_ANOTHER if follows else _ANY_PERIODS))


def parted(periods: Sequence[Period], cuts: Collection[date]) -> list[tuple[int, Period]]:
    """The periods in parts that begin at `cuts`, days on which something changes, each with the place of its period."""
    days = sorted(cuts)
    found = []
    for place, period in enumerate(periods):
        within = days[bisect_right(days, period.starts_on) : bisect_left(days, period.ends_on)]
        found += [(place, date_range(*part)) for part in pairwise([period.starts_on, *within, period.ends_on])]
    return found


def _add_moved(
    sums: UnitSums, rows: Sequence[Record], spans: Sequence[Record], parts: Sequence[tuple[int, Period]]
) -> None:
    """Count what positions have in each part for whoever was above them then."""
    spans_of: dict[int, list[Record]] = defaultdict(list)
    for span in spans:
        spans_of[span["unit_id"]].append(span)
    achieved: dict[int, list[int]] = defaultdict(lambda: [0] * sums.length)
    overlays: dict[int, list[int]] = defaultdict(lambda: [0] * sums.length)
    for row in rows:
        position_id = row["position_id"]
        for number, direct, overlay in zip(row["places"], row["direct"], row["overlay"], strict=True):
            place, part = parts[number]
            of_deals, beside = int(direct), int(overlay)
            for span in spans_of[position_id]:
                if span["valid_from"] <= part.starts_on < span["valid_to"]:
                    for unit_id in span["above"]:
                        achieved[unit_id][place] += of_deals + (beside if unit_id == position_id else 0)
                        if beside:
                            overlays[unit_id][place] += beside
    for unit_id, figures in achieved.items():
        _add(sums.achieved, (unit_id,), figures)
    for unit_id, figures in overlays.items():
        _add(sums.overlay, (unit_id,), figures)


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
