from __future__ import annotations

from typing import Any

import pytest

from quotaloom_incentives.assessment_penalty import ASSESSMENT_PENALTY
from tests.unit.plugins.rewarding import amounts, entry, revenue, rewarded, shown


def charged(achieved: int, assessment: int | None = 80_000_00, lower: bool = False, **parameters: Any) -> int:
    """What is charged, 0 without a line."""
    line = revenue(achieved, 100_000_00, assessment=assessment, lower_is_better=lower)
    return -amounts(rewarded(ASSESSMENT_PENALTY, line, **parameters)).get("penalty", 0)


def test_who_stays_below_is_charged_a_fixed_amount() -> None:
    """79,999.99 of 80,000 is below, 80,000 is not."""
    assert charged(79_999_99, amount=200_00) == 200_00
    assert charged(80_000_00, amount=200_00) == 0
    line = revenue(60_000_00, assessment=80_000_00)
    (found,) = rewarded(ASSESSMENT_PENALTY, line, entries=[entry("1", 60_000_00)], amount=200_00).lines
    assert (found.key, found.amount, found.entries) == ("penalty", -200_00, ("1",))
    assert shown(found.explanation) == [
        "What was achieved of revenue is below the assessment value."
        " [achieved 6000000, assessment value 8000000, missing 2000000]",
        "  A fixed amount. [amount 20000]",
    ]


def test_each_full_percent_that_is_missing_may_cost() -> None:
    """70,000 of 80,000 miss 12.5 %, of which 12 are full: 12 times 50. A cent less than 80,000 is no full percent."""
    assert charged(70_000_00, mode="per_point", amount=50_00) == 600_00
    assert charged(79_999_99, mode="per_point", amount=50_00) == 0


def test_each_unit_that_is_missing_may_cost() -> None:
    """17 of 20 visits: three times 5.00."""
    assert charged(17, 20, mode="per_unit", amount=5_00) == 15_00


def test_a_part_of_what_is_missing_may_be_charged() -> None:
    """2 % of 20,000 are 400; of 0.25 missing half a cent, rounded half up."""
    assert charged(60_000_00, mode="of_gap", percent=2) == 400_00
    assert charged(79_999_75, mode="of_gap", percent=2) == 1
    assert charged(79_999_76, mode="of_gap", percent=2) == 0


def test_no_more_is_charged_than_the_company_says() -> None:
    """300 of 400; 400 where that is the most."""
    assert charged(60_000_00, mode="of_gap", percent=2, most=300_00) == 300_00
    assert charged(60_000_00, mode="of_gap", percent=2, most=400_00) == 400_00


def test_nothing_achieved_or_less_misses_a_hundred_percent() -> None:
    """Zero is charged like everything below; refunds beyond sales miss no more than everything."""
    assert charged(0, mode="per_point", amount=1_00) == 100_00
    assert charged(-50_000_00, mode="per_point", amount=1_00) == 100_00
    assert charged(-10_00, mode="of_gap", percent=1) == 800_10


def test_where_less_is_better_what_is_too_much_is_charged() -> None:
    """13 complaints with 10 as the assessment value are 3 too many, 30 %; 10 are fine."""
    assert charged(13, 10, lower=True, mode="per_unit", amount=5_00) == 15_00
    assert charged(13, 10, lower=True, mode="per_point", amount=1_00) == 30_00
    assert charged(10, 10, lower=True, amount=5_00) == 0
    line = revenue(13, assessment=10, lower_is_better=True)
    (found,) = rewarded(ASSESSMENT_PENALTY, line).lines
    assert found.explanation.text == "What was achieved of revenue is above the assessment value."


def test_an_assessment_value_of_nothing_can_only_be_missed_as_a_whole() -> None:
    """Of 0 there are no percents: -1 misses all of it, 0 meets it; one complaint where none may be is 100 %."""
    assert charged(-1, 0, mode="per_point", amount=1_00) == 100_00
    assert charged(0, 0, amount=1_00) == 0
    assert charged(1, 0, lower=True, mode="per_point", amount=1_00) == 100_00


@pytest.mark.parametrize("lines", [(), (revenue(5, 100),)])
def test_without_an_assessment_value_nothing_is_charged(lines: tuple[Any, ...]) -> None:
    """A target alone is no assessment value."""
    result = rewarded(ASSESSMENT_PENALTY, *lines)
    assert (result.lines, result.explanation.text) == (
        (),
        "There is no assessment value of revenue, so nothing is charged.",
    )
