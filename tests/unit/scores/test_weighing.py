"""What metrics contribute to a score, and how it is rounded."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotaloom.scores.weighing import contribution, shares, six_places, weighted


@pytest.mark.parametrize(
    ("achieved", "target", "cap", "lower", "expected"),
    [
        (200, 300, None, False, Fraction(2, 3)),
        (15, 10, "1.2", False, Fraction(6, 5)),
        (11, 10, "1.2", False, Fraction(11, 10)),
        (-5, 10, None, False, Fraction(-1, 2)),
        (8, 10, None, True, Fraction(6, 5)),
        (10, 10, None, True, Fraction(1)),
        (12, 10, None, True, Fraction(4, 5)),
        (25, 10, None, True, Fraction(0)),
        (0, 10, None, True, Fraction(2)),
        (0, 10, "1.5", True, Fraction(3, 2)),
        (5, 0, None, False, None),
        (5, None, None, True, None),
    ],
)
def test_a_contribution_is_the_rate_or_turned_round(
    achieved: int, target: int | None, cap: str | None, lower: bool, expected: Fraction | None
) -> None:
    """At target both are 1; lower is better loses what higher gains, and never more than everything."""
    found = contribution(achieved, target, None if cap is None else Decimal(cap), lower_is_better=lower)
    assert found == expected


def test_a_score_is_rounded_once() -> None:
    """3 × 2/3 + 1 × 1.2 + 2 × 1.2 is 5.6, ÷ 6 0.933333; from a rounded 0.666667 it would be 0.933334."""
    value = weighted([Decimal(3), Decimal(1), Decimal(2)], [Fraction(2, 3), Fraction(6, 5), Fraction(6, 5)])
    assert value == Fraction(14, 15)
    assert six_places(value) == Decimal("0.933333")
    assert six_places(Fraction(1, 2 * 10**6)) == Decimal("0.000001")
    assert six_places(None) is None


def test_only_the_proportion_of_weights_counts() -> None:
    """70 to 30 is 0.7 to 0.3."""
    worth = [Fraction(1), Fraction(1, 2)]
    assert weighted([Decimal(70), Decimal(30)], worth) == weighted([Decimal("0.7"), Decimal("0.3")], worth)
    assert shares([Decimal(70), Decimal(30)]) == [Fraction(7, 10), Fraction(3, 10)]


def test_a_score_without_one_of_its_parts_is_none() -> None:
    """Nothing stands for what is not known, however little it weighs."""
    assert weighted([Decimal(1), Decimal("0.000001")], [Fraction(1), None]) is None


WEIGHTS = st.lists(st.decimals("0.000001", "1000000", places=6), min_size=1, max_size=8)


@given(WEIGHTS, st.fractions(-10, 10))
def test_where_all_contribute_alike_that_is_the_score(weights: list[Decimal], worth: Fraction) -> None:
    """Whatever the weights, and they make exactly 1 together."""
    assert weighted(weights, [worth] * len(weights)) == worth
    assert sum(shares(weights)) == 1
