from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from acme_rules.accelerator import ACCELERATOR, AcceleratorParameters
from quotaloom_sdk import EntryFact, IncentiveResult, LineFact
from quotaloom_sdk.testing import incentive_request, narrowed

TARGET = 100_000_00
"""100,000.00; all amounts are in cents."""


def reward(*lines: LineFact, entries: tuple[EntryFact, ...] = (), **parameters: object) -> IncentiveResult:
    """5% up to the target, 1.6 times that (8%) above it, up to 150% of it."""
    given = AcceleratorParameters.model_validate(parameters)
    request = narrowed(incentive_request(*lines, parameters=given, entries=entries), ACCELERATOR.needs)
    result = ACCELERATOR.reward(request)
    result.check(request)
    return result


def revenue(achieved: int, target: int | None = TARGET) -> LineFact:
    return LineFact("revenue", achieved=achieved, target=target)


def amounts(result: IncentiveResult) -> dict[str, int]:
    return {line.key: line.amount for line in result.lines}


def test_what_lies_above_the_target_earns_more() -> None:
    """130,000: 5% of 100,000 is 5,000, 8% of 30,000 is 2,400."""
    assert amounts(reward(revenue(130_000_00))) == {"commission": 5_000_00, "accelerated": 2_400_00}


def test_nothing_is_paid_above_the_cap() -> None:
    """170,000 counts as 150,000: 5,000 and 8% of 50,000, which is 4,000."""
    assert amounts(reward(revenue(170_000_00))) == {"commission": 5_000_00, "accelerated": 4_000_00}


def test_exactly_the_target_earns_the_plain_rate() -> None:
    """100,000: 5,000, and no second line of nothing."""
    assert amounts(reward(revenue(TARGET))) == {"commission": 5_000_00}


def test_order_of_sales_does_not_matter() -> None:
    """Only the sum counts: three deals of 60,000, 60,000 and 10,000 are 130,000."""
    assert sum(amounts(reward(revenue(60_000_00 + 60_000_00 + 10_000_00))).values()) == 7_400_00


@pytest.mark.parametrize("target", [None, 0])
def test_without_a_target_all_earns_the_plain_rate(target: int | None) -> None:
    """5% of 130,000 is 6,500; nobody is accelerated by not having been given a target."""
    assert amounts(reward(revenue(130_000_00, target))) == {"commission": 6_500_00}


def test_every_new_customer_earns_the_bonus() -> None:
    """Three of them at 500.00 each are 1,500.00, beside 5% of 10,000."""
    result = reward(revenue(10_000_00), LineFact("new_customers", achieved=3), new_customer_bonus=500_00)
    assert amounts(result) == {"commission": 500_00, "new_customers": 1_500_00}


def test_new_customers_above_the_most_earn_nothing_more() -> None:
    """Of twelve only ten earn 500.00; where more were lost than won, nothing is taken back by this line."""
    twelve, lost = LineFact("new_customers", achieved=12), LineFact("new_customers", achieved=-2)
    assert amounts(reward(twelve, new_customer_bonus=500_00, most_new_customers=10)) == {"new_customers": 5_000_00}
    assert amounts(reward(lost, new_customer_bonus=500_00)) == {}


def test_bonus_of_nothing_is_no_line() -> None:
    """A company without a bonus has no line for it."""
    assert amounts(reward(LineFact("new_customers", achieved=3))) == {}


def test_half_a_cent_is_rounded_away_from_zero() -> None:
    """5% of 10.10 is 0.505; what was refunded beyond what was sold takes back as much as it would have earned."""
    assert amounts(reward(revenue(10_10))) == {"commission": 51}
    assert amounts(reward(revenue(-10_10))) == {"commission": -51}


def test_other_metrics_earn_nothing() -> None:
    """Visits are not what is paid for, unless the company says so: 5% of 40."""
    visits = LineFact("visits", achieved=40)
    assert amounts(reward(visits)) == {}
    assert amounts(reward(visits, metric="visits")) == {"commission": 2}


def test_lines_name_the_entries_they_rest_on() -> None:
    """Each line those of its own metric, a refund among them."""
    day = date(2017, 3, 14)
    entries = (
        EntryFact("1", "revenue", 60_000_00, day, "order"),
        EntryFact("2", "new_customers", 1, day, "order"),
        EntryFact("3", "revenue", -10_000_00, day, "refund", reverses="1"),
    )
    result = reward(
        revenue(50_000_00), LineFact("new_customers", achieved=1), entries=entries, new_customer_bonus=500_00
    )
    assert [line.entries for line in result.lines] == [("1", "3"), ("2",)]


def test_line_tells_how_it_came_about() -> None:
    """What was counted, at which rate, and why so much of it."""
    _, above = reward(revenue(130_000_00)).lines
    assert (above.base, above.rate) == (30_000_00, Decimal("0.08"))
    assert above.explanation.to_json() == {
        "text": "What lies above the target, up to 1.5 times of it.",
        "values": [
            {"name": "target", "value": 100_000_00},
            {"name": "up to", "value": 150_000_00},
            {"name": "counted", "value": 30_000_00},
            {"name": "rate", "value": "0.08"},
        ],
        "items": [],
    }


@pytest.mark.parametrize(
    "wrong", [{"rate": "1.1"}, {"accelerator": "0.9"}, {"most_attained": "0"}, {"new_customer_bonus": -1}]
)
def test_parameter_outside_its_bounds_is_refused(wrong: dict[str, object]) -> None:
    """No commission above all that was sold, and no accelerator that slows down."""
    with pytest.raises(ValidationError):
        AcceleratorParameters.model_validate(wrong)
