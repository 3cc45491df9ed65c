"""The biproportional fit: the table in the proportions of weights that meets two margins.

Also known as iterative proportional fitting or RAS: rows and columns are scaled in turn until both margins
hold. Computed in decimals of 60 digits, so that it is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from operator import mul

from quotaloom.targets.transportation import never_used, route

CONTEXT = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN)
ZERO = Decimal(0)
CLOSE = Decimal("1e-9")
"""Minor units by which the sums of all rows together may still be off when the scaling stops."""
PLAIN_SWEEPS = 20
RIDGE = Decimal("1e-30")
"""Keeps the Newton system solvable: a common factor of the months changes nothing."""
MOST_CELLS = 1_000_000
"""Cells scaled before it stops in any case: what is left is then settled by the rounding."""
NEGLIGIBLE = 10**9
"""How many times smaller than the smallest weight a weight of 0 is where amounts must go there."""


def fit(
    weights: Sequence[Sequence[int]], rows: Sequence[int], columns: Sequence[int], reach: Sequence[int]
) -> list[list[Decimal]]:
    """The fit of non-negative `weights` to `rows` and `columns`, whose sums agree; cells outside `reach` are 0.

    There must be a table with these margins within `reach`. Where there is none on the cells with positive
    weights, the other cells of `reach` count with a negligible equal weight; a row of nothing but zeros has
    equal weights. The sums of the months are exact to 50 digits, those of the rows as far as it converged.
    """
    usable = [_usable(row, mask) for row, mask in zip(weights, reach, strict=True)]
    masks = [_positive(row) for row in usable]
    routing = route(rows, masks, columns)
    if routing.crowded_rows:
        usable = [
            [(weight * NEGLIGIBLE or 1) if mask >> month & 1 else 0 for month, weight in enumerate(row)]
            for row, mask in zip(usable, reach, strict=True)
        ]
        masks = list(reach)
        routing = route(rows, masks, columns)
    for row, unused in zip(usable, never_used(routing.table, masks), strict=True):
        for month in range(len(columns)):
            if unused >> month & 1:
                row[month] = 0
    with localcontext(CONTEXT):
        return _scaled(usable, rows, columns)


def _scaled(weights: Sequence[Sequence[int]], rows: Sequence[int], columns: Sequence[int]) -> list[list[Decimal]]:
    """Scale until the margins hold; after some plain sweeps every other one is a Newton step.

    Plain scaling alone would crawl where the margins leave hardly any room. A Newton step that makes the
    sums worse is undone, and the next one is shorter.
    """
    by_row = [[Decimal(weight) for weight in row] for row in weights]
    factors = [Decimal(1)] * len(columns)
    reach = Decimal(2)
    before = None
    for sweep in range(max(60, min(400, MOST_CELLS // (len(rows) * len(columns))))):
        table = [_to_total(map(mul, row, factors), total) for row, total in zip(by_row, rows, strict=True)]
        totals = [sum(column, ZERO) for column in zip(*table, strict=True)]
        off = sum([abs(total - column) for total, column in zip(totals, columns, strict=True)], ZERO)
        if off <= CLOSE:
            break
        if before and off > before[0]:
            factors, reach, before = before[1], reach / 4, None
            continue
        reach = min(reach * 2, Decimal(32)) if before else reach
        before = (off, factors) if sweep >= PLAIN_SWEEPS and not before else None
        if before:
            changes = _newton_step(table, totals, columns, reach)
        else:
            changes = [column / total if total else ZERO for column, total in zip(columns, totals, strict=True)]
        factors = list(map(mul, factors, changes))
    return [
        [cell * column / total if total else ZERO for cell, column, total in zip(row, columns, totals, strict=True)]
        for row in table
    ]


def _to_total(cells: Iterable[Decimal], total: int) -> list[Decimal]:
    row = list(cells)
    whole = sum(row, ZERO)
    factor = total / whole if whole else ZERO
    return [cell * factor for cell in row]


def _newton_step(
    table: Sequence[Sequence[Decimal]], totals: Sequence[Decimal], columns: Sequence[int], reach: Decimal
) -> list[Decimal]:
    """Factors for the months, none beyond exp(±reach), that meet all margins to first order."""
    used = [month for month, total in enumerate(totals) if total]
    matrix = [[ZERO] * len(used) + [columns[month] - totals[month]] for month in used]
    for row in table:
        cells = [row[month] for month in used]
        whole = sum(cells, ZERO)
        for own, equation in zip(cells, matrix, strict=True):
            if own:
                share = own / whole
                equation[:-1] = [value - share * cell for value, cell in zip(equation, cells, strict=False)]
    for index, month in enumerate(used):
        matrix[index][index] += totals[month] * (1 + RIDGE)
    steps = _solve(matrix)
    shorten = min(Decimal(1), reach / max(map(abs, steps))) if any(steps) else ZERO
    by_month = dict(zip(used, steps, strict=True))
    return [(by_month.get(month, ZERO) * shorten).exp() for month in range(len(totals))]


def _solve(matrix: list[list[Decimal]]) -> list[Decimal]:
    """The solution of a positive definite system; the last column is its right side."""
    size = len(matrix)
    for pivot, row in enumerate(matrix):
        row[:] = [value / row[pivot] for value in row]
        for index in range(size):
            factor = matrix[index][pivot]
            if index != pivot and factor:
                matrix[index] = [value - factor * above for value, above in zip(matrix[index], row, strict=True)]
    return [row[-1] for row in matrix]


def _usable(weights: Sequence[int], mask: int) -> list[int]:
    row = [weight if mask >> month & 1 else 0 for month, weight in enumerate(weights)]
    return row if any(row) else [mask >> month & 1 for month in range(len(row))]


def _positive(row: Sequence[int]) -> int:
    return sum([1 << month for month, weight in enumerate(row) if weight])
