"""Controlled rounding: whole cells whose row and column sums are whole as well.

Every ideal cell goes to its floor or to its ceiling. Raising a cell by one unit is a unit of flow from a
child to a month, so a table with the wanted margins is an integral flow. There are few months and many
children: the search for a way runs over months, and any child that holds a unit in one month and could
hold it in another is a step between the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from quotaloom.targets.ideals import Ideals, shares

NO_YEARS: Mapping[int, int] = MappingProxyType({})


def share_and_round(columns: Sequence[int], weights: Sequence[Sequence[int]]) -> list[list[int]]:
    """Whole cells, one row per child, of each month's amount shared by its `weights` (one list per month)."""
    if not any(weights):
        return []
    table = round_to_margins(shares(columns, weights), columns)
    assert table is not None, "exact ideals always have a controlled rounding"
    return table


def round_to_margins(
    ideals: Ideals, columns: Sequence[int], years: Mapping[int, int] = NO_YEARS
) -> list[list[int]] | None:
    """Floors and ceilings of ideal cells that sum to `columns` and, for the children in it, to `years`.

    Any other child's year is the floor or ceiling of its ideal: the ceiling by largest remainder, ties to
    the earlier child, wherever the months allow. None where floors and ceilings cannot meet the margins.
    """
    demand = [total - sum(floors) for total, floors in zip(columns, zip(*ideals.floors, strict=True), strict=True)]
    needs, rests = [], []
    for child, (floors, remainders) in enumerate(zip(ideals.floors, ideals.remainders, strict=True)):
        need, rest = divmod(sum(remainders), ideals.unit)
        needs.append(years[child] - sum(floors) if child in years else need)
        rests.append(0 if child in years else rest)
    ceilings = [child for child, rest in enumerate(rests) if rest]
    ceilings.sort(key=rests.__getitem__, reverse=True)
    raised = round_up(ideals, demand, needs, ceilings)
    if raised is None:
        return None
    table = [list(floors) for floors in ideals.floors]
    for cells, months in zip(table, raised, strict=True):
        for month in _months_of(months):
            cells[month] += 1
    return table


def round_up(ideals: Ideals, demand: Sequence[int], needs: Sequence[int], ceilings: Sequence[int]) -> list[int] | None:
    """Which cells go to their ceiling: one bit mask of months per child, or None where no table exists.

    `demand` is the number of units each month lacks when all cells are at their floors; `needs` the units
    each child must get; `ceilings` the children that may get one more, by precedence. The children earliest
    in `ceilings` get one more wherever the months allow. Of the tables that are left, the one is taken that,
    month by month, raises the children whose year to date lags furthest behind its ideal, ties to the
    earlier child, wherever the later months can still be met.
    """
    spare = sum(demand) - sum(needs)
    if min(demand, default=0) < 0 or min(needs, default=0) < 0 or not 0 <= spare <= len(ceilings):
        return None
    cells = ideals.raisable()
    units = list(needs)
    for child in ceilings[:spare]:
        units[child] += 1
    start = _Flow(cells, len(demand))
    complete = start.fill_lagging_first(ideals, demand, units) or start.repair(demand, needs, ceilings)
    return _settled(start, ideals, demand) if complete else None


class _Flow:
    """The units placed so far: per child the months in which it `holds` one, and those it `could` take."""

    def __init__(self, cells: list[int], months: int) -> None:
        self.holds = [0] * len(cells)
        self.could = cells
        self.months = months
        self.movers: list[list[list[int]]] = []  # [held month][possible month] -> children, some outdated
        self.into = [0] * months  # possible month -> held months that `movers` may move from

    def fill_lagging_first(self, ideals: Ideals, demand: Sequence[int], units: Sequence[int]) -> bool:
        """Place units month by month as well as can be without looking ahead; whether all found a place."""
        left = list(units)
        lags = _Lags(ideals)
        for month, wanted in enumerate(demand):
            able = [child for child in lags.order() if left[child] and self.could[child] >> month & 1]
            chosen = able[:wanted]
            for child in chosen:
                left[child] -= 1
                self.holds[child] |= 1 << month
                self.could[child] ^= 1 << month
            lags.given(chosen)
            if len(chosen) < wanted:
                return False
        return not any(left)

    def repair(self, demand: Sequence[int], needs: Sequence[int], ceilings: Sequence[int]) -> bool:
        """Bring every child to its need, then the children of `ceilings`, in order, to one more."""
        for child, need in enumerate(needs):
            while self.holds[child].bit_count() > need:
                last = 1 << (self.holds[child].bit_length() - 1)
                self.holds[child] ^= last
                self.could[child] ^= last
        vacant = list(demand)
        for held in self.holds:
            for month in _months_of(held):
                vacant[month] -= 1
        for child, need in enumerate(needs):
            while self.holds[child].bit_count() < need:
                if not self._add(child, vacant):
                    return False
        for child in ceilings:
            if not any(vacant):
                break
            self._add(child, vacant)
        return not any(vacant)

    def _add(self, child: int, vacant: list[int]) -> bool:
        months = sum([1 << month for month, units in enumerate(vacant) if units])
        moved = self.move(self.could[child], months, -1)
        if moved is None:
            return False
        taken, filled = moved
        vacant[filled] -= 1
        self.holds[child] |= 1 << taken
        self.could[child] ^= 1 << taken
        self._offer(child, 1 << taken, self.could[child])
        return True

    def move(self, sources: int, targets: int, within: int) -> tuple[int, int] | None:
        """Take one unit out of a month of `sources` and put one into a month of `targets`.

        Children change months along the shortest chain inside `within`; returns the two ends of it, the
        same month twice where nobody has to move, or None where there is no chain. (On a shortest chain no
        child is needed twice.)
        """
        both = sources & targets
        if both:
            month = (both & -both).bit_length() - 1
            return month, month
        if not self.movers:
            self._index()
        while chain := self._chain(sources, targets, within):
            steps = list(pairwise(chain))
            children = [self._mover(held, possible) for held, possible in steps]
            if -1 in children:
                continue
            for child, (held, possible) in zip(children, steps, strict=True):
                self._change(child, held, possible, within)
            return chain[0], chain[-1]
        return None

    def _chain(self, sources: int, targets: int, within: int) -> list[int] | None:
        towards: dict[int, int] = {}
        seen = targets
        queue = list(_months_of(targets & within))
        for month in queue:
            arriving = self.into[month] & within & ~seen
            found = arriving & sources
            if found:
                chain = [(found & -found).bit_length() - 1, month]
                while chain[-1] in towards:
                    chain.append(towards[chain[-1]])
                return chain
            seen |= arriving
            for earlier in _months_of(arriving):
                towards[earlier] = month
                queue.append(earlier)
        return None

    def _mover(self, held: int, possible: int) -> int:
        stack = self.movers[held][possible]
        while stack:
            child = stack[-1]
            if self.holds[child] >> held & 1 and self.could[child] >> possible & 1:
                return child
            stack.pop()
        self.into[possible] &= ~(1 << held)
        return -1

    def _change(self, child: int, held: int, possible: int, within: int) -> None:
        self.holds[child] ^= 1 << held | 1 << possible
        self.could[child] ^= 1 << held | 1 << possible
        self._offer(child, 1 << possible, self.could[child] & within)
        self._offer(child, self.holds[child] & within, 1 << held)

    def release(self, child: int, month: int, within: int) -> None:
        """The child gives its unit of a month back."""
        self.holds[child] ^= 1 << month
        self.could[child] ^= 1 << month
        self._offer(child, self.holds[child] & within, 1 << month)

    def _offer(self, child: int, held: int, possible: int) -> None:
        if not self.movers:
            return
        targets = _months_of(possible)
        for month in _months_of(held):
            row = self.movers[month]
            for target in targets:
                row[target].append(child)
                self.into[target] |= 1 << month

    def _index(self) -> None:
        self.movers = [[[] for _ in range(self.months)] for _ in range(self.months)]
        for child, (held, possible) in enumerate(zip(self.holds, self.could, strict=True)):
            self._offer(child, held, possible)


class _Lags:
    """How far each child's year to date is behind its ideal, above the floors."""

    def __init__(self, ideals: Ideals) -> None:
        self.unit = ideals.unit
        self.remainders: Iterator[tuple[int, ...]] = zip(*ideals.remainders, strict=True)
        self.behind = [0] * len(ideals.remainders)

    def order(self) -> list[int]:
        """The children once the next month's ideals are due, furthest behind first."""
        self.behind = [lag + due for lag, due in zip(self.behind, next(self.remainders), strict=True)]
        return sorted(range(len(self.behind)), key=self.behind.__getitem__, reverse=True)

    def given(self, children: Sequence[int]) -> None:
        """Each of these children got one unit in this month."""
        for child in children:
            self.behind[child] -= self.unit


def _settled(flow: _Flow, ideals: Ideals, demand: Sequence[int]) -> list[int]:
    """Exchange units until, month by month, the children furthest behind hold them."""
    result = [0] * len(flow.holds)
    lags = _Lags(ideals)
    later = (1 << flow.months) - 1
    for month, wanted in enumerate(demand):
        bit = 1 << month
        within = later
        later ^= bit
        chosen: list[int] = []
        for child in lags.order():
            if len(chosen) == wanted:
                break
            if flow.holds[child] & bit:
                flow.holds[child] ^= bit
            elif flow.could[child] & bit and (moved := flow.move(bit, flow.holds[child] & later, within)):
                flow.release(child, moved[1], later)
            else:
                continue
            chosen.append(child)
        for child in chosen:
            result[child] |= bit
        lags.given(chosen)
    return result


@lru_cache(maxsize=8192)
def _months_of(mask: int) -> tuple[int, ...]:
    return tuple(month for month in range(mask.bit_length()) if mask >> month & 1)
