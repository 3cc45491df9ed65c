"""What holds for every projection, growth and sum."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from quotaloom.targets.attainment import Lines, Sums, growth, run_rate

amounts = st.integers(-(10**15), 10**15)
some_days = st.integers(1, 400)
lines = st.builds(Lines, *[st.none() | st.integers(0, 10**15)] * 3)
sums = st.builds(Sums, amounts, amounts, lines)


@given(achieved=amounts, days=some_days)
def test_at_the_end_the_run_rate_is_what_was_achieved(achieved: int, days: int) -> None:
    """Once every working day has passed, nothing is projected any more."""
    assert run_rate(achieved, days, days) == achieved


@given(achieved=amounts, elapsed=some_days, more=st.integers(0, 400))
def test_the_run_rate_keeps_the_speed_to_half_a_unit(achieved: int, elapsed: int, more: int) -> None:
    """What is projected a day is what was achieved a day, but for the one rounding."""
    projected = run_rate(achieved, elapsed, elapsed + more)
    assert projected is not None
    difference = Fraction(achieved, elapsed) * (elapsed + more) - projected
    assert abs(difference) <= Fraction(1, 2)


@given(now=amounts, before=amounts)
def test_growth_points_where_the_amount_went(now: int, before: int) -> None:
    """Above 0 only where there is more, below 0 only where there is less; untold only after nothing."""
    grown = growth(now, before)
    assert (grown is None) == (before == 0)
    if grown is not None and grown != 0:
        assert (grown > 0) == (now > before)


@given(one=sums, other=sums, third=sums)
def test_sums_add_up_in_any_order(one: Sums, other: Sums, third: Sums) -> None:
    """A chart's last point is the same however its periods are taken together; no period adds nothing."""
    assert one.plus(other).plus(third) == third.plus(one.plus(other))
    assert one.plus(other.plus(third)) == one.plus(other).plus(third)
    assert Sums().plus(one) == one
