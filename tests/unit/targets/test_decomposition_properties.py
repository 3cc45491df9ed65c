"""What holds for every decomposition, over random trees, weights, locks and pins."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from quotaloom.targets.apportionment import over_assigned, spread_over_months
from quotaloom.targets.decomposition import SplitRequest, split
from quotaloom.targets.refusals import DecompositionRefused
from tests.unit.targets.oracle import Table, ideal_cells, outcome
from tests.unit.targets.strategies import (
    bound_requests,
    factors,
    free_requests,
    weight_matrices,
    wild_weights,
)


@settings(max_examples=200, deadline=None)
@given(free_requests())
def test_without_locks_every_cell_and_year_is_the_floor_or_ceiling_of_its_ideal(request: SplitRequest) -> None:
    """The months are exact, and no cell and no year is a whole unit away from its ideal."""
    columns = over_assigned(request.columns, request.over_assignment)
    table = split(request)
    assert [sum(column) for column in zip(*table, strict=True)] == columns
    for row, ideals in zip(table, ideal_cells(request, columns), strict=True):
        year = sum(ideals, Fraction(0))
        assert math.floor(year) <= sum(row) <= math.ceil(year)
        assert all(math.floor(ideal) <= cell <= math.ceil(ideal) for cell, ideal in zip(row, ideals, strict=True))


@settings(max_examples=200, deadline=None)
@given(bound_requests())
def test_with_locks_and_pins_the_margins_are_exact_and_what_is_fixed_stays(request: SplitRequest) -> None:
    """Whatever is not refused meets every margin, is nowhere negative and is the same the next time."""
    table = outcome(request)
    if not isinstance(table, DecompositionRefused):
        assert_exact(request, table)
        assert outcome(request) == table


@settings(max_examples=300, deadline=None)
@given(bound_requests(most_children=5, most_months=5, largest=10**18))
def test_large_tables_are_refused_exactly_where_some_months_and_children_cannot_agree(
    request: SplitRequest,
) -> None:
    """Between any set of months and the children confined to it, the amounts must fit; then a table exists."""
    table = outcome(request)
    if not isinstance(table, DecompositionRefused):
        assert_exact(request, table)
        assert margins_agree(request, over_assigned(request.columns, request.over_assignment))
    elif table.code == "AMOUNT_TOO_LARGE":
        assert sum(request.columns) * request.over_assignment > 2**63 - 1
    else:
        assert not margins_agree(request, over_assigned(request.columns, request.over_assignment))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_level_of_a_tree_adds_up_for_the_year_and_each_month(data: st.DataObject) -> None:
    """A company's year goes over its months, then down three levels, each split from the level above."""
    months = data.draw(st.sampled_from([12, 12, 4, 1]))
    weights = data.draw(st.lists(wild_weights, min_size=months, max_size=months))
    year = data.draw(st.integers(0, 10**12))
    level = [tuple(spread_over_months(year, weights))]
    assert sum(level[0]) == year
    for _ in range(3):
        below: list[tuple[int, ...]] = []
        for parent in level[:6]:
            request = child_request(data, parent)
            children = split(request)
            assert_exact(request, children)
            if request.over_assignment == 1:
                assert sum(map(sum, children)) == sum(parent)
            below += [tuple(row) for row in children]
        level = below


def child_request(data: st.DataObject, parent: tuple[int, ...]) -> SplitRequest:
    """One parent's split with locks and one pinned year that surely leave room: no more than a share each."""
    children = data.draw(st.integers(1, 4))
    matrix = data.draw(weight_matrices(children, len(parent)))
    if children == 1:
        return SplitRequest(parent, matrix, data.draw(factors))
    cells = st.tuples(st.integers(1, children - 1), st.integers(0, len(parent) - 1))
    fixed = {
        (child, month): data.draw(st.integers(0, parent[month] // (2 * children)))
        for child, month in sorted(data.draw(st.sets(cells, max_size=8)))
    }
    room = {
        child: [parent[month] // (2 * children) for month in range(len(parent)) if (child, month) not in fixed]
        for child in range(1, children)
    }
    pinned = {
        child: sum(amount for (at, _), amount in fixed.items() if at == child)
        + data.draw(st.integers(0, sum(room[child])))
        for child in sorted(data.draw(st.sets(st.integers(1, children - 1), max_size=1)))
    }
    return SplitRequest(parent, matrix, data.draw(factors), fixed, pinned)


def assert_exact(request: SplitRequest, table: Table) -> None:
    columns = over_assigned(request.columns, request.over_assignment)
    assert [sum(column) for column in zip(*table, strict=True)] == columns
    assert min(min(row) for row in table) >= 0
    assert all(table[child][month] == amount for (child, month), amount in request.fixed.items())
    assert all(sum(table[child]) == year for child, year in request.year_totals.items())


def margins_agree(request: SplitRequest, columns: list[int]) -> bool:
    """The supply and demand theorem: every set of months has room for, and can be filled by, the children."""
    left = [
        total - sum(amount for (_, at), amount in request.fixed.items() if at == month)
        for month, total in enumerate(columns)
    ]
    years = {
        child: year - sum(amount for (at, _), amount in request.fixed.items() if at == child)
        for child, year in request.year_totals.items()
    }
    if min(left) < 0 or min(years.values(), default=0) < 0:
        return False
    reach = [
        {month for month in range(len(columns)) if (child, month) not in request.fixed}
        for child in range(len(request.weights))
    ]
    for size in range(len(columns) + 1):
        for chosen in map(set, combinations(range(len(columns)), size)):
            amount = sum(left[month] for month in chosen)
            if sum(year for child, year in years.items() if reach[child] <= chosen) > amount:
                return False
            inside = [child for child, months in enumerate(reach) if months & chosen]
            if all(child in years for child in inside) and sum(years[child] for child in inside) < amount:
                return False
    return True
