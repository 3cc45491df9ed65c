"""The quick split against slow enumeration of every table."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from quotaloom.targets.apportionment import over_assigned
from quotaloom.targets.decomposition import SplitRequest, split
from quotaloom.targets.refusals import DecompositionRefused
from tests.unit.targets.oracle import can_be_met, controlled_roundings, ideal_cells, outcome, preferred, scaled_in_turn
from tests.unit.targets.strategies import bound_requests, free_requests, plain_weights


@settings(max_examples=200, deadline=None)
@given(free_requests(most_children=4, most_months=4, largest=9, weights=plain_weights))
def test_the_table_is_the_preferred_one_of_all_controlled_roundings(request: SplitRequest) -> None:
    """Ceilings go by largest remainder wherever the months allow, then to whoever lags, month by month."""
    columns = over_assigned(request.columns, request.over_assignment)
    ideals = ideal_cells(request, columns)
    assert split(request) == preferred(list(controlled_roundings(ideals)), ideals)


@settings(max_examples=200, deadline=None)
@given(bound_requests(most_children=4, most_months=4, largest=9, weights=plain_weights))
def test_fixed_cells_leave_a_controlled_rounding_of_the_rest(request: SplitRequest) -> None:
    """With fixed cells alone, the open cells are the preferred controlled rounding of what remains."""
    request = replace(request, year_totals={})
    columns = over_assigned(request.columns, request.over_assignment)
    table = outcome(request)
    if isinstance(table, DecompositionRefused):
        assert not can_be_met(request, columns)
        return
    ideals = ideal_cells(request, columns)
    open_ideals = [
        [Fraction(0) if (child, month) in request.fixed else ideal for month, ideal in enumerate(row)]
        for child, row in enumerate(ideals)
    ]
    expected = preferred(list(controlled_roundings(open_ideals)), open_ideals)
    for (child, month), amount in request.fixed.items():
        expected[child][month] = amount
    assert table == expected


@settings(max_examples=200, deadline=None)
@given(bound_requests(most_children=3, most_months=4, largest=5, weights=plain_weights))
def test_exactly_what_no_table_can_meet_is_refused(request: SplitRequest) -> None:
    """A split is refused where enumeration finds no table, and nowhere else."""
    result = outcome(request)
    met = not isinstance(result, DecompositionRefused)
    assert met == can_be_met(request, over_assigned(request.columns, request.over_assignment))
    if isinstance(result, DecompositionRefused):
        assert result.child is not None or result.month is not None


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_with_pinned_years_cells_are_floors_and_ceilings_of_the_biproportional_fit(data: st.DataObject) -> None:
    """No cell is a whole unit or more away from what scaling by turns arrives at."""
    children, months = data.draw(st.integers(2, 4)), data.draw(st.integers(2, 4))
    row = st.tuples(*[st.integers(1, 5)] * months)
    rows = st.lists(row, min_size=children, max_size=children).map(tuple)
    example = data.draw(rows)
    columns = tuple(sum(column) for column in zip(*example, strict=True))
    pinned = {child: sum(example[child]) for child in range(data.draw(st.integers(1, children)))}
    request = SplitRequest(columns, data.draw(rows), year_totals=pinned)
    for cells, ideals in zip(split(request), scaled_in_turn(request), strict=True):
        assert all(abs(cell - ideal) < 1.000001 for cell, ideal in zip(cells, ideals, strict=True))
