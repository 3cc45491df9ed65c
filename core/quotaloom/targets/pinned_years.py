"""Splitting where the years of some children are pinned: two margins, fitted and made whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from quotaloom.targets.ideals import Ideals
from quotaloom.targets.proportional_fit import CONTEXT, fit
from quotaloom.targets.refusals import DecompositionRefused
from quotaloom.targets.rounding import round_to_margins, share_and_round
from quotaloom.targets.transportation import complete, route

GRAIN = 10**9
"""Ideals are taken as multiples of 1/GRAIN of a minor unit, so that a whole ideal is seen as whole."""


def split_with_pinned_years(
    columns: Sequence[int],
    weights: Sequence[Sequence[int]],
    open_cells: Sequence[int],
    years: Mapping[int, int],
) -> list[list[int]]:
    """Cells with months that sum to `columns` and pinned `years` (child -> what its open cells hold).

    `weights` has one list per month, as `open_weights` gives them. The other children share what remains.
    Raises `DecompositionRefused` where no table exists.
    """
    pinned = list(years)
    others = [child for child in range(len(open_cells)) if child not in years]
    reach = [open_cells[child] for child in pinned] + [_reached(open_cells, others)]
    rows = [*years.values(), sum(columns) - sum(years.values())]
    _check_feasible(columns, pinned, rows, reach)
    # The children without a pinned year have the same row factor: they are fitted as one row.
    together = [sum([column[child] for child in others]) for column in weights]
    by_row = [[column[child] for column in weights] for child in pinned] + [together]
    fitted = fit(by_row, rows, columns, reach)
    sharing = _sharing(weights, open_cells, others)
    table = round_to_margins(_ideals(fitted, sharing, pinned, others), columns, years)
    if table is None:
        *exact, rest = complete(fitted, rows, columns, reach)
        by_child = dict(zip([*pinned, *others], [*exact, *share_and_round(rest, sharing)], strict=True))
        table = [by_child[child] for child in range(len(by_child))]
    return table


def _sharing(weights: Sequence[Sequence[int]], open_cells: Sequence[int], children: Sequence[int]) -> list[list[int]]:
    """Per month the weights of these children among themselves."""
    sharing = []
    for month, column in enumerate(weights):
        own = [column[child] for child in children]
        sharing.append(own if any(own) else [open_cells[child] >> month & 1 for child in children])
    return sharing


def _reached(open_cells: Sequence[int], children: Sequence[int]) -> int:
    reached = 0
    for child in children:
        reached |= open_cells[child]
    return reached


def _check_feasible(columns: Sequence[int], pinned: Sequence[int], rows: Sequence[int], reach: Sequence[int]) -> None:
    """Refuse what no table can meet: naming one child or one month where that suffices, else all involved."""
    *totals, rest = rows
    for child, total, cells in zip(pinned, totals, reach, strict=False):
        _refuse_crowded(columns, {child: total}, [month for month in range(len(columns)) if cells >> month & 1])
    for month in range(len(columns)):
        if not reach[-1] >> month & 1:
            open_here = [index for index in range(len(pinned)) if reach[index] >> month & 1]
            _refuse_short(columns, {pinned[index]: totals[index] for index in open_here}, [month])
    if rest < 0:
        _refuse_crowded(columns, dict(zip(pinned, totals, strict=True)), range(len(columns)))
    routing = route(rows, reach, columns)
    crowded = set(routing.crowded_rows)
    if len(pinned) in crowded:
        outside = {child: totals[index] for index, child in enumerate(pinned) if index not in crowded}
        _refuse_short(columns, outside, sorted(set(range(len(columns))) - set(routing.crowded_months)))
    elif crowded:
        inside = {pinned[index]: totals[index] for index in sorted(crowded)}
        _refuse_crowded(columns, inside, routing.crowded_months)


def _refuse_crowded(columns: Sequence[int], totals: Mapping[int, int], months: Sequence[int]) -> None:
    required, available = sum(totals.values()), sum([columns[month] for month in months])
    if required > available:
        raise DecompositionRefused(
            "PINNED_EXCEEDS_MONTHS",
            children=tuple(totals),
            months=months,
            required=required,
            available=available,
        )


def _refuse_short(columns: Sequence[int], totals: Mapping[int, int], months: Sequence[int]) -> None:
    required, available = sum([columns[month] for month in months]), sum(totals.values())
    if required > available:
        raise DecompositionRefused(
            "MONTHS_EXCEED_PINNED",
            children=tuple(totals),
            months=months,
            required=required,
            available=available,
        )


def _ideals(
    fitted: Sequence[Sequence[Decimal]],
    sharing: Sequence[Sequence[int]],
    pinned: Sequence[int],
    others: Sequence[int],
) -> Ideals:
    floors = [[0] * len(sharing) for _ in range(len(pinned) + len(others))]
    remainders = [list(row) for row in floors]
    for month, weights in enumerate(sharing):
        grains = {child: _grains(row[month]) for child, row in zip(pinned, fitted, strict=False)}
        shared = _grains(fitted[-1][month])
        whole = sum(weights) or 1
        for child, weight in zip(others, weights, strict=True):
            grains[child] = (2 * shared * weight + whole) // (2 * whole)
        for child, amount in grains.items():
            floors[child][month], remainders[child][month] = divmod(amount, GRAIN)
    return Ideals(floors, remainders, GRAIN)


def _grains(amount: Decimal) -> int:
    return int(CONTEXT.multiply(amount, Decimal(GRAIN)).to_integral_value(ROUND_HALF_EVEN))
