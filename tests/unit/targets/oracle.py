"""Slow and obvious versions of what decomposition computes quickly, for small tables only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from quotaloom.targets.decomposition import SplitRequest, split
from quotaloom.targets.refusals import DecompositionRefused

Table = list[list[int]]
IdealTable = list[list[Fraction]]


def outcome(request: SplitRequest) -> Table | DecompositionRefused:
    """The table, or why there is none."""
    try:
        return split(request)
    except DecompositionRefused as refused:
        return refused


def ideal_cells(request: SplitRequest, columns: list[int]) -> IdealTable:
    """The ideal of every cell without pinned years; a fixed cell's ideal is its amount."""
    children = range(len(request.weights))
    table = [[Fraction(0)] * len(columns) for _ in children]
    for month, total in enumerate(columns):
        open_children = [child for child in children if (child, month) not in request.fixed]
        left = total - sum(amount for (_, at), amount in request.fixed.items() if at == month)
        weights = {child: Fraction(request.weights[child][month]) for child in open_children}
        if not any(weights.values()):
            weights = dict.fromkeys(open_children, Fraction(1))
        for child in children:
            if child in weights:
                table[child][month] = left * weights[child] / sum(weights.values())
            else:
                table[child][month] = Fraction(request.fixed[child, month])
    return table


def controlled_roundings(ideals: IdealTable) -> Iterator[Table]:
    """Every table of floors and ceilings whose years and months are floors or ceilings too."""
    rows = [list(roundings_of_year(row)) for row in ideals]
    months = [sum(column) for column in zip(*ideals, strict=True)]
    for table in product(*rows):
        if all(sum(column) == month for column, month in zip(zip(*table, strict=True), months, strict=True)):
            yield [list(row) for row in table]


def roundings_of_year(ideals: list[Fraction]) -> Iterator[tuple[int, ...]]:
    """Every row of floors and ceilings whose sum is the floor or ceiling of the sum."""
    year = sum(ideals)
    for row in product(*({math.floor(ideal), math.ceil(ideal)} for ideal in ideals)):
        if math.floor(year) <= sum(row) <= math.ceil(year):
            yield row


def preferred(tables: list[Table], ideals: IdealTable) -> Table:
    """The table to take: first by the children whose year is rounded up, then month by month."""
    years = [sum(row, Fraction(0)) for row in ideals]
    by_remainder = sorted(range(len(ideals)), key=lambda child: (math.floor(years[child]) - years[child], child))
    for child in by_remainder:
        tables = [table for table in tables if sum(table[child]) > years[child]] or tables
    for month in range(len(ideals[0])):
        given = [sum(row[:month]) for row in tables[0]]
        due = [sum(row[: month + 1], Fraction(0)) for row in ideals]
        floors = [math.floor(row[month]) for row in ideals]
        behind = [to_date - before - floor for to_date, before, floor in zip(due, given, floors, strict=True)]
        for child in sorted(range(len(ideals)), key=lambda index: (-behind[index], index)):
            tables = [table for table in tables if table[child][month] > floors[child]] or tables
    (table,) = tables
    return table


def can_be_met(request: SplitRequest, columns: list[int]) -> bool:
    """Whether any non-negative whole table has these months, the fixed cells and the pinned years."""
    children = range(len(request.weights))
    reached = {tuple(0 for _ in children)}
    for month, total in enumerate(columns):
        choices = [
            [request.fixed[child, month]] if (child, month) in request.fixed else range(total + 1) for child in children
        ]
        cells = [choice for choice in product(*choices) if sum(choice) == total]
        reached = {
            tuple(year + cell for year, cell in zip(years, choice, strict=True))
            for years in reached
            for choice in cells
        }
    return any(all(years[child] == year for child, year in request.year_totals.items()) for years in reached)


def scaled_in_turn(request: SplitRequest) -> list[list[float]]:
    """The biproportional fit of positive weights to the months and pinned years, by plain scaling."""
    table = [[float(weight) for weight in row] for row in request.weights]
    for _ in range(2000):
        for month, total in enumerate(request.columns):
            factor = total / sum(row[month] for row in table)
            for row in table:
                row[month] *= factor
        for child, year in request.year_totals.items():
            factor = year / sum(table[child])
            table[child] = [cell * factor for cell in table[child]]
    return table
