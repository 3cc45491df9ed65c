"""The split by weights that the company writes down, unit by unit."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from quotaloom_allocation.explaining import fitting
from quotaloom_allocation.month_spread import MonthParameters, spread_months
from quotaloom_allocation.noted import UnitKey
from quotaloom_sdk import (
    AllocationRequest,
    AllocationResult,
    AllocationRule,
    CannotDecide,
    Explanation,
    Need,
    UnitFact,
    ui,
)

UnitWeight = Annotated[Decimal, Field(ge=0, le=10**9, max_digits=16, decimal_places=6)]

_NAMED = 5
"""How many units a refusal names."""


class FixedWeightsParameters(MonthParameters):
    """What an admin may set for the split by fixed weights."""

    weights: dict[UnitKey, UnitWeight] = Field(
        default={},
        max_length=1000,
        examples=[{"east": 5, "west": 3}],
        description="What units weigh, by the unit's key. Only the proportions between units side by side count.",
        json_schema_extra=ui(widget="table", group="Units", order=1),
    )
    weight_of_others: UnitWeight = Field(
        default=Decimal(0),
        description="What a unit weighs that is not named, beside one that is.",
        json_schema_extra=ui(widget="number", group="Units", order=2),
    )


def fixed_weights(request: AllocationRequest[FixedWeightsParameters]) -> AllocationResult:
    """A weight per child, the one that is written down for it. Raises `CannotDecide` where no child is named."""
    parameters = request.parameters
    if request.children and not any(child.key in parameters.weights for child in request.children):
        raise CannotDecide(_nobody_named(request))
    months = spread_months(request, parameters.months)
    weights = tuple(parameters.weights.get(child.key, parameters.weight_of_others) for child in request.children)
    reasons = fitting([_reason(child, parameters) for child in request.children])
    text = f"Split by the weights that are written down for the units below {request.unit.name}."
    if weights and not any(weights):
        text += " All are 0, so all units count alike."
    return AllocationResult(
        months=months.weights,
        children=weights,
        explanation=Explanation(text, items=(*months.reasons, *reasons)),
    )


def _nobody_named(request: AllocationRequest[FixedWeightsParameters]) -> str:
    keys = ", ".join(child.key for child in request.children[:_NAMED])
    more = len(request.children) - _NAMED
    listed = keys if more <= 0 else f"{keys} and {more} more"
    name = request.unit.name
    return (
        f"No unit below {name} has a weight. Write one down for at least one of them, by its key ({listed}), or split"
        f" {name} by another policy."
    )


def _reason(child: UnitFact, parameters: FixedWeightsParameters) -> Explanation:
    own = parameters.weights.get(child.key)
    if own is None:
        return Explanation(
            f"{child.name} is not named and weighs what such units do.", _weight(parameters.weight_of_others)
        )
    return Explanation(f"{child.name} weighs what is written down for it.", _weight(own))


def _weight(weight: Decimal) -> tuple[tuple[str, Decimal], ...]:
    return (("counted", weight),)


FIXED_WEIGHTS = AllocationRule(
    key="fixed_weights",
    title="By fixed weights",
    description="Every unit weighs what the company has written down for it, by its key.",
    parameters=FixedWeightsParameters,
    needs=frozenset({Need.RECENT, Need.CALENDAR}),
    allocate=fixed_weights,
)
