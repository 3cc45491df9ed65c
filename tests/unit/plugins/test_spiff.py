from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from quotaloom_incentives.spiff import SPIFF, SpiffParameters
from tests.unit.plugins.rewarding import amounts, entry, rewarded, shown

SOLD = [
    entry("1", 1_000_00, 5, product_key="router", deal_id="11"),
    entry("2", 500_00, 5, product_key="switch", deal_id="11"),
    entry("3", 300_00, 14, product_key="router", deal_id="12"),
    entry("4", -200_00, 20, source="refund", product_key="router", deal_id="11", reverses="1"),
    entry("5", 700_00, 25, product_key="router"),
    entry("6", 9, 5, product_key="router", metric_key="orders"),
]
"""Routers for 1,000, 300 and 700, of the first of which 200 were refunded on the 20th, and a switch."""


def test_a_part_of_what_chosen_products_came_to() -> None:
    """Routers are 1,000 + 300 - 200 + 700 = 1,800: 2 % are 36."""
    (line,) = rewarded(SPIFF, entries=SOLD, products=["router"], rate_percent=2).lines
    assert (line.key, line.amount, line.base, line.rate) == ("spiff", 36_00, 1_800_00, Fraction(1, 50))
    assert line.entries == ("1", "3", "4", "5")
    assert shown(line.explanation) == [
        "A SPIF on revenue. [products router, counted 180000, rate in percent 2, comes to 3600]"
    ]


def test_only_the_days_count_and_a_refund_counts_with_its_sale() -> None:
    """From the 1st to the 14th, both included: 1,000 + 500 + 300 and the refund of the first: 1 % of 1,600."""
    window: dict[str, Any] = {"first_day": "2017-03-01", "last_day": "2017-03-14"}
    (line,) = rewarded(SPIFF, entries=SOLD, **window).lines
    assert (line.amount, line.entries) == (16_00, ("1", "2", "3", "4"))
    assert amounts(rewarded(SPIFF, entries=SOLD, first_day="2017-03-15")) == {"spiff": 7_00}


def test_a_refund_of_an_earlier_period_counts_on_its_own_day() -> None:
    """What it reverses is not known any more."""
    entries = [entry("9", -100_00, 20, reverses="1")]
    assert amounts(rewarded(SPIFF, entries=entries, last_day="2017-03-14")) == {}
    assert amounts(rewarded(SPIFF, entries=entries, first_day="2017-03-15")) == {"spiff": -1_00}


def test_so_much_for_each_deal() -> None:
    """Deals 11 and 12, and the entry without a deal: three times 50."""
    (line,) = rewarded(SPIFF, entries=SOLD, pays="per_deal", amount_per_deal=50_00).lines
    assert (line.amount, line.base, line.rate) == (150_00, None, None)
    assert shown(line.explanation) == [
        "A SPIF for each deal. [counted 3, each 5000, comes to 15000]",
        "  Deal 11. [comes to 130000]",
        "  Deal 12. [comes to 30000]",
        "  Entry 5. [comes to 70000]",
    ]


def test_a_deal_counts_from_what_it_must_come_to() -> None:
    """Of routers deal 11 comes to 800, deal 12 to 300 and the other one to 700: from 700 on two of them count."""
    result = rewarded(
        SPIFF, entries=SOLD, pays="per_deal", amount_per_deal=50_00, least_per_deal=700_00, products=["router"]
    )
    assert (amounts(result), result.lines[0].entries) == ({"spiff": 100_00}, ("1", "4", "5"))


def test_a_deal_that_was_wholly_refunded_counts_no_more() -> None:
    """With a deal or without one, it comes to 0; nor does one count that only a refund is known of."""
    sold = [entry("1", 100_00, deal_id="11"), entry("2", 80_00)]
    back = [
        entry("3", -100_00, 2, deal_id="11", reverses="1"),
        entry("4", -80_00, 2, reverses="2"),
        entry("5", -1, 2, reverses="77"),
    ]
    assert amounts(rewarded(SPIFF, entries=sold, pays="per_deal")) == {"spiff": 200_00}
    assert rewarded(SPIFF, entries=[*sold, *back], pays="per_deal").lines == ()


def test_no_more_is_paid_than_the_company_says() -> None:
    """1 % of 2,300 are 23, three deals 300; 20 at most."""
    (line,) = rewarded(SPIFF, entries=SOLD, most=20_00).lines
    assert (line.amount, line.base, line.rate) == (20_00, None, None)
    assert line.explanation.values[-1] == ("paid at most", 20_00)
    assert amounts(rewarded(SPIFF, entries=SOLD, most=20_00, pays="per_deal")) == {"spiff": 20_00}
    assert amounts(rewarded(SPIFF, entries=SOLD, most=23_00)) == {"spiff": 23_00}


def test_where_nothing_counts_there_is_no_line() -> None:
    """It says what was looked for."""
    result = rewarded(SPIFF, entries=SOLD, products=["phone"], first_day="2017-03-02")
    assert shown(result.explanation) == ["No entry of revenue counts. [products phone, first day 2017-03-02]"]
    assert rewarded(SPIFF).lines == ()


def test_days_are_in_order() -> None:
    """The last one is not before the first."""
    with pytest.raises(ValidationError, match="2017-03-01 is before 2017-03-02"):
        SpiffParameters.model_validate({"first_day": "2017-03-02", "last_day": "2017-03-01"})
