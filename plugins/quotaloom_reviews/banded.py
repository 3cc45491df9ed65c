"""Attainment by bands: from a stated rate on a part gets a stated share of its points."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from pydantic import Field, field_validator

from quotaloom_reviews.weighing import WeighingParameters, weigh
from quotaloom_sdk import Need, Parameters, ReviewRequest, ReviewResult, ReviewScorer, ui


class Band(Parameters):
    """From which attainment rate on a part gets which share of its points."""

    from_rate: Decimal = Field(
        ge=-100, le=100, max_digits=9, description="The rate from which the band counts, itself included: 0.8 for 80%."
    )
    share: Decimal = Field(
        ge=0, le=1, max_digits=9, description="The share of the part's points that it gives: 0.7 for 70%."
    )

    def __str__(self) -> str:
        return f"{self.from_rate}: {self.share}"


class BandedParameters(WeighingParameters):
    """The bands."""

    bands: tuple[Band, ...] = Field(
        default=(
            Band(from_rate=Decimal(1), share=Decimal(1)),
            Band(from_rate=Decimal("0.9"), share=Decimal("0.8")),
            Band(from_rate=Decimal("0.8"), share=Decimal("0.6")),
            Band(from_rate=Decimal("0.6"), share=Decimal("0.4")),
        ),
        min_length=1,
        max_length=50,
        description="Bands in any order, each rate once; below the lowest a part gets no points.",
        json_schema_extra=ui(widget="table", group="Attainment", order=1),
    )

    @field_validator("bands")
    @classmethod
    def _each_once(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        if len({band.from_rate for band in bands}) < len(bands):
            raise ValueError("two bands begin at the same rate")
        return bands


def banded(request: ReviewRequest[BandedParameters]) -> ReviewResult:
    """The weighted mean of the parts; attainment counts by the highest band that it has reached."""
    bands = sorted(request.parameters.bands, key=lambda band: band.from_rate, reverse=True)

    def reached(rate: Fraction) -> tuple[Fraction, str]:
        band = next((band for band in bands if rate >= Fraction(band.from_rate)), None)
        if band is None:
            return Fraction(0), "no points below the lowest band."
        return Fraction(band.share), f"the band from {float(band.from_rate * 100):g}% on."

    return weigh(request, reached)


BANDED = ReviewScorer(
    key="banded",
    title="By bands",
    description="The parts by their weights; attainment counts by the band that it has reached.",
    parameters=BandedParameters,
    needs=frozenset({Need.PLAN}),
    score=banded,
)
