"""By weight: who weighs twice as much gets twice as many."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from quotaloom_assignment.candidates import AssignmentParameters, Candidate, hand_of
from quotaloom_assignment.weighing import AttributeKey, hand_out_by_weight, noted_number
from quotaloom_sdk import Need, PoolPolicy, PoolRequest, PoolResult, ui

HEAVIEST = 10_000


class WeightedParameters(AssignmentParameters):
    """What an admin may set for handing out by weight."""

    weight: Decimal = Field(
        default=Decimal(1),
        ge=0,
        le=HEAVIEST,
        max_digits=11,
        decimal_places=6,
        description="What a member weighs of whom nothing else is noted; 0 gives him nothing.",
        json_schema_extra=ui(widget="number", group="Weights", order=1),
    )
    weight_attribute: AttributeKey | None = Field(
        default=None,
        description="Key of a number attribute of members with what each weighs.",
        json_schema_extra=ui(widget="text", group="Weights", order=2),
    )


def weighted(request: PoolRequest[WeightedParameters]) -> PoolResult:
    """Each record by weight, evenly mixed."""
    parameters = request.parameters
    hand = hand_of(request, parameters)

    def weigh(candidate: Candidate) -> Decimal:
        noted = noted_number(candidate, parameters.weight_attribute)
        return parameters.weight if noted is None else min(noted, Decimal(HEAVIEST))

    memory = hand_out_by_weight(request, hand, weigh, "It was your turn, by your weight.")
    return hand.result("Handed out by weight, evenly mixed.", memory)


WEIGHTED = PoolPolicy(
    key="weighted",
    title="By weight",
    description="Everybody in turn, as often as he weighs: twice the weight gets twice as many.",
    parameters=WeightedParameters,
    needs=frozenset({Need.CALENDAR, Need.ATTRIBUTES}),
    assign=weighted,
)
