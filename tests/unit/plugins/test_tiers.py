from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from quotaloom_incentives.tiers import TIERS, TiersParameters
from quotaloom_sdk import CannotDecide
from tests.unit.plugins.rewarding import amounts, entry, revenue, rewarded, shown

QUOTA = 100_000_00


def commission(achieved: int, target: int | None = QUOTA, **parameters: Any) -> int:
    """What is paid with 5 % up to 100 % and 8 % above, unless something else is said."""
    return amounts(rewarded(TIERS, revenue(achieved, target), **parameters)).get("commission", 0)


def test_marginal_tiers_pay_each_rate_on_its_band() -> None:
    """130,000 of 100,000: 5 % of 100,000 are 5,000, 8 % of 30,000 are 2,400. Exactly 100,000: 5,000."""
    assert commission(130_000_00) == 7_400_00
    assert commission(100_000_00) == 5_000_00
    assert commission(100_000_00, bounds="above") == 5_000_00


def test_whole_period_tiers_pay_the_rate_reached_on_everything() -> None:
    """130,000 at 8 %: 10,400; one cent below the quota still 5 % of 99,999.99, which are 4,999.9995."""
    assert commission(130_000_00, mode="whole_period") == 10_400_00
    assert commission(99_999_99, mode="whole_period") == 5_000_00
    assert commission(99_999_00, mode="whole_period") == 4_999_95


def test_whoever_meets_a_bound_exactly_is_where_it_says() -> None:
    """Exactly 100,000, whole-period: 8,000 with "from 100 %", 5,000 with "above 100 %", and a cent more 8,000."""
    assert commission(QUOTA, mode="whole_period", bounds="from") == 8_000_00
    assert commission(QUOTA, mode="whole_period", bounds="above") == 5_000_00
    assert commission(100_000_01, mode="whole_period", bounds="above") == 8_000_00


def test_nothing_is_paid_beyond_the_cap() -> None:
    """170,000 with a cap of 150 %: 5,000 and 8 % of 50,000, 9,000; whole-period 8 % of 150,000, 12,000."""
    assert commission(170_000_00, cap_percent=150) == 9_000_00
    assert commission(170_000_00, cap_percent=150, mode="whole_period") == 12_000_00
    assert commission(130_000_00, cap_percent=150) == 7_400_00


def test_a_cap_keeps_bands_beyond_it_out_of_reach() -> None:
    """180 % with a cap of 150 %: the band from 160 % is not reached, so 8 % of 150,000."""
    bands = [*TiersParameters().model_dump()["bands"], {"from_percent": 160, "rate_percent": 12}]
    assert commission(180_000_00, bands=bands, mode="whole_period") == 21_600_00
    assert commission(180_000_00, bands=bands, mode="whole_period", cap_percent=150) == 12_000_00


@pytest.mark.parametrize(
    "deals",
    [(60_000_00, 60_000_00, 10_000_00), (10_000_00, 60_000_00, 60_000_00), (130_000_00,), (1_00, 129_999_00)],
)
def test_deals_in_any_order_or_batch_pay_the_same(deals: tuple[int, ...]) -> None:
    """60,000, 60,000 and 10,000 come to 7,400, and the line names the entries behind it."""
    entries = [entry(str(number), amount) for number, amount in enumerate(deals, start=1)]
    (line,) = rewarded(TIERS, revenue(sum(deals), QUOTA), entries=entries).lines
    assert (line.key, line.amount) == ("commission", 7_400_00)
    assert line.entries == tuple(one.id for one in entries)


def test_a_period_that_is_restated_pays_by_what_is_left() -> None:
    """130,000 of which 40,000 are refunded: 90,000 earn 4,500, which is 2,900 less than 7,400."""
    entries = [entry("1", 90_000_00), entry("2", 40_000_00), entry("9", -40_000_00, source="refund", reverses="2")]
    paid = rewarded(TIERS, revenue(130_000_00, QUOTA), entries=entries[:2])
    restated = rewarded(TIERS, revenue(90_000_00, QUOTA), entries=entries)
    assert (amounts(paid), amounts(restated)) == ({"commission": 7_400_00}, {"commission": 4_500_00})
    assert restated.lines[0].entries == ("1", "2", "9")


def test_the_explanation_shows_each_band_and_the_sum() -> None:
    """Inputs first, then a line for each band that is reached."""
    (line,) = rewarded(TIERS, revenue(130_000_00, QUOTA), cap_percent=150).lines
    assert shown(line.explanation) == [
        "Tiers on revenue: each rate is paid on what lies in its band of the quota."
        " [achieved 13000000, quota 10000000, attained in percent 130, paid up to 15000000]",
        "  5 % from 0 % to 100 % of the quota. [counted 10000000, rate in percent 5, comes to 500000]",
        "  8 % from 100 % of the quota on. [counted 3000000, rate in percent 8, comes to 240000]",
    ]
    assert (line.base, line.rate) == (None, None)


def test_a_sum_with_a_part_of_a_cent_is_rounded_once() -> None:
    """0.10 of a quota of 0.10 at 5 % are half a cent, 0.05 of it a quarter; half up. Below 0 the same, mirrored."""
    (line,) = rewarded(TIERS, revenue(10, 10)).lines
    assert (line.amount, line.base, line.rate) == (1, 10, Fraction(1, 20))
    assert shown(line.explanation)[-1] == "  The sum is rounded once. [exactly 0.5, rounded half up 1]"
    assert rewarded(TIERS, revenue(5, 10)).lines == ()
    assert commission(-10, 10) == -1


def test_bounds_between_two_cents_are_exact() -> None:
    """33.3333 % of 1.00 are 33.3333 cents: nothing is paid on them, and 90 % on the other 66.6667."""
    bands = [{"from_percent": 0, "rate_percent": 0}, {"from_percent": "33.3333", "rate_percent": 90}]
    (line,) = rewarded(TIERS, revenue(100, 100), bands=bands).lines
    assert line.amount == 60
    assert "exactly 60.00003" in shown(line.explanation)[-1]


def test_a_fixed_quota_goes_before_the_target() -> None:
    """50,000 for everybody: 5 % of 50,000 and 8 % of 80,000 are 2,500 and 6,400."""
    assert commission(130_000_00, quota=50_000_00) == 8_900_00
    assert commission(130_000_00, target=None, quota=50_000_00) == 8_900_00


@pytest.mark.parametrize("target", [None, 0])
def test_who_has_no_quota_gets_nothing_or_the_first_rate(target: int | None) -> None:
    """Without a target, or with one of 0: nothing, or 5 % of everything, as the company says."""
    result = rewarded(TIERS, revenue(1_000_00, target))
    assert (result.lines, result.explanation.text) == (
        (),
        "There is no quota of revenue, so nothing is paid.",
    )
    assert commission(1_000_00, target, without_quota="first_band") == 50_00


def test_what_is_refunded_beyond_what_was_sold_is_taken_back() -> None:
    """-2,000 at the first rate are -100, in either mode."""
    assert commission(-2_000_00) == -100_00
    assert commission(-2_000_00, mode="whole_period") == -100_00
    assert commission(-2_000_00, bounds="above", mode="whole_period") == -100_00


def test_who_achieved_nothing_has_no_line() -> None:
    """Nor has who has no line of the metric at all; both are told why."""
    assert rewarded(TIERS, revenue(0, QUOTA)).lines == ()
    assert rewarded(TIERS).explanation.text == "Nothing was counted of revenue."


def test_a_metric_of_which_less_is_better_is_refused() -> None:
    """Who complains most would be paid most."""
    with pytest.raises(CannotDecide, match="Of revenue less is better, and tiers pay more for more"):
        rewarded(TIERS, revenue(5, 10, lower_is_better=True))


@pytest.mark.parametrize(
    ("bands", "words"),
    [
        ([], "at least 1 item"),
        ([(10, 5)], "the first band must begin at 0 %, not at 10 %"),
        ([(0, 5), (100, 8), (100, 9)], "steps must rise: 100 % must not come after 100 %"),
        ([(0, 5), (120, 8), (100, 9)], "steps must rise: 100 % must not come after 120 %"),
        ([(0, -1)], "greater than or equal to 0"),
    ],
)
def test_bands_begin_at_nothing_and_rise(bands: list[tuple[int, int]], words: str) -> None:
    """Each band ends where the next begins, so there are no gaps."""
    given = [{"from_percent": start, "rate_percent": rate} for start, rate in bands]
    with pytest.raises(ValidationError, match=words):
        TiersParameters.model_validate({"bands": given})
