from __future__ import annotations

from fractions import Fraction

import pytest

from quotaloom_incentives.flat_rate import FLAT_RATE
from quotaloom_sdk import CannotDecide, LineFact
from tests.unit.plugins.rewarding import amounts, entry, revenue, rewarded, shown

MIXED = [
    entry("1", 1_000_00),
    entry("2", 400_00, source="opportunity"),
    entry("3", -100_00, source="refund", reverses="1"),
    entry("4", -50_00, source="refund", reverses="99"),
    entry("5", 200_00, overlay=True),
    entry("6", 7, metric_key="orders"),
]
"""Two sales, a refund of the first, one of a sale of an earlier period, and overlay: 1,450 in all."""


def test_a_rate_on_all_that_was_achieved() -> None:
    """5 % of 1,450 are 72.50; the line has its base, its rate and the entries behind it."""
    (line,) = rewarded(FLAT_RATE, revenue(1_450_00), entries=MIXED).lines
    assert (line.key, line.amount, line.base, line.rate) == ("flat_rate", 72_50, 1_450_00, Fraction(1, 20))
    assert line.entries == ("1", "2", "3", "4", "5")
    assert shown(line.explanation) == ["A flat rate on revenue. [counted 145000, rate in percent 5, comes to 7250]"]


def test_only_entries_of_chosen_sources_count() -> None:
    """Orders are 1,000, less the 100 that were refunded of them, and 200 overlay: 10 % of 1,100."""
    (line,) = rewarded(FLAT_RATE, revenue(1_450_00), entries=MIXED, sources=["order"], rate_percent=10).lines
    assert (line.amount, line.entries) == (110_00, ("1", "3", "5"))
    assert line.explanation.values[0] == ("sources", "order")


def test_a_refund_of_an_earlier_period_is_a_source_of_its_own() -> None:
    """What it reverses is not known any more: -50 at 10 %."""
    assert amounts(rewarded(FLAT_RATE, entries=MIXED, sources=["refund"], rate_percent=10)) == {"flat_rate": -5_00}


def test_direct_credit_and_overlay_may_have_rates_of_their_own() -> None:
    """1,250 direct and 200 overlay."""
    assert amounts(rewarded(FLAT_RATE, entries=MIXED, credit="direct", rate_percent=10)) == {"flat_rate": 125_00}
    assert amounts(rewarded(FLAT_RATE, entries=MIXED, credit="overlay", rate_percent=1)) == {"flat_rate": 2_00}


def test_so_much_for_each_of_a_count() -> None:
    """7 orders at 30.00 are 210.00; a charge of 2.50 for each of 4 complaints is 10.00."""
    assert amounts(rewarded(FLAT_RATE, LineFact("orders", 7), metric="orders", pays="each", amount_each=30_00)) == {
        "flat_rate": 210_00
    }
    complaints = LineFact("complaints", 4, lower_is_better=True)
    (line,) = rewarded(FLAT_RATE, complaints, metric="complaints", pays="each", amount_each=-2_50).lines
    assert (line.amount, line.base, line.rate) == (-10_00, 4, Fraction(-250))
    assert shown(line.explanation) == ["So much for each of complaints. [counted 4, each -250, comes to -1000]"]


def test_what_was_refunded_beyond_what_was_sold_is_taken_back() -> None:
    """-30.01 at 5 % are -1.5005, which is -1.50; -0.10 are half a cent, rounded away from 0."""
    assert amounts(rewarded(FLAT_RATE, revenue(-30_01))) == {"flat_rate": -1_50}
    assert amounts(rewarded(FLAT_RATE, revenue(-10))) == {"flat_rate": -1}


def test_nothing_achieved_is_no_line() -> None:
    """Whether there is a line of the metric or not."""
    assert rewarded(FLAT_RATE, revenue(0)).lines == ()
    assert rewarded(FLAT_RATE).explanation.text == "Nothing that counts was achieved of revenue."


def test_an_amount_that_nobody_can_be_paid_is_told() -> None:
    """An amount for each was meant for a count, not for cents."""
    with pytest.raises(CannotDecide, match="which is more than can be paid"):
        rewarded(FLAT_RATE, revenue(10**12), pays="each", amount_each=10**9)
