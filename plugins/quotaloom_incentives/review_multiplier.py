"""Review multiplier: the score or the grade of a filed review multiplies what earlier rules gave."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Annotated

from pydantic import Field, field_validator

from quotaloom_incentives.answers import nothing, one_line
from quotaloom_incentives.earnings import EarningsParameters, earned
from quotaloom_incentives.quantities import Factor, plain, shown
from quotaloom_sdk import (
    CannotDecide,
    Explanation,
    IncentiveRequest,
    IncentiveResult,
    IncentiveRule,
    Need,
    Parameters,
    ReviewFact,
    ui,
)

Grade = Annotated[str, Field(min_length=1, max_length=100)]
"""A grade as the company's bands name it."""


class ScoreStep(Parameters):
    """A factor from a score on."""

    from_score: Decimal = Field(
        ge=0, le=10**6, max_digits=10, decimal_places=4, description="The score from which on the factor holds."
    )
    factor: Factor = Field(description="How many times the lines are paid.")

    def __str__(self) -> str:
        return f"{shown(self.factor)} times from {shown(self.from_score)}"


class ReviewMultiplierParameters(EarningsParameters):
    """What an admin may set for the review multiplier."""

    form: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Key of the form whose review decides; none means the only review that is filed for the period.",
        json_schema_extra=ui(widget="text", group="Review", order=1),
    )
    factor_by_grade: dict[Grade, Factor] = Field(
        default={},
        max_length=100,
        examples=[{"A": "1.2", "B": 1, "C": "0.8"}],
        description="How many times the lines are paid with each grade. A grade goes before the score.",
        json_schema_extra=ui(widget="table", group="Review", order=2),
    )
    steps: tuple[ScoreStep, ...] = Field(
        default=(
            ScoreStep(from_score=Decimal(0), factor=Decimal("0.8")),
            ScoreStep(from_score=Decimal(60), factor=Decimal(1)),
            ScoreStep(from_score=Decimal(90), factor=Decimal("1.2")),
        ),
        max_length=50,
        examples=[[{"from_score": 0, "factor": "0.5"}, {"from_score": 60, "factor": 1}]],
        description="From which score on the lines are paid how many times; a score exactly at a step has reached it.",
        json_schema_extra=ui(widget="table", group="Review", order=3),
    )

    @field_validator("steps")
    @classmethod
    def _rising(cls, steps: tuple[ScoreStep, ...]) -> tuple[ScoreStep, ...]:
        for before, after in pairwise(steps):
            if after.from_score <= before.from_score:
                raise ValueError(
                    f"steps must rise: {shown(after.from_score)} must not come after {shown(before.from_score)}"
                )
        return steps


def review_multiplier(request: IncentiveRequest[ReviewMultiplierParameters]) -> IncentiveResult:
    """A line, `review`: what the chosen lines come to, times the factor of the review less 1."""
    parameters = request.parameters
    review = _review(request)
    if review is None:
        return nothing("No review is filed for the period, so nothing is multiplied.")
    known = (("form", review.form_key), ("score", plain(Fraction(review.score))), ("grade", review.grade or "none"))
    factor = _factor(review, parameters)
    if factor is None:
        return nothing("Neither grade nor score of the review has a factor, so nothing is multiplied.", *known)
    earnings = earned(request, parameters.rules)
    if earnings.total <= 0:
        return nothing("Nothing was earned that could be multiplied.", *known, ("sum", earnings.total))
    more = Fraction(factor) - 1
    text = f"{shown(factor)} times what was earned, for the review."
    why = Explanation(text, (*known, ("factor less 1", plain(more))), (earnings.explained(),))
    return one_line("review", "Review", earnings.total * more, why, base=earnings.total, rate=more)


def _review(request: IncentiveRequest[ReviewMultiplierParameters]) -> ReviewFact | None:
    """The one that decides; raises `CannotDecide` where several could."""
    form = request.parameters.form
    reviews = [one for one in request.reviews if form is None or one.form_key == form]
    if len(reviews) > 1:
        forms = ", ".join(sorted({one.form_key for one in reviews}))
        raise CannotDecide(
            f"{request.member.name} has {len(reviews)} reviews for {request.period.label}: {forms}. Name the form that"
            " decides."
        )
    return reviews[0] if reviews else None


def _factor(review: ReviewFact, parameters: ReviewMultiplierParameters) -> Decimal | None:
    if review.grade is not None and review.grade in parameters.factor_by_grade:
        return parameters.factor_by_grade[review.grade]
    score = Fraction(review.score)
    return next((step.factor for step in reversed(parameters.steps) if score >= Fraction(step.from_score)), None)


REVIEW_MULTIPLIER = IncentiveRule(
    key="review_multiplier",
    title="Review multiplier",
    description="Multiplies what earlier rules gave, by a factor that follows from the grade or score of a review.",
    parameters=ReviewMultiplierParameters,
    needs=frozenset({Need.REVIEWS}),
    reward=review_multiplier,
)
