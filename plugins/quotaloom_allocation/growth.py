"""The split by growth: last year of each unit, and what it is expected to grow by."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from quotaloom_allocation.explaining import fitting, in_words, plain
from quotaloom_allocation.looking_back import last_year_of
from quotaloom_allocation.month_spread import by_last_year
from quotaloom_allocation.newcomers import NewcomerParameters, Row, counted, newcomer_row
from quotaloom_allocation.noted import AttributeKey, Figure, UnitKey, noted
from quotaloom_sdk import AllocationRequest, AllocationResult, AllocationRule, Explanation, Need, UnitFact, ui

LEAST, MOST = -100, 1000
"""Growth lies between losing everything and eleven times last year, in percent."""

Percent = Annotated[Decimal, Field(ge=LEAST, le=MOST, max_digits=8, decimal_places=4)]


class GrowthParameters(NewcomerParameters):
    """What an admin may set for the split by growth."""

    growth_percent: Percent = Field(
        default=Decimal(0),
        description="By how much units grow of which nothing else is said, in percent; below 0 they shrink.",
        json_schema_extra=ui(widget="number", unit="%", group="Growth", order=1),
    )
    growth_by_unit: dict[UnitKey, Percent] = Field(
        default={},
        max_length=1000,
        examples=[{"east": 20, "west": -5}],
        description="By how much single units grow, in percent, by the unit's key. Goes before its attribute.",
        json_schema_extra=ui(widget="table", unit="%", group="Growth", order=2),
    )
    growth_attribute: AttributeKey | None = Field(
        default=None,
        description="Key of a number attribute of units with what each grows by, in percent.",
        json_schema_extra=ui(widget="text", group="Growth", order=3, advanced=True),
    )


def growth(request: AllocationRequest[GrowthParameters]) -> AllocationResult:
    """A weight per child and month, last year's and the growth; the unit's own months as last year."""
    months = by_last_year(request, request.parameters.share_of_median_for_newcomers)
    text = f"Split by last year's {request.metric_key}, in its smallest unit, and by what each unit grows by."
    matrix, reasons = _children(request)
    return AllocationResult(
        months=months.weights,
        matrix=matrix,
        explanation=Explanation(text, items=(*months.reasons, *reasons)),
    )


def _children(request: AllocationRequest[GrowthParameters]) -> tuple[tuple[Row, ...] | None, tuple[Explanation, ...]]:
    parameters = request.parameters
    histories = [last_year_of(request, child) for child in request.children]
    rows = [counted(history) for history in histories]
    newcomer = newcomer_row(rows, parameters.share_of_median_for_newcomers)
    if newcomer is None:
        alike = f"Nobody below {request.unit.name} achieved anything last year, so all count alike."
        return None, (Explanation(alike),) if rows else ()
    rates = [_rate(child, parameters) for child in request.children]
    matrix = tuple(_grown(row if any(row) else newcomer, rate) for row, rate in zip(rows, rates, strict=True))
    share = in_words(parameters.share_of_median_for_newcomers)
    reasons = [
        _reason(child, history, rate, row, share)
        for child, history, rate, row in zip(request.children, histories, rates, matrix, strict=True)
    ]
    return matrix, fitting(reasons)


def _rate(child: UnitFact, parameters: GrowthParameters) -> Figure:
    own = parameters.growth_by_unit.get(child.key)
    if own is not None:
        return Figure(own, "as set for it")
    return noted(child, parameters.growth_attribute, LEAST, MOST) or Figure(parameters.growth_percent, "as set for all")


def _grown(row: Row, rate: Figure) -> Row:
    factor = 1 + Fraction(rate.value) / 100
    return tuple(month * factor for month in row)


def _reason(child: UnitFact, history: Sequence[int], rate: Figure, row: Row, share: str) -> Explanation:
    text = f"{child.name} counts as what it achieved in each month of last year, with its growth, {rate.origin}."
    if not any(counted(history)):
        text = (
            f"{child.name} achieved nothing last year: each month counts as {share} the median of the others,"
            f" with its growth, {rate.origin}."
        )
    values = (("last year", sum(history)), ("growth in percent", rate.value), ("counted", plain(sum(row, Fraction()))))
    return Explanation(text, values)


GROWTH = AllocationRule(
    key="growth",
    title="By growth on last year",
    description=(
        "Every unit and month weighs what was achieved in it last year and what the unit is to grow by, which may be"
        " set or noted unit by unit."
    ),
    parameters=GrowthParameters,
    needs=frozenset({Need.RECENT, Need.ATTRIBUTES}),
    allocate=growth,
)
