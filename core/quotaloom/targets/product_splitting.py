"""Splitting a unit's months along products, and down the tree with both margins exact: pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quotaloom.platform.amounts import Rational, apportion, format_amount
from quotaloom.platform.errors import InputError
from quotaloom.targets.decomposition import SplitRequest, split
from quotaloom.targets.gathering import KINDS, Gathered, GatheredUnit
from quotaloom.targets.refusals import DecompositionRefused

Months = tuple[int | None, ...]

Cells = dict[tuple[int, int], dict[str, Months]]
"""Months per line, in minor units, by the part's place and the unit's id."""


@dataclass(frozen=True, slots=True)
class ProductSplit:
    """What is split: the cells of a plan, `base`, along those of the plans of products, `parts`, named `names`.

    All are gathered of the same units and months. `weights` has one row per part, with one weight per month.
    """

    base: Gathered
    parts: tuple[Gathered, ...]
    names: tuple[str, ...]
    weights: tuple[tuple[Rational, ...], ...]

    def unit(self, part: int, unit_id: int) -> GatheredUnit:
        """A unit with its cells of one part."""
        return self.parts[part].units[unit_id]


def split_along_products(wanted: ProductSplit, top_id: int) -> Cells:
    """The cells of the parts: of the top unit, and of all that were gathered below it.

    Of the top unit each month's parts sum exactly to its own cell, and each part's year is the floor or ceiling of its
    ideal, as in `decomposition.split`. Of the units below, each month's parts sum exactly to the unit's own cell, and
    each part's cells to that of the unit above; where the units do not carry just what the one above has, the part's
    cells are that much more or less, too. Every unit has the mix of the one above, to the smallest unit. Locked and
    pinned cells of the parts stay. A line that the unit has not planned stays as it is, and a month below without one.

    Raises `InputError` NO_TARGET where the top unit lacks a target, and what `decomposition.split` refuses.
    """
    top = wanted.base.units[top_id]
    if any(value is None for month, value in enumerate(top.values["target"]) if month not in top.shut):
        message = f"{top.name} has no target in every month of the plan: set or decompose it first"
        raise InputError("NO_TARGET", message, ("orgUnitId",))
    cells: Cells = {}
    _split_top(wanted, top, cells)
    below = [top]
    while below:
        unit = below.pop()
        children = [wanted.base.units[child] for child in unit.children if child in wanted.base.units]
        if children:
            _split_below(wanted, unit, children, cells)
            below += children
    return cells


def _split_top(wanted: ProductSplit, top: GatheredUnit, cells: Cells) -> None:
    for part in range(len(wanted.parts)):
        cells[part, top.id] = dict(wanted.unit(part, top.id).values)
    for kind in KINDS:
        columns = top.values[kind]
        if any(value is None for month, value in enumerate(columns) if month not in top.shut):
            continue
        fixed = {
            (part, month): wanted.unit(part, top.id).values[kind][month] or 0
            for part in range(len(wanted.parts))
            for month in wanted.unit(part, top.id).fixed
        }
        try:
            table = split(SplitRequest(tuple(value or 0 for value in columns), wanted.weights, fixed=fixed))
        except DecompositionRefused as error:
            labels = [month.label for month in wanted.base.months]
            raise _named(wanted, error, f"{top.name}, {kind}", wanted.names, labels) from None
        for part, row in enumerate(table):
            stored = wanted.unit(part, top.id)
            cells[part, top.id][kind] = tuple(
                stored.values[kind][month] if month in stored.fixed else amount for month, amount in enumerate(row)
            )


def _split_below(wanted: ProductSplit, unit: GatheredUnit, children: Sequence[GatheredUnit], cells: Cells) -> None:
    found = {
        (part, child.id): {kind: list(wanted.unit(part, child.id).values[kind]) for kind in KINDS}
        for part in range(len(wanted.parts))
        for child in children
    }
    for kind in KINDS:
        for month in range(len(wanted.base.months)):
            _split_month(wanted, unit, children, (kind, month), cells, found)
    cells.update({key: {kind: tuple(row) for kind, row in lines.items()} for key, lines in found.items()})


def _split_month(
    wanted: ProductSplit,
    unit: GatheredUnit,
    children: Sequence[GatheredUnit],
    place: tuple[str, int],
    cells: Cells,
    found: Mapping[tuple[int, int], dict[str, list[int | None]]],
) -> None:
    """One month of one line: children by parts, a table whose two margins are met exactly."""
    kind, month = place
    above = [cells[part, unit.id][kind][month] for part in range(len(wanted.parts))]
    planned = [(child, total) for child in children if (total := child.values[kind][month]) is not None]
    if not planned or any(amount is None for amount in above):
        return
    totals = [total for _, total in planned]
    mix = [amount or 0 for amount in above]
    columns = mix if sum(mix) == sum(totals) else apportion(sum(totals), mix)
    fixed = {
        (row, part): wanted.unit(part, child.id).values[kind][month] or 0
        for row, (child, _) in enumerate(planned)
        for part in range(len(wanted.parts))
        if month in wanted.unit(part, child.id).fixed
    }
    weights = tuple((total,) * len(columns) for total in totals)
    try:
        table = split(SplitRequest(tuple(columns), weights, fixed=fixed, year_totals=dict(enumerate(totals))))
    except DecompositionRefused as error:
        where = f"below {unit.name}, {kind} of {wanted.base.months[month].label}"
        raise _named(wanted, error, where, [child.name for child, _ in planned], wanted.names) from None
    for row, (child, _) in enumerate(planned):
        for part, amount in enumerate(table[row]):
            if (row, part) not in fixed:
                found[part, child.id][kind][month] = amount


def _named(
    wanted: ProductSplit, error: DecompositionRefused, where: str, rows: Sequence[str], columns: Sequence[str]
) -> InputError:
    sentence = error.describe(
        rows.__getitem__, columns.__getitem__, lambda amount: format_amount(amount, wanted.base.metric_scale)
    )
    return InputError(error.code, f"{where}: {sentence}", ("parts",))
