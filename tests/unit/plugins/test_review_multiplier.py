from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from quotaloom_incentives.review_multiplier import REVIEW_MULTIPLIER, ReviewMultiplierParameters
from quotaloom_sdk import CannotDecide, IncentiveResult, ReviewFact
from tests.unit.plugins.rewarding import amounts, before, rewarded, shown


def reviewed(*reviews: ReviewFact, earlier: tuple[int, ...] = (1_000_00,), **parameters: Any) -> IncentiveResult:
    """0.8 times below 60, 1.2 times from 90, on 1,000 that were earned before."""
    return rewarded(REVIEW_MULTIPLIER, earlier=before(*earlier), reviews=reviews, **parameters)


def scored(score: Decimal | Fraction, grade: str | None = None, form: str = "monthly") -> ReviewFact:
    return ReviewFact(form, score, grade)


def test_the_score_multiplies_what_was_earned() -> None:
    """Below 60 a fifth is taken away, from 90 a fifth added, and nothing between."""
    assert amounts(reviewed(scored(Decimal("59.99")))) == {"review": -200_00}
    assert amounts(reviewed(scored(Decimal(60)))) == {}
    (line,) = reviewed(scored(Fraction(90))).lines
    assert (line.amount, line.base, line.rate) == (200_00, 1_000_00, Fraction(1, 5))
    assert shown(line.explanation) == [
        "1.2 times what was earned, for the review. [form monthly, score 90, grade none, factor less 1 0.2]",
        "  The lines that count, and their sum. [sum 100000]",
        "    Line 0 [amount 100000]",
    ]


def test_a_grade_goes_before_the_score() -> None:
    """An A is worth half as much again; a grade that has no factor leaves it to the score."""
    grades = {"A": "1.5"}
    assert amounts(reviewed(scored(Decimal(10), "A"), factor_by_grade=grades)) == {"review": 500_00}
    assert amounts(reviewed(scored(Decimal(10), "B"), factor_by_grade=grades)) == {"review": -200_00}
    assert reviewed(scored(Decimal(10), "B"), factor_by_grade=grades, steps=[]).lines == ()


def test_the_form_says_which_review_decides() -> None:
    """Of two the one that is named; where none is named, the planner is asked to."""
    both = (scored(Decimal(95)), scored(Decimal(20), form="yearly"))
    assert amounts(reviewed(*both, form="yearly")) == {"review": -200_00}
    assert reviewed(*both, form="weekly").lines == ()
    with pytest.raises(CannotDecide) as caught:
        reviewed(*both)
    assert str(caught.value) == "Ann has 2 reviews for 2017-03: monthly, yearly. Name the form that decides."


def test_without_a_review_or_earnings_nothing_is_multiplied() -> None:
    """A charge does not grow or shrink."""
    assert reviewed().explanation.text == "No review is filed for the period, so nothing is multiplied."
    assert reviewed(scored(Decimal(95)), earlier=()).lines == ()
    assert reviewed(scored(Decimal(20)), earlier=(-1_00,)).lines == ()


def test_only_lines_of_chosen_rules_count() -> None:
    """Those of tiers do not."""
    assert reviewed(scored(Decimal(95)), rules=["incentives.spiff"]).lines == ()


def test_steps_rise() -> None:
    """Their order says which is higher."""
    steps = [{"from_score": 60, "factor": 1}, {"from_score": 50, "factor": 1}]
    with pytest.raises(ValidationError, match="steps must rise: 50 must not come after 60"):
        ReviewMultiplierParameters.model_validate({"steps": steps})
