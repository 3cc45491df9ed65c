from __future__ import annotations

from fractions import Fraction
from typing import Any

from quotaloom_incentives.collected_commission import COLLECTED_COMMISSION
from quotaloom_sdk import EntryFact
from tests.unit.plugins.rewarding import amounts, entry, revenue, rewarded, shown


def payment(id: str, amount: int, day: int = 1, **changes: Any) -> EntryFact:
    return entry(id, amount, day, **{"metric_key": "collected_payments", "source": "payment", **changes})


PAID = [
    payment("1", 600_00, 2, product_key="license", deal_id="11"),
    payment("2", 400_00, 9, product_key="service", deal_id="11"),
    payment("3", -100_00, 20, source="refund", reverses="1", product_key="license", deal_id="11"),
    payment("4", 50_00, 30, overlay=True),
]
"""600 for a license, of which 100 were paid back, 400 for a service, and 50 as overlay."""


def test_what_was_collected_is_paid_and_not_what_was_booked() -> None:
    """5 % of 950 collected are 47.50; the 10,000 that were booked do not count."""
    booked = entry("9", 10_000_00)
    (line,) = rewarded(COLLECTED_COMMISSION, revenue(10_000_00), entries=[*PAID, booked]).lines
    assert (line.key, line.amount, line.base, line.rate) == ("collected", 47_50, 950_00, Fraction(1, 20))
    assert line.entries == ("1", "2", "3", "4")


def test_products_may_have_rates_of_their_own() -> None:
    """License 8 % of 500 is 40, service 2.5 % of 400 is 10, and 5 % of 50 is 2.50."""
    (line,) = rewarded(COLLECTED_COMMISSION, entries=PAID, rate_by_product={"license": 8, "service": "2.5"}).lines
    assert (line.amount, line.base, line.rate) == (52_50, None, None)
    assert shown(line.explanation) == [
        "Commission on what was collected, payment by payment.",
        "  Payments at one rate. [counted 40000, rate in percent 2.5, comes to 1000]",
        "    Entry 2 of 2017-03-09. [amount 40000]",
        "  Payments at one rate. [counted 5000, rate in percent 5, comes to 250]",
        "    Entry 4 of 2017-03-30. [amount 5000]",
        "  Payments at one rate. [counted 50000, rate in percent 8, comes to 4000]",
        "    Entry 1 of 2017-03-02. [amount 60000]",
        "    Entry 3 of 2017-03-20. [amount -10000]",
    ]


def test_overlay_may_be_left_out() -> None:
    """900 are direct, 50 overlay."""
    assert amounts(rewarded(COLLECTED_COMMISSION, entries=PAID, credit="direct")) == {"collected": 45_00}
    assert amounts(rewarded(COLLECTED_COMMISSION, entries=PAID, credit="overlay")) == {"collected": 2_50}


def test_the_sum_is_rounded_and_not_each_payment() -> None:
    """Three payments of 0.03 at 5 % are 0.15 cents each: 0.45 cents in all, which are none; four are 0.6, one cent."""
    three = [payment(str(number), 3) for number in range(3)]
    assert rewarded(COLLECTED_COMMISSION, entries=three).lines == ()
    assert amounts(rewarded(COLLECTED_COMMISSION, entries=[*three, payment("9", 3)])) == {"collected": 1}


def test_a_payment_back_takes_back_what_it_earned() -> None:
    """With nothing else in the period the line is below 0; a product's own rate holds for it, too."""
    back = [payment("3", -100_00, source="refund", reverses="1", product_key="license")]
    assert amounts(rewarded(COLLECTED_COMMISSION, entries=back, rate_by_product={"license": 8})) == {"collected": -8_00}


def test_nothing_collected_is_no_line() -> None:
    """Whatever was booked."""
    result = rewarded(COLLECTED_COMMISSION, revenue(10_000_00), entries=[entry("9", 10_000_00)])
    assert (result.lines, result.explanation.text) == ((), "Nothing that counts was collected.")


def test_many_payments_are_explained_as_far_as_there_is_room() -> None:
    """All 2,000 are paid for; how many are not listed is told."""
    (line,) = rewarded(COLLECTED_COMMISSION, entries=[payment(str(number), 1_00) for number in range(2000)]).lines
    assert (line.amount, len(line.entries)) == (100_00, 2000)
    (part,) = line.explanation.items
    assert part.items[-1].text == f"Not listed, for want of room: {2001 - len(part.items)} of the payments."
