"""The biproportional fit and the tables it is completed to."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from quotaloom.targets.proportional_fit import fit
from quotaloom.targets.transportation import complete, never_used, route

BOTH = 0b11


def rounded(table: list[list[Decimal]]) -> list[list[Decimal]]:
    return [[round(cell, 6) for cell in row] for row in table]


def test_equal_weights_give_the_product_of_the_margins() -> None:
    """Rows 30 and 70, months 40 and 60: 30% of 40 is 12, of 60 is 18, and so on."""
    assert rounded(fit([[1, 1], [1, 1]], [30, 70], [40, 60], [BOTH, BOTH])) == [[12, 18], [28, 42]]


def test_the_cross_ratio_of_the_weights_is_kept() -> None:
    """With all margins 3 and weights 4 1 1 1 the cells are 2 1 1 2: (2 × 2) / (1 × 1) is (4 × 1) / (1 × 1)."""
    assert rounded(fit([[4, 1], [1, 1]], [3, 3], [3, 3], [BOTH, BOTH])) == [[2, 1], [1, 2]]


def test_closed_cells_are_empty() -> None:
    """The second row is closed in the first month, so the first row takes all of it."""
    assert rounded(fit([[1, 1], [0, 1]], [5, 3], [4, 4], [BOTH, 0b10])) == [[4, 1], [0, 3]]


def test_a_weight_of_zero_is_used_no_more_than_margins_force() -> None:
    """Row 1 weighs only in month 1, which has 4 of its 5: one unit must go to month 2, none more."""
    assert rounded(fit([[1, 0], [1, 1]], [5, 3], [4, 4], [BOTH, BOTH])) == [[4, 1], [0, 3]]


def test_margins_that_leave_next_to_no_room_are_still_met() -> None:
    """Months of 100,000,000 with one unit of slack: a fit by plain scaling alone would need millions of sweeps."""
    margin = 10**8
    assert rounded(fit([[1, 1], [0, 1]], [margin + 1, margin - 1], [margin, margin], [BOTH, BOTH])) == [
        [margin, 1],
        [0, margin - 1],
    ]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_fit_of_positive_weights_has_both_margins_and_all_cross_ratios(data: st.DataObject) -> None:
    """That is what defines it."""
    rows, months = data.draw(st.integers(2, 5)), data.draw(st.integers(2, 5))
    amounts = st.lists(st.integers(1, 10**6), min_size=months, max_size=months)
    weights = data.draw(st.lists(amounts, min_size=rows, max_size=rows))
    some_table = data.draw(st.lists(amounts, min_size=rows, max_size=rows))
    totals = [sum(row) for row in some_table]
    columns = [sum(column) for column in zip(*some_table, strict=True)]
    table = fit(weights, totals, columns, [(1 << months) - 1] * rows)
    assert [round(sum(row), 6) for row in table] == totals
    assert [round(sum(column), 6) for column in zip(*table, strict=True)] == columns
    for row, own in zip(table, weights, strict=True):
        for month in range(1, months):
            ratio = row[month] * own[0] * table[0][0] * weights[0][month]
            expected = row[0] * own[month] * table[0][month] * weights[0][0]
            assert abs(ratio / expected - 1) < Decimal("1e-6")


def test_an_approximate_table_is_completed_near_to_it() -> None:
    """One unit is missing in each row and each month; the first row's goes to the first month that lacks one."""
    near = [[Decimal("1.5"), Decimal("4.2")], [Decimal(5), Decimal("0.9")]]
    assert complete(near, [6, 6], [7, 5], [BOTH, BOTH]) == [[2, 4], [5, 1]]


def test_an_approximate_table_beyond_its_margins_is_cut_to_them() -> None:
    """9 of the first row's 6, and nothing is left of the first month but 1."""
    far = [[Decimal("9.5"), Decimal(0)], [Decimal(3), Decimal("2.5")]]
    assert complete(far, [6, 6], [7, 5], [BOTH, BOTH]) == [[6, 0], [1, 5]]


def test_amounts_move_on_to_make_room() -> None:
    """The first row fills month 1, the only one open to the second row, and moves to month 2 for it."""
    assert route([3, 3], [BOTH, 0b01], [3, 3]).table == [[0, 3], [3, 0]]


def test_a_crowd_is_named_where_supplies_do_not_fit() -> None:
    """Rows 2 and 3 have 5 together for month 1, which takes 4."""
    routing = route([2, 3, 2], [0b10, 0b01, 0b01], [4, 3])
    assert (routing.crowded_rows, routing.crowded_months) == ((1, 2), (0,))


def test_cells_that_no_table_can_use_are_known() -> None:
    """Rows 3 and 3 with months 3 and 3: the second row needs all of month 1, so the first never enters it."""
    assert never_used([[0, 3], [3, 0]], [BOTH, 0b01]) == [0b01, 0]


def test_cells_that_take_part_in_a_longer_exchange_are_not_given_up() -> None:
    """Three rows of 3 can all move on by one month in a ring, so every open cell can be used."""
    assert never_used([[3, 0, 0], [0, 3, 0], [0, 0, 3]], [0b011, 0b110, 0b101]) == [0, 0, 0]


def test_a_row_of_nothing_but_zeros_has_equal_weights_and_changes_no_other_zero() -> None:
    """The second row weighs in month 1 alone, 6 of its 10; month 2 is all the first row's."""
    trillion = 10**12
    table = fit([[0, 0], [1, 0]], [12 * trillion, 6 * trillion], [10 * trillion, 8 * trillion], [BOTH, BOTH])
    assert rounded(table) == [[4 * trillion, 8 * trillion], [6 * trillion, 0]]
