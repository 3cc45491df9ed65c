from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from quotaloom_incentives.threshold_bonus import THRESHOLD_BONUS, ThresholdBonusParameters
from quotaloom_sdk import LineFact
from tests.unit.plugins.rewarding import amounts, entry, revenue, rewarded, shown

STEPS = [{"at": 80, "bonus": 100_00}, {"at": 100, "bonus": 500_00}, {"at": 120, "bonus": 800_00}]


def bonus(line: LineFact, **parameters: Any) -> int:
    """100 at 80 %, 500 at 100 %, 800 at 120 %; 0 without a line."""
    return amounts(rewarded(THRESHOLD_BONUS, line, **{"steps": STEPS, **parameters})).get("bonus", 0)


def test_the_furthest_threshold_that_is_reached_pays() -> None:
    """At 110 % of 1,000 it is the second one."""
    result = rewarded(THRESHOLD_BONUS, revenue(1_100_00, 1_000_00), entries=[entry("1", 1_100_00)], steps=STEPS)
    (line,) = result.lines
    assert (line.key, line.amount, line.entries) == ("bonus", 500_00, ("1",))
    assert shown(line.explanation) == [
        "A bonus for what is reached of revenue. [achieved 110000, target 100000, attained in percent 110]",
        "  Reached 100 %. [bonus 50000]",
    ]


@pytest.mark.parametrize(
    ("achieved", "highest"), [(799_99, 0), (800_00, 100_00), (1_199_99, 500_00), (5_000_00, 800_00)]
)
def test_a_threshold_is_exact(achieved: int, highest: int) -> None:
    """A cent below 80 % of 1,000 is not 80 %."""
    assert bonus(revenue(achieved, 1_000_00)) == highest


def test_every_threshold_that_is_reached_may_pay() -> None:
    """At 125 %: 100, 500 and 800."""
    assert bonus(revenue(1_250_00, 1_000_00), pays="every") == 1_400_00


def test_whoever_meets_a_threshold_exactly_is_where_it_says() -> None:
    """Exactly 100 %: with "above" it is the one of 80 % that is reached."""
    assert bonus(revenue(1_000_00, 1_000_00)) == 500_00
    assert bonus(revenue(1_000_00, 1_000_00), bounds="above") == 100_00


def test_thresholds_may_be_amounts() -> None:
    """10 new customers earn 500, 9 earn nothing; no target is needed."""
    given: dict[str, Any] = {"metric": "new_customers", "measure": "achieved", "steps": [{"at": 10, "bonus": 500_00}]}
    assert bonus(LineFact("new_customers", 10), **given) == 500_00
    assert bonus(LineFact("new_customers", 9), **given) == 0
    (line,) = rewarded(THRESHOLD_BONUS, LineFact("new_customers", 12), **given).lines
    assert shown(line.explanation)[-1] == "  Reached 10. [bonus 50000]"


def test_where_less_is_better_a_threshold_is_reached_by_staying_within_it() -> None:
    """Of a target of 10 complaints, 8 stay within 80 %, 9 within 100 %, 13 within none."""

    def at(achieved: int, **parameters: Any) -> int:
        return bonus(revenue(achieved, 10, lower_is_better=True), **parameters)

    assert (at(8), at(9), at(12), at(13)) == (100_00, 500_00, 800_00, 0)
    assert at(8, bounds="above") == 500_00
    assert at(9, pays="every") == 1_300_00


@pytest.mark.parametrize("target", [None, 0])
def test_without_a_target_no_part_of_it_is_reached(target: int | None) -> None:
    """Nor without any line of the metric."""
    result = rewarded(THRESHOLD_BONUS, revenue(1_000_00, target))
    assert (result.lines, result.explanation.text) == (
        (),
        "There is no target of revenue, so nothing is reached.",
    )
    assert rewarded(THRESHOLD_BONUS).explanation.text == "Nothing was counted of revenue."


def test_refunds_beyond_sales_reach_nothing() -> None:
    """-10 of 1,000, with a threshold of 0 too."""
    assert bonus(revenue(-10_00, 1_000_00), steps=[{"at": 0, "bonus": 5}]) == 0
    assert bonus(revenue(0, 1_000_00), steps=[{"at": 0, "bonus": 5}]) == 5


def test_thresholds_rise() -> None:
    """The last one is the furthest."""
    with pytest.raises(ValidationError, match="steps must rise: 80 must not come after 80"):
        ThresholdBonusParameters.model_validate({"steps": [STEPS[0], STEPS[0]]})
