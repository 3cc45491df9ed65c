from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from quotaloom_incentives.accelerator import ACCELERATOR, AcceleratorParameters
from quotaloom_sdk import IncentiveResult
from tests.unit.plugins.rewarding import amounts, before, revenue, rewarded, shown

STEPS = [
    {"from_percent": 0, "factor": "0.5"},
    {"from_percent": 80, "factor": 1},
    {"from_percent": 120, "factor": "1.25"},
]


def multiplied(achieved: int, *earlier: int, **parameters: Any) -> IncentiveResult:
    """Half below 80 %, the same from there, a quarter more from 120 % of a target of 1,000.00."""
    given = {"steps": STEPS, **parameters}
    return rewarded(ACCELERATOR, revenue(achieved, 1_000_00), earlier=before(*earlier), **given)


def test_who_reaches_more_is_paid_a_multiple() -> None:
    """At 130 %: a quarter of 400 and 100 more, 125."""
    (line,) = multiplied(1_300_00, 400_00, 100_00).lines
    assert (line.key, line.title, line.amount) == ("factor", "Accelerator", 125_00)
    assert (line.base, line.rate) == (500_00, Fraction(1, 4))
    assert shown(line.explanation) == [
        "1.25 times what was earned, for the attainment of revenue."
        " [attained in percent 130, reached in percent 120, factor less 1 0.25]",
        "  The lines that count, and their sum. [sum 50000]",
        "    Line 0 [amount 40000]",
        "    Line 1 [amount 10000]",
    ]


def test_who_reaches_less_is_paid_a_part() -> None:
    """At 79.99 % half of 500 is taken away, at 80 % nothing."""
    (line,) = multiplied(799_90, 500_00).lines
    assert (line.title, line.amount) == ("Decelerator", -250_00)
    assert multiplied(800_00, 500_00).lines == ()


def test_a_bound_itself_counts_as_the_company_says() -> None:
    """Exactly 120 %: a quarter more with from, nothing more with above."""
    assert amounts(multiplied(1_200_00, 100_00)) == {"factor": 25_00}
    assert multiplied(1_200_00, 100_00, bounds="above").lines == ()


def test_only_lines_of_chosen_rules_count() -> None:
    """400 of tiers count, 100 of another policy do not."""
    earlier = [*before(400_00), *before(100_00, policy="acme.bonus")]
    result = rewarded(
        ACCELERATOR, revenue(1_300_00, 1_000_00), earlier=earlier, steps=STEPS, rules=["incentives.tiers"]
    )
    assert amounts(result) == {"factor": 100_00}


def test_where_less_is_better_the_steps_are_read_the_other_way() -> None:
    """At most 80 complaints for a target of 100: one and a half times; at most 100: the same; more: no step."""
    steps = [{"from_percent": 80, "factor": "1.5"}, {"from_percent": 100, "factor": "1.1"}]

    def at(achieved: int) -> dict[str, int]:
        line = revenue(achieved, 100, lower_is_better=True)
        return amounts(rewarded(ACCELERATOR, line, earlier=before(100_00), steps=steps))

    assert at(80) == {"factor": 50_00}
    assert at(81) == at(100) == {"factor": 10_00}
    assert at(101) == {}


@pytest.mark.parametrize("target", [None, 0])
def test_without_a_target_nothing_is_multiplied(target: int | None) -> None:
    """There is no attainment."""
    result = rewarded(ACCELERATOR, revenue(1_300_00, target), earlier=before(500_00), steps=STEPS)
    assert (result.lines, result.explanation.text) == (
        (),
        "There is no target of revenue, so nothing is multiplied.",
    )


def test_charges_are_not_multiplied() -> None:
    """500 less 500, or less: there is nothing to multiply, and nothing achieved reaches the lowest step."""
    assert multiplied(1_300_00, 500_00, -500_00).lines == ()
    assert multiplied(1_300_00, -20_00).lines == ()
    assert amounts(multiplied(0, 500_00)) == {"factor": -250_00}
    assert multiplied(-10_00, 500_00).explanation.text == "No step of revenue is reached, so nothing is multiplied."


def test_steps_rise() -> None:
    """Their order says which is further."""
    with pytest.raises(ValidationError, match="steps must rise: 80 % must not come after 120 %"):
        AcceleratorParameters.model_validate({"steps": [STEPS[2], STEPS[1]]})
