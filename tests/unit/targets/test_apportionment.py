"""Spreading a year over months and over-assigning it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotaloom.platform.amounts import Rational
from quotaloom.targets.apportionment import over_assigned, spread_over_months
from quotaloom.targets.refusals import DecompositionRefused
from tests.unit.targets.strategies import wild_weights

LOCKED_QUARTER = {0: 100_000_00, 1: 100_000_00, 2: 100_000_00}


def test_a_year_over_equal_months_gives_the_first_months_the_extra_cents() -> None:
    """1,000,000.00 over 12 months is 83,333.333…: 12 × 83,333.33 is 4 cents short."""
    assert spread_over_months(1_000_000_00, [1] * 12) == [83_333_34] * 4 + [83_333_33] * 8


def test_locked_months_stay_and_the_others_share_the_rest() -> None:
    """1,500,000 less 3 × 100,000 over nine months is 133,333.333…: 3 cents are left over."""
    assert spread_over_months(1_500_000_00, [1] * 12, LOCKED_QUARTER) == (
        [100_000_00] * 3 + [133_333_34] * 3 + [133_333_33] * 6
    )


def test_a_pinned_month_stays_too() -> None:
    """With May at 200,000 as well, 1,000,000 is left for eight months: 125,000 each."""
    assert spread_over_months(1_500_000_00, [1] * 12, {**LOCKED_QUARTER, 4: 200_000_00}) == (
        [100_000_00] * 3 + [125_000_00, 200_000_00] + [125_000_00] * 7
    )


def test_a_year_below_its_locked_months_is_refused_with_the_figures() -> None:
    """A year of 250,000 cannot hold three locked months of 100,000."""
    with pytest.raises(DecompositionRefused) as refused:
        spread_over_months(250_000_00, [1] * 12, LOCKED_QUARTER)
    assert refused.value.code == "LOCKED_EXCEEDS_TOTAL"
    assert (refused.value.required, refused.value.available) == (300_000_00, 250_000_00)
    assert refused.value.describe(amount=lambda minor: f"{minor // 100:,}") == (
        "the year: 300,000 is locked or pinned, but the total is 250,000; raise the total or release cells"
    )


def test_a_year_above_its_months_is_refused_when_every_month_is_fixed() -> None:
    """Two fixed months of 10 cannot make 25."""
    with pytest.raises(DecompositionRefused, match="hold 20, but the total is 25") as refused:
        spread_over_months(25, [1, 1], {0: 10, 1: 10})
    assert refused.value.code == "LOCKED_BELOW_TOTAL"


def test_weights_are_exact_whatever_their_type() -> None:
    """0.1 : 1/5 : 0 of 100 is 33.33… : 66.66… : 0."""
    assert spread_over_months(100, [Decimal("0.1"), Fraction(1, 5), 0]) == [33, 67, 0]


def test_zero_weights_count_as_equal_among_the_open_months() -> None:
    """The only weight belongs to a locked month, so the other two share 5 equally."""
    assert spread_over_months(15, [7, 0, 0], {0: 10}) == [10, 3, 2]


@pytest.mark.parametrize("weight", [-1, Decimal("-0.5"), Decimal("NaN"), Decimal("Infinity")])
def test_a_weight_that_is_no_share_is_refused_with_its_month(weight: Rational) -> None:
    """Negative and non-finite weights mean nothing."""
    with pytest.raises(DecompositionRefused, match="month 2") as refused:
        spread_over_months(10, [1, weight])
    assert (refused.value.code, refused.value.month) == ("WEIGHT_REFUSED", 1)


def test_negative_and_oversized_amounts_are_refused() -> None:
    """Amounts are 0 to 2**63 - 1 minor units."""
    with pytest.raises(DecompositionRefused, match="-1 is negative"):
        spread_over_months(-1, [1])
    with pytest.raises(DecompositionRefused, match="month 1: -2 is negative"):
        spread_over_months(10, [1, 1], {0: -2})
    with pytest.raises(DecompositionRefused, match="9223372036854775808 is larger"):
        spread_over_months(2**63, [1])


def test_a_fixed_month_outside_the_year_is_a_programming_error() -> None:
    """There is no thirteenth month."""
    with pytest.raises(ValueError, match="do not lie within 12 months"):
        spread_over_months(10, [1] * 12, {12: 1})


def test_over_assignment_rounds_the_year_half_up_and_the_months_by_remainder() -> None:
    """Three months of 5 × 1.1 are 5.5 each and 16.5 together: 17, so two months are rounded up."""
    assert over_assigned([5, 5, 5], Fraction(11, 10)) == [6, 6, 5]


def test_over_assignment_of_one_changes_nothing() -> None:
    """The usual case: the children sum to the parent."""
    assert over_assigned([7, 0, 9], Fraction(1)) == [7, 0, 9]


def test_an_over_assignment_that_is_negative_or_too_much_is_refused() -> None:
    """A factor starts at 0, and the product must fit into 64 bits."""
    with pytest.raises(DecompositionRefused) as refused:
        over_assigned([1], Fraction(-1, 2))
    assert refused.value.code == "OVER_ASSIGNMENT_REFUSED"
    with pytest.raises(DecompositionRefused) as refused:
        over_assigned([2**62], Fraction(2))
    assert refused.value.code == "AMOUNT_TOO_LARGE"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_spread_year_is_exact_and_keeps_what_is_fixed(data: st.DataObject) -> None:
    """Whatever is not refused sums to the year, keeps fixed months and is nowhere negative."""
    weights = data.draw(st.lists(wild_weights, min_size=1, max_size=13))
    fixed = data.draw(st.dictionaries(st.integers(0, len(weights) - 1), st.integers(0, 10**6), max_size=6))
    total = sum(fixed.values()) + data.draw(st.integers(-5, 10**12))
    feasible = total == sum(fixed.values()) or (total > sum(fixed.values()) and len(fixed) < len(weights))
    try:
        months = spread_over_months(total, weights, fixed)
    except DecompositionRefused:
        assert not feasible
    else:
        assert feasible
        assert sum(months) == total
        assert min(months) >= 0
        assert all(months[month] == amount for month, amount in fixed.items())
