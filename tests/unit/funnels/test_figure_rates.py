"""Rates, averages, velocity and coverage."""

from __future__ import annotations

from decimal import Decimal

from quotaloom.funnels.figures.days import NO_DAYS, DaySpread
from quotaloom.funnels.figures.rates import average, coverage, share, velocity, win_rate
from quotaloom.funnels.figures.sums import NO_DEALS, DealSums, total
from quotaloom.funnels.worth import Unconverted


def test_a_rate_has_six_places_and_none_without_a_whole() -> None:
    """Two thirds are 0.666667; of nothing there is no part."""
    assert share(2, 3) == Decimal("0.666667")
    assert share(0, 7) == Decimal(0)
    assert share(1, 0) is None


def test_a_win_rate_is_of_deals_that_were_won_or_lost() -> None:
    """Three won and one lost are 0.75; where none was closed there is none."""
    assert win_rate(DealSums(3), DealSums(1)) == Decimal("0.75")
    assert win_rate(NO_DEALS, DealSums(2)) == Decimal(0)
    assert win_rate(NO_DEALS, NO_DEALS) is None


def test_an_average_is_of_the_deals_in_the_amount() -> None:
    """Five deals, one without an amount and one in euros: 100.00 are of three, 33.33 each."""
    deals = DealSums(5, 100_00, without_amount=1, unconverted=(Unconverted("EUR", 1, 7_00),))
    assert average(deals) == 33_33
    assert average(DealSums(1, without_amount=1)) is None


def test_velocity_is_rounded_once() -> None:
    """7 open × 2/3 × 50.00 ÷ 9 days are 25.925…, so 25.93 a day."""
    won, lost = DealSums(2, 100_00), DealSums(1)
    assert velocity(7, won, lost, DaySpread(2, 18)) == 25_93
    assert velocity(0, won, lost, DaySpread(2, 18)) == 0


def test_velocity_needs_each_of_its_parts() -> None:
    """Without a won deal, an amount, or a day there is none."""
    won = DealSums(2, 100_00)
    assert velocity(7, NO_DEALS, DealSums(1), DaySpread(2, 18)) is None
    assert velocity(7, DealSums(1, without_amount=1), NO_DEALS, DaySpread(1, 9)) is None
    assert velocity(7, won, NO_DEALS, NO_DAYS) is None
    assert velocity(7, won, NO_DEALS, DaySpread(2, 0)) is None


def test_coverage_needs_something_that_remains() -> None:
    """150.00 against 120.00 that remain are 1.25; there is none once the target is met, or where there is no target."""
    assert coverage(150_00, 120_00) == Decimal("1.25")
    assert coverage(150_00, 0) is None
    assert coverage(150_00, -5_00) is None
    assert coverage(150_00, None) is None


def test_sums_add_up() -> None:
    """Counts and amounts are added, and of each currency what cannot be converted; the weight is rounded once."""
    euros, yen = Unconverted("EUR", 1, 5_00), Unconverted("JPY", 2, 900)
    one = DealSums(3, 10_00, Decimal("0.004"), 1, (euros,))
    other = DealSums(4, 20_00, Decimal("0.001"), 0, (Unconverted("EUR", 2, 7_00), yen))
    both = total([one, other, NO_DEALS])
    assert both == DealSums(7, 30_00, Decimal("0.005"), 1, (Unconverted("EUR", 3, 12_00), yen))
    assert (both.valued, total([]).count) == (1, 0)
    assert DealSums(weight=Decimal("0.5")).weighted_amount == 1
    assert DealSums(weight=Decimal("0.4999")).weighted_amount == 0


def test_the_mean_has_one_place() -> None:
    """10 days of 3 things are 3.3 each, 11 of 4 are 2.8."""
    assert DaySpread(3, 10).mean == Decimal("3.3")
    assert DaySpread(4, 11).mean == Decimal("2.8")
    assert NO_DAYS.mean is None
