"""Splitting a parent's months among its children with exact margins, in whole minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from quotaloom.platform.amounts import Rational
from quotaloom.targets.apportionment import check_amount, over_assigned
from quotaloom.targets.ideals import open_weights
from quotaloom.targets.pinned_years import split_with_pinned_years
from quotaloom.targets.refusals import DecompositionRefused
from quotaloom.targets.rounding import share_and_round


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """One parent's months and what its children bring: children in tree order, months in order, from 0.

    `columns` are the parent's cells and `fixed` the locked or pinned cells, by (child, month), that stay;
    `year_totals` the pinned years, by child: all in minor units from 0 to 2**63 - 1. `weights` has one row
    per child with one non-negative weight per month. The children sum to `over_assignment` × the parent.
    """

    columns: tuple[int, ...]
    weights: tuple[tuple[Rational, ...], ...]
    over_assignment: Fraction = Fraction(1)
    fixed: Mapping[tuple[int, int], int] = field(default_factory=dict)
    year_totals: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.columns:
            raise ValueError("a split needs at least one month")
        months = range(len(self.columns))
        children = range(len(self.weights))
        if any(len(row) != len(months) for row in self.weights):
            raise ValueError(f"every child needs {len(months)} weights, one per month")
        if not all(child in children and month in months for child, month in self.fixed):
            raise ValueError("a fixed cell lies outside of the children and months")
        if not all(child in children for child in self.year_totals):
            raise ValueError("a pinned year belongs to none of the children")


def split(request: SplitRequest) -> list[list[int]]:
    """The children's cells in minor units: one row per child, one amount per month, none negative.

    Each month sums exactly to the parent's cell (see `over_assigned` for more or less than the parent).
    Fixed cells stay, pinned years are met exactly, and the rest is shared by the weights of the cells that
    are open, equally where these are all 0. Without pinned years each open cell is the floor or ceiling of
    its ideal (what the month leaves × weight ÷ sum of weights) and each child's open year that of its own;
    the ceilings go by largest remainder, ties to the earlier child, wherever the months allow. With pinned
    years the ideal is the biproportional fit, and floors and ceilings are kept wherever possible.

    The same request always gives the same table: of several, the one that month by month raises the
    children whose year to date lags furthest behind its ideal, ties to the earlier child. Raises
    `DecompositionRefused`, naming the child or the month, where no table exists.
    """
    _check(request)
    columns = over_assigned(request.columns, request.over_assignment)
    if not request.weights:
        if any(columns):
            raise DecompositionRefused("NO_CHILDREN", required=sum(columns), available=0)
        return []
    open_cells = _open_cells(request)
    left = _left_by_month(request, columns, open_cells)
    weights = open_weights(request.weights, open_cells)
    if request.year_totals:
        years = _left_by_child(request, open_cells)
        table = split_with_pinned_years(left, weights, open_cells, years)
    else:
        table = share_and_round(left, weights)
    for (child, month), amount in request.fixed.items():
        table[child][month] = amount
    return table


def _check(request: SplitRequest) -> None:
    for month, amount in enumerate(request.columns):
        check_amount(amount, months=(month,))
    check_amount(sum(request.columns))
    for (child, month), amount in request.fixed.items():
        check_amount(amount, (child,), (month,))
    for child, amount in request.year_totals.items():
        check_amount(amount, (child,))


def _open_cells(request: SplitRequest) -> list[int]:
    cells = [(1 << len(request.columns)) - 1] * len(request.weights)
    for child, month in request.fixed:
        cells[child] ^= 1 << month
    return cells


def _left_by_month(request: SplitRequest, columns: Sequence[int], open_cells: Sequence[int]) -> list[int]:
    taken = [0] * len(columns)
    for (_, month), amount in request.fixed.items():
        taken[month] += amount
    somewhere_open = 0
    for cells in open_cells:
        somewhere_open |= cells
    return [
        _left(total, gone, bool(somewhere_open >> month & 1), (), (month,))
        for month, (total, gone) in enumerate(zip(columns, taken, strict=True))
    ]


def _left_by_child(request: SplitRequest, open_cells: Sequence[int]) -> dict[int, int]:
    taken = dict.fromkeys(request.year_totals, 0)
    for (child, _), amount in request.fixed.items():
        if child in taken:
            taken[child] += amount
    return {
        child: _left(request.year_totals[child], taken[child], bool(open_cells[child]), (child,), ())
        for child in sorted(taken)
    }


def _left(total: int, taken: int, is_open: bool, children: tuple[int, ...], months: tuple[int, ...]) -> int:
    if taken > total:
        raise DecompositionRefused(
            "LOCKED_EXCEEDS_TOTAL", children=children, months=months, required=taken, available=total
        )
    if taken < total and not is_open:
        raise DecompositionRefused(
            "LOCKED_BELOW_TOTAL", children=children, months=months, required=total, available=taken
        )
    return total - taken
