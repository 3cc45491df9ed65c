"""Attainment along a straight line: from nothing at one rate to all points at another."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from pydantic import Field, model_validator

from quotaloom_reviews.weighing import ONE, WeighingParameters, weigh
from quotaloom_sdk import Need, ReviewRequest, ReviewResult, ReviewScorer, ui


class WeightedScoreParameters(WeighingParameters):
    """Where the line begins and ends."""

    nothing_at: Decimal = Field(
        default=Decimal(0),
        ge=-100,
        le=100,
        max_digits=9,
        description="The attainment rate up to which a part gets no points: 0, or 0.6 for 60%.",
        json_schema_extra=ui(widget="percent", group="Attainment", order=1),
    )
    full_at: Decimal = Field(
        default=Decimal(1),
        gt=-100,
        le=100,
        max_digits=9,
        description="The attainment rate from which it gets all of them; what is beyond adds nothing. 1.2 for 120%.",
        json_schema_extra=ui(widget="percent", group="Attainment", order=2),
    )

    @model_validator(mode="after")
    def _ascending(self) -> WeightedScoreParameters:
        if self.full_at <= self.nothing_at:
            raise ValueError("full_at must be more than nothing_at")
        return self


def weighted_score(request: ReviewRequest[WeightedScoreParameters]) -> ReviewResult:
    """The weighted mean of the parts; attainment counts in proportion, between no points and all of them."""
    start, end = Fraction(request.parameters.nothing_at), Fraction(request.parameters.full_at)

    def along(rate: Fraction) -> tuple[Fraction, str]:
        share = min(max((rate - start) / (end - start), Fraction(0)), ONE)
        return share, f"points in proportion from {_percent(start)} to {_percent(end)} of the target."

    return weigh(request, along)


def _percent(rate: Fraction) -> str:
    return f"{float(rate * 100):g}%"


WEIGHTED_SCORE = ReviewScorer(
    key="weighted_score",
    title="By weights",
    description="The parts by their weights; attainment counts in proportion, up to a cap.",
    parameters=WeightedScoreParameters,
    needs=frozenset({Need.PLAN}),
    score=weighted_score,
)
