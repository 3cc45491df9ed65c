"""Splitting a parent's months among its children: worked examples and edges."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest

from quotaloom.platform.amounts import Rational
from quotaloom.targets.apportionment import spread_over_months
from quotaloom.targets.decomposition import SplitRequest, split


def even(children: int, months: int) -> tuple[tuple[Rational, ...], ...]:
    return ((1,) * months,) * children


def test_a_million_over_twelve_months_and_three_departments() -> None:
    """The worked example: 36 cells, both margins exact, 28 cells with the higher and 8 with the lower amount."""
    months = spread_over_months(1_000_000_00, [1] * 12)
    cells = split(SplitRequest(tuple(months), even(3, 12)))
    assert [sum(row) for row in cells] == [333_333_34, 333_333_33, 333_333_33]
    assert [sum(column) for column in zip(*cells, strict=True)] == [83_333_34] * 4 + [83_333_33] * 8
    assert Counter(cell for row in cells for cell in row) == {27_777_78: 28, 27_777_77: 8}


def test_whole_shares_are_taken_as_they_are() -> None:
    """Nothing is left over, so nothing is chosen."""
    assert split(SplitRequest((30, 60), ((1, 1), (2, 1), (0, 1)))) == [[10, 20], [20, 20], [0, 20]]


def test_few_orders_are_spread_over_the_year_and_not_bunched() -> None:
    """Two children share one order a month: each has six, every other month."""
    assert split(SplitRequest((1,) * 12, even(2, 12))) == [[1, 0] * 6, [0, 1] * 6]


def test_a_ceiling_goes_to_the_next_child_where_the_months_do_not_allow_it() -> None:
    """All four years are 1/2; the first two could only both be 1 in a month that has but one unit."""
    request = SplitRequest((1, 1), ((0, 1), (0, 1), (2, 0), (2, 0)))
    assert split(request) == [[0, 1], [0, 0], [1, 0], [0, 0]]


def test_months_of_nothing_but_zeros_are_shared_equally() -> None:
    """The second month has no weight at all, the first has."""
    assert split(SplitRequest((9, 9), ((0, 0), (2, 0), (1, 0)))) == [[0, 3], [6, 3], [3, 3]]


def test_the_scale_and_type_of_weights_do_not_matter() -> None:
    """0.1 : 0.2 : 0.3, 1 : 2 : 3 and 1/6 : 1/3 : 1/2 are the same weights."""
    plain = split(SplitRequest((100, 101), ((1, 1), (2, 2), (3, 3))))
    tenths = tuple((Decimal(weight) / 10,) * 2 for weight in (1, 2, 3))
    sixths = tuple((Fraction(weight, 6),) * 2 for weight in (1, 2, 3))
    assert split(SplitRequest((100, 101), tenths)) == plain
    assert split(SplitRequest((100, 101), sixths)) == plain


def test_over_assigned_children_sum_to_more_than_the_parent() -> None:
    """100 a month × 1.1 is 110, which two children share."""
    assert split(SplitRequest((100, 100), even(2, 2), Fraction(11, 10))) == [[55, 55], [55, 55]]


def test_fixed_cells_stay_and_the_others_share_what_remains() -> None:
    """40 of the first month is locked for the second child: 60 is left for the other two."""
    request = SplitRequest((100, 90), even(3, 2), fixed={(1, 0): 40})
    assert split(request) == [[30, 30], [40, 30], [30, 30]]


def test_a_pinned_year_is_met_in_proportion_to_the_months() -> None:
    """Years of 60 and 30 over months of 60 and 30 are 40 + 20 and 20 + 10."""
    assert split(SplitRequest((60, 30), even(2, 2), year_totals={0: 60})) == [[40, 20], [20, 10]]


def test_pinned_years_and_fixed_cells_hold_together() -> None:
    """The first child has 10 fixed of 50, so 40 in the second month; the others share 90 and 60."""
    request = SplitRequest((100, 100), even(3, 2), fixed={(0, 0): 10}, year_totals={0: 50})
    assert split(request) == [[10, 40], [45, 30], [45, 30]]


def test_a_pinned_child_without_weights_counts_as_equal() -> None:
    """A year of 12 is pinned on a child that has no weights: months are equal, so 6 and 6."""
    assert split(SplitRequest((20, 20), ((0, 0), (1, 1)), year_totals={0: 12})) == [[6, 6], [14, 14]]


def test_a_zero_weight_takes_what_nobody_else_can() -> None:
    """The first child must hold 15 but weighs only in a month of 10: the other 5 go where its weight is 0."""
    assert split(SplitRequest((10, 10), ((1, 0), (1, 1)), year_totals={0: 15})) == [[10, 5], [0, 5]]


def test_a_zero_weight_stays_zero_where_margins_leave_one_unit() -> None:
    """The second child weighs nothing in the first month, so all of it is the first child's, and one more."""
    request = SplitRequest((10**8, 10**8), ((1, 1), (0, 1)), year_totals={0: 10**8 + 1, 1: 10**8 - 1})
    assert split(request) == [[10**8, 1], [0, 10**8 - 1]]


def test_the_largest_amounts_are_split_exactly() -> None:
    """2**63 - 1 is divisible by 7, and 7 children have weights of 18 digits."""
    weights = ((10**18 - 1,),) * 7
    assert split(SplitRequest((2**63 - 1,), weights)) == [[1_317_624_576_693_539_401]] * 7


def test_no_children_share_nothing() -> None:
    """A parent without children and without a target is no error."""
    assert split(SplitRequest((0, 0), ())) == []


def test_a_request_out_of_shape_is_a_programming_error() -> None:
    """There are months, and rows, fixed cells and pinned years lie within the table."""
    with pytest.raises(ValueError, match="at least one month"):
        SplitRequest((), ((),))
    with pytest.raises(ValueError, match="every child needs 2 weights"):
        SplitRequest((1, 2), ((1,),))
    with pytest.raises(ValueError, match="fixed cell lies outside"):
        SplitRequest((1,), ((1,),), fixed={(1, 0): 0})
    with pytest.raises(ValueError, match="none of the children"):
        SplitRequest((1,), ((1,),), year_totals={-1: 0})
