"""The exact ideal of every cell of a split, before it is made whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from quotaloom.platform.amounts import Rational
from quotaloom.targets.refusals import DecompositionRefused


@dataclass(frozen=True, slots=True)
class Ideals:
    """Ideal cells, one row per child and one column per month, in minor units.

    Cell (child, month) is `floors[child][month] + remainders[child][month] / unit`, with
    0 <= remainder < unit. A cell that is not open has floor and remainder 0.
    """

    floors: list[list[int]]
    remainders: list[list[int]]
    unit: int

    def raisable(self) -> list[int]:
        """Per child the months whose ideal is not whole, as a bit mask (month 0 is the lowest bit)."""
        bits = [1 << month for month in range(len(self.floors[0]))] if self.floors else []
        return [sum([bit for bit, rest in zip(bits, row, strict=True) if rest]) for row in self.remainders]


def whole_weights(weights: Sequence[Rational], month: int) -> list[int]:
    """The weights of one month in the same proportions, as whole numbers >= 0."""
    if all(type(weight) is int for weight in weights):
        whole = [int(weight) for weight in weights]
    else:
        try:
            ratios = [weight.as_integer_ratio() for weight in weights]
        except (ValueError, OverflowError):
            child = next(index for index, weight in enumerate(weights) if not math.isfinite(weight))
            raise DecompositionRefused("WEIGHT_REFUSED", children=(child,), months=(month,)) from None
        common = math.lcm(*{below for _, below in ratios})
        whole = [above * (common // below) for above, below in ratios]
    if whole and min(whole) < 0:
        child = next(index for index, weight in enumerate(whole) if weight < 0)
        raise DecompositionRefused("WEIGHT_REFUSED", children=(child,), months=(month,))
    return whole


def open_weights(weights: Sequence[Sequence[Rational]], open_cells: Sequence[int]) -> list[list[int]]:
    """Whole weights, one list per *month*: 0 where a cell is not open, equal where all open ones are 0."""
    columns = []
    whole: list[int] = []
    before: tuple[Rational, ...] | None = None
    for month, column in enumerate(zip(*weights, strict=True)):
        if column != before:  # months mostly have the weights of the month before
            whole, before = whole_weights(column, month), column
        bit = 1 << month
        free = [weight if cells & bit else 0 for weight, cells in zip(whole, open_cells, strict=True)]
        columns.append(free if any(free) else [1 if cells & bit else 0 for cells in open_cells])
    return columns


def shares(columns: Sequence[int], weights: Sequence[Sequence[int]]) -> Ideals:
    """Each month's amount × the child's weight ÷ the sum of weights; `weights` as `open_weights` gives them.

    A month whose weights are all 0 has nobody to share it and must be 0.
    """
    sums = [sum(column) or 1 for column in weights]
    unit = math.lcm(*sums)
    floors, remainders = [], []
    for total, column, whole in zip(columns, weights, sums, strict=True):
        scale = unit // whole
        products = [total * weight for weight in column]
        floors.append([product // whole for product in products])
        remainders.append([product % whole * scale for product in products])
    return Ideals(_by_child(floors), _by_child(remainders), unit)


def _by_child(months: list[list[int]]) -> list[list[int]]:
    return [list(row) for row in zip(*months, strict=True)]
