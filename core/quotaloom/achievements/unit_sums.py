"""Sums of units from the sums of their positions: each balance is read once, and not anew for every unit above it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from asyncpg import Record

from quotaloom.achievements.adding import ADDED, added
from quotaloom.achievements.standing_trees import Days, StandingTree, standing_tree
from quotaloom.calendars.periods import Period, date_range
from quotaloom.calendars.placing import placing
from quotaloom.metrics.counting import Counting
from quotaloom.platform.custom_plans import MANY, plan_for
from quotaloom.platform.stretches import Turns, in_stretches
from quotaloom.platform.unit_of_work import Snapshot

Structure = Literal["as_was", "as_is"]

# Who lay under whom on which days of [$2, $3): one row for all who did on the same days. Few columns of many values are
# read faster than many rows.
_PATHS = """
SELECT greatest(valid_from, $2) AS valid_from, least(valid_to, $3) AS valid_to, array_agg(unit_id) AS units,
    array_agg(ancestor_id) AS above,
    (SELECT bool_or(id = ANY($1)) FROM org_unit WHERE kind = 'company') AS of_company
FROM unit_path WHERE ancestor_id IN (SELECT unnest($1::bigint[])) AND valid_from < $3 AND valid_to > $2 GROUP BY 1, 2
"""

# PostgreSQL sums 64-bit numbers beyond 64 bits, to decimals; text is read faster than these.
_OF_POSITIONS = """
SELECT array_agg(position_id) AS positions, array_agg(place) AS places, array_agg(direct::text) AS direct,
    array_agg(overlay::text) AS overlay
FROM (
    SELECT balance.position_id, {place} AS place, sum(balance.{amount}direct) AS direct,
        sum(balance.{amount}overlay) FILTER (WHERE balance.{amount}overlay <> 0) AS overlay
    FROM achievement_balance balance {join}
    WHERE ($1::bigint[] IS NULL OR balance.position_id = ANY($1)) AND balance.metric_id = $2 AND {within}
        AND ($5::date IS NULL OR balance.posted_on <= $5)
        AND ($6::bigint[] IS NULL OR balance.product_id = ANY($6))
        AND ($7::text IS NULL OR balance.currency = $7)
    GROUP BY 1, 2
) AS of_position
"""

Amounts = dict[int, list[int]]
"""By unit or member, an amount for each period."""


@dataclass(slots=True)
class PeriodSums:
    """By unit, or by member, a figure for each period, in minor units; who has nothing in any period may be missing.

    `achieved` of a unit has the direct credit of all positions at or below it, and a position's own overlay; `overlay`
    is that of all positions at or below. Of members, `achieved` has all.
    """

    length: int
    achieved: Amounts = field(default_factory=dict)
    overlay: Amounts = field(default_factory=dict)

    def of(self, subject_ids: Iterable[int]) -> PeriodSums:
        """Those of some units or members alone."""
        chosen = set(subject_ids)
        return PeriodSums(self.length, *({one: of[one] for one in chosen & of.keys()} for of in self._both()))

    def _both(self) -> tuple[Amounts, Amounts]:
        return self.achieved, self.overlay

    def put(self, subject_id: int, place: int, achieved: int, overlay: int) -> None:
        """Set both figures of one period."""
        for figures, amount in zip(self._both(), (achieved, overlay), strict=True):
            if amount:
                figures.setdefault(subject_id, [0] * self.length)[place] = amount


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
) -> PeriodSums:
    """What the units achieved in each of `periods`, in two statements, or three where a position moved in their time.

    What positions have is read once for a snapshot, and so is the tree where nobody moves in it: units below those that
    were asked before take one statement at the most.

    With `originals_in` the original amounts of that currency, in its minor units. See `rollups` for the others.
    """
    if not periods:
        return PeriodSums(0)
    first, last = min(period.starts_on for period in periods), max(period.ends_on for period in periods)
    if structure == "as_is":
        if tree_day is None:
            raise ValueError("a tree as it is needs the day on which it is")
        first, last = tree_day, tree_day + timedelta(days=1)
    filters, days = _Filters(tuple(periods), counting, posted_through, originals_in), Days(first, last)
    paths: list[Record] | None = snapshot.kept.get((days, frozenset(unit_ids)))
    if paths is None:
        tree = await standing_tree(snapshot, days, unit_ids)
        if tree is not None:
            return await _of_tree(snapshot, tree, unit_ids, filters)
        await plan_for(snapshot, len(unit_ids))
        paths = snapshot.kept[days, frozenset(unit_ids)] = await snapshot.fetch(_PATHS, list(unit_ids), first, last)
        snapshot.kept[days] = _perhaps_standing(paths, days)
    return await _of_paths(snapshot, paths, days, filters)


async def _of_paths(snapshot: Snapshot, paths: Sequence[Record], days: Days, filters: _Filters) -> PeriodSums:
    """The sums of all units that lie above others."""
    periods, rollup, moved = filters.periods, _Rollup(len(filters.periods)), []
    for path in paths:
        if not _always(path, days):
            moved.append(path)
            continue
        below = frozenset(path["units"])
        # The positions of a whole company are all that have balances; looking each one up would only take time.
        wanted = None if path["of_company"] and len(below) >= MANY else below
        rollup.add(path, await _of_positions(snapshot, wanted, filters))
    if moved:
        parts = parted(periods, {day for path in moved for day in (path["valid_from"], path["valid_to"])})
        wanted = frozenset(unit_id for path in moved for unit_id in path["units"])
        of_parts = await _of_positions(snapshot, wanted, replace(filters, periods=tuple(part for _, part in parts)))
        for path in moved:
            rollup.add(path, await _while_there(of_parts, path, parts, len(periods)))
    return await rollup.summed()


def _perhaps_standing(paths: Sequence[Record], days: Days) -> StandingTree | None:
    if len(paths) != 1 or not _always(paths[0], days):
        return None
    (path,) = paths
    return StandingTree(days, frozenset(path["above"]), frozenset(path["units"]), path["of_company"])


def _always(path: Record, days: Days) -> bool:
    return bool(path["valid_from"] <= days.first and days.last <= path["valid_to"])


async def _of_tree(snapshot: Snapshot, tree: StandingTree, unit_ids: Sequence[int], filters: _Filters) -> PeriodSums:
    """The sums of units of a tree that stands, which are worked out once for all of its units."""
    key = (tree.days, filters)
    sums: tuple[StandingTree, PeriodSums] | None = snapshot.kept.get(key)
    if sums is None or sums[0] is not tree:
        own = await _of_positions(snapshot, None if tree.whole and len(tree.units) >= MANY else tree.units, filters)
        direct, overlay = await tree.summed(own.achieved), await tree.summed(own.overlay)
        for unit_id in tree.units & own.overlay.keys():
            with_overlay = [direct.get(unit_id), own.overlay[unit_id]]
            direct[unit_id] = list(map(sum, zip(*filter(None, with_overlay), strict=True)))
        sums = snapshot.kept[key] = (tree, PeriodSums(len(filters.periods), direct, overlay))
    return sums[1].of(unit_ids)


@dataclass(frozen=True, slots=True)
class _Filters:
    """Which balances count, and in which periods: what is read for it once serves every level of a tree."""

    periods: tuple[Period, ...]
    counting: Counting
    posted_through: date | None
    originals_in: str | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read of some positions in a snapshot; None stands for all."""

    position_ids: frozenset[int] | None
    sums: PeriodSums

    def has(self, position_ids: frozenset[int] | None) -> bool:
        """Whether it has all of these."""
        return self.position_ids is None or (position_ids is not None and position_ids <= self.position_ids)


async def _of_positions(snapshot: Snapshot, position_ids: frozenset[int] | None, filters: _Filters) -> PeriodSums:
    """What each position has itself: of `position_ids`, or of all; more positions than these may be there."""
    kept: _Kept | None = snapshot.kept.get(filters)
    if kept is None or not kept.has(position_ids):
        sums = await _read(snapshot, None if position_ids is None else list(position_ids), filters)
        kept = snapshot.kept[filters] = _Kept(position_ids, sums)
    return kept.sums


async def _read(snapshot: Snapshot, position_ids: Sequence[int] | None, filters: _Filters) -> PeriodSums:
    await plan_for(snapshot, MANY if position_ids is None else len(position_ids))
    periods, counting = filters.periods, filters.counting
    where = placing(periods, "balance.business_date", "balance.business_date <", "$3", "$4")
    amount = "" if filters.originals_in is None else "original_"
    row = await snapshot.fetch_one(
        _OF_POSITIONS.format(amount=amount, place=where.place, join=where.join, within=where.within),
        position_ids,
        counting.metric_id,
        [period.starts_on for period in periods],
        [period.ends_on for period in periods],
        filters.posted_through,
        counting.product_ids,
        filters.originals_in,
    )
    sums = PeriodSums(len(periods))
    if row is not None and row["positions"]:
        for figures, amounts in ((sums.achieved, row["direct"]), (sums.overlay, row["overlay"])):
            async for some in in_stretches(list(zip(row["positions"], row["places"], amounts, strict=True))):
                _spread(figures, some, len(periods))
    return sums


def _spread(figures: Amounts, found: Iterable[tuple[int, int, str | None]], length: int) -> None:
    if length == 1:
        figures.update({position_id: [int(amount)] for position_id, _, amount in found if amount is not None})
        return
    for position_id, place, amount in found:
        if amount is None:
            continue
        of_position = figures.get(position_id)
        if of_position is None:
            of_position = figures[position_id] = [0] * length
        of_position[place] = int(amount)


def parted(periods: Sequence[Period], cuts: Collection[date]) -> list[tuple[int, Period]]:
    """The periods in parts that begin at `cuts`, days on which something changes, each with the place of its period."""
    days = sorted(cuts)
    found = []
    for place, period in enumerate(periods):
        within = days[bisect_right(days, period.starts_on) : bisect_left(days, period.ends_on)]
        found += [(place, date_range(*part)) for part in pairwise([period.starts_on, *within, period.ends_on])]
    return found


async def _while_there(
    of_parts: PeriodSums, path: Record, parts: Sequence[tuple[int, Period]], length: int
) -> PeriodSums:
    """By period, what the positions of a path have in the parts that lie in its days."""
    within = [
        (number, place)
        for number, (place, part) in enumerate(parts)
        if path["valid_from"] <= part.starts_on < path["valid_to"]
    ]
    sums = PeriodSums(length)
    turns = Turns(ADDED)
    for unit_id in set(path["units"]):
        await turns.done(len(within))
        for figures, by_part in ((sums.achieved, of_parts.achieved), (sums.overlay, of_parts.overlay)):
            if unit_id in by_part:
                figures[unit_id] = [0] * length
                for number, place in within:
                    figures[unit_id][place] += by_part[unit_id][number]
    return sums


class _Rollup:
    """Gathers by unit what is below it, and sums it up at the end."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._achieved: dict[int, list[list[int]]] = defaultdict(list)
        self._overlay: dict[int, list[list[int]]] = defaultdict(list)

    def add(self, path: Record, own: PeriodSums) -> None:
        """Count what positions have for all units above them, themselves included."""
        for unit_id, above in zip(path["units"], path["above"], strict=True):
            direct = own.achieved.get(unit_id)
            if direct is not None:
                self._achieved[above].append(direct)
        for unit_id, above in zip(path["units"], path["above"], strict=True) if own.overlay else ():
            overlay = own.overlay.get(unit_id)
            if overlay is not None:
                self._overlay[above].append(overlay)
                if above == unit_id:
                    self._achieved[above].append(overlay)

    async def summed(self) -> PeriodSums:
        """The sums of every unit."""
        return PeriodSums(self._length, await _summed(self._achieved), await _summed(self._overlay))


async def _summed(gathered: dict[int, list[list[int]]]) -> Amounts:
    turns = Turns(ADDED)
    return {unit_id: await added(figures, turns) for unit_id, figures in gathered.items()}
