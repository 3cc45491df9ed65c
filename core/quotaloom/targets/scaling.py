"""A tree of cells times a factor, in whole minor units: sums that were exact before are exact after.

The top unit's year is its year × the factor, half up, and its months follow by largest remainder. From there down each
parent's new month is what its children share, in proportion to their cells, wherever these summed exactly to the
parent's. Where they did not, what they summed to × the factor is shared instead, its year half up: more or less than
the parent is kept in the same proportion. The children's shares are those of a decomposition: see `split`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from quotaloom.targets.apportionment import over_assigned
from quotaloom.targets.decomposition import SplitRequest, split

Months = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class UnitCells:
    """A unit's cells by month, in minor units; `open_in` says of each month whether it may have a new cell.

    A unit that is open in no month is left out: it gets nothing, but counts in the sum of its parent's children, so
    that those who remain take over its part.
    """

    id: int
    parent_id: int | None
    months: Months
    open_in: tuple[bool, ...]


def scaled(units: Sequence[UnitCells], factor: Fraction) -> dict[int, Months]:
    """The new cells by unit; siblings are in tree order, all units of as many months.

    A unit whose parent is none of them is a top one. A month without a cell stays without one. Raises
    `DecompositionRefused` AMOUNT_TOO_LARGE.
    """
    known = {unit.id for unit in units}
    children: dict[int, list[UnitCells]] = defaultdict(list)
    tops: list[UnitCells] = []
    for unit in units:
        if unit.parent_id in known:
            children[unit.parent_id].append(unit)
        else:
            tops.append(unit)
    found = {top.id: _alone(top, factor) for top in tops}
    reached = tops
    for unit in reached:
        if below := children[unit.id]:
            found.update(_shared(unit, found[unit.id], below, factor))
            reached += below
    return found


def _alone(unit: UnitCells, factor: Fraction) -> Months:
    takes = [cell is not None and is_open for cell, is_open in zip(unit.months, unit.open_in, strict=True)]
    new = over_assigned([cell or 0 if taken else 0 for cell, taken in zip(unit.months, takes, strict=True)], factor)
    return tuple(cell if taken else None for cell, taken in zip(new, takes, strict=True))


def _shared(parent: UnitCells, new: Months, children: Sequence[UnitCells], factor: Fraction) -> Mapping[int, Months]:
    months = range(len(parent.months))
    takes = [[child.months[month] is not None and child.open_in[month] for month in months] for child in children]
    sums = [sum(child.months[month] or 0 for child in children) for month in months]
    taken = [any(row[month] for row in takes) for month in months]
    exact = [parent.months[month] == sums[month] and new[month] is not None for month in months]
    loose = over_assigned([sums[month] if taken[month] and not exact[month] else 0 for month in months], factor)
    columns = [(new[month] or 0) if exact[month] else loose[month] for month in months]
    request = SplitRequest(
        tuple(columns[month] if taken[month] else 0 for month in months),
        tuple(tuple(child.months[month] or 0 for month in months) for child in children),
        fixed={(place, month): 0 for place, row in enumerate(takes) for month in months if not row[month]},
    )
    return {
        child.id: tuple(cell if took else None for cell, took in zip(cells, row, strict=True))
        for child, row, cells in zip(children, takes, split(request), strict=True)
    }
