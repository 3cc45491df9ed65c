"""Whole tables with given row and column sums and some cells closed: one, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Routing:
    """Amounts by row and month, as far as they could be placed.

    `crowded_rows` is empty where every supply is placed; otherwise these rows together supply more than the
    months they reach, `crowded_months`, demand.
    """

    table: list[list[int]]
    crowded_rows: tuple[int, ...] = ()
    crowded_months: tuple[int, ...] = ()


def route(
    supplies: Sequence[int],
    reach: Sequence[int],
    demands: Sequence[int],
    start: Sequence[Sequence[int]] | None = None,
) -> Routing:
    """Place each row's supply in the months it may reach (a bit mask), no month above its demand.

    `start` is a table within the margins to begin from; it is only changed where it has to be.
    """
    table = [list(row) for row in start] if start else [[0] * len(demands) for _ in supplies]
    room = [demand - sum(column) for demand, column in zip(demands, zip(*table, strict=True), strict=True)]
    left = [supply - sum(row) for supply, row in zip(supplies, table, strict=True)]
    for row, cells in enumerate(table):
        for month, space in enumerate(room):
            if left[row] and space and reach[row] >> month & 1:
                _put(cells, month, min(left[row], space), row, left, room)
    for row in range(len(table)):
        while left[row]:
            seen = _displace(table, reach, row, left, room)
            if seen:
                months = tuple(month for month in range(len(demands)) if seen >> month & 1)
                crowded = (
                    index for index, cells in enumerate(table) if index == row or any(cells[month] for month in months)
                )
                return Routing(table, tuple(crowded), months)
            if not reach[row]:
                return Routing(table, (row,), ())
    return Routing(table)


def never_used(table: Sequence[Sequence[int]], reach: Sequence[int]) -> list[int]:
    """Per row the open cells that are 0 in every table with the same margins as `table`."""
    months = range(len(table[0]))
    freed = [1 << month for month in months]
    for cells, mask in zip(table, reach, strict=True):
        for month in months:
            if cells[month]:
                freed[month] |= mask
    for through in months:
        for month in months:
            if freed[month] >> through & 1:
                freed[month] |= freed[through]
    result = []
    for cells, mask in zip(table, reach, strict=True):
        used = sum([1 << month for month in months if cells[month]])
        empty = [month for month in months if mask >> month & 1 and not cells[month]]
        result.append(sum([1 << month for month in empty if not freed[month] & used]))
    return result


def complete(
    approximate: Sequence[Sequence[Decimal]], rows: Sequence[int], columns: Sequence[int], reach: Sequence[int]
) -> list[list[int]]:
    """A whole table with exactly these margins, near an approximate one with about these margins.

    There must be a table with these margins within `reach`.
    """
    start = []
    room = list(columns)
    for total, row in zip(rows, approximate, strict=True):
        cells: list[int] = []
        for month, ideal in enumerate(row):
            cells.append(min(int(ideal), room[month], total - sum(cells)))
            room[month] -= cells[-1]
        start.append(cells)
    return route(rows, reach, columns, start).table


def _put(cells: list[int], month: int, amount: int, row: int, left: list[int], room: list[int]) -> None:
    cells[month] += amount
    left[row] -= amount
    room[month] -= amount


def _displace(table: list[list[int]], reach: Sequence[int], row: int, left: list[int], room: list[int]) -> int:
    """Place some of a row's supply by moving other rows' amounts on to other months, by a shortest way.

    Returns 0, or where there is no way the mask of all months that were reached.
    """
    came: dict[int, tuple[int, int]] = {}
    seen = reach[row]
    queue = [month for month in range(len(room)) if seen >> month & 1]
    for month in queue:
        if room[month]:
            break
        for other, cells in enumerate(table):
            fresh = reach[other] & ~seen if cells[month] else 0
            if fresh:
                onward = [target for target in range(len(room)) if fresh >> target & 1]
                came |= dict.fromkeys(onward, (other, month))
                queue += onward
                seen |= fresh
    else:
        return seen
    steps = []
    target = month
    while target in came:
        other, source = came[target]
        steps.append((other, source, target))
        target = source
    amount = min([left[row], room[month], *(table[other][source] for other, source, _ in steps)])
    for other, source, onward_month in steps:
        table[other][source] -= amount
        table[other][onward_month] += amount
    table[row][target] += amount
    left[row] -= amount
    room[month] -= amount
    return 0
