"""By capacity: whoever can carry the most more gets the next."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from quotaloom_assignment.candidates import AssignmentParameters, Candidate, hand_of
from quotaloom_assignment.weighing import AttributeKey, noted_number
from quotaloom_sdk import Need, PoolPolicy, PoolRequest, PoolResult, ui


class CapacityParameters(AssignmentParameters):
    """What an admin may set for handing out by capacity."""

    capacity: int = Field(
        default=50,
        ge=0,
        le=1_000_000,
        description="How many a member can carry of whom nothing else is noted.",
        json_schema_extra=ui(widget="number", group="Capacity", order=1),
    )
    capacity_attribute: AttributeKey | None = Field(
        default=None,
        description="Key of a number attribute of members with how many each can carry.",
        json_schema_extra=ui(widget="text", group="Capacity", order=2),
    )
    counted: Literal["leads", "customers", "opportunities", "everything"] = Field(
        default="everything",
        description="What is counted of that which a member carries today.",
        json_schema_extra=ui(widget="select", group="Capacity", order=3),
    )


def by_capacity(request: PoolRequest[CapacityParameters]) -> PoolResult:
    """Each record to whoever has the most left; among equals to whoever waits longest. Nobody is overloaded."""
    hand = hand_of(request, request.parameters)
    left = {one.place: _left(one, request.parameters) for one in hand.candidates}
    for record in request.records:
        able = [one for one in hand.candidates if one.free and left[one.place] >= 1]
        chosen = min(able, key=lambda one: (-left[one.place], *one.waiting), default=None)
        hand.give(record, chosen, "You had the most room.")
        if chosen is not None:
            left[chosen.place] -= 1
    return hand.result("Each went to whoever could carry the most more.")


def _left(candidate: Candidate, parameters: CapacityParameters) -> Decimal:
    noted = noted_number(candidate, parameters.capacity_attribute)
    capacity = Decimal(parameters.capacity) if noted is None else noted
    load = candidate.fact.load
    if load is None:
        return capacity
    carried = {
        "leads": load.leads,
        "customers": load.customers,
        "opportunities": load.opportunities,
        "everything": load.leads + load.customers + load.opportunities,
    }
    return capacity - carried[parameters.counted]


CAPACITY = PoolPolicy(
    key="capacity",
    title="By capacity",
    description="Each record goes to whoever can carry the most more; nobody gets more than he can carry.",
    parameters=CapacityParameters,
    needs=frozenset({Need.CALENDAR, Need.ATTRIBUTES, Need.LOAD}),
    assign=by_capacity,
)
