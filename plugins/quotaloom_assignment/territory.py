"""By territory: a record goes to whoever works where it is."""

from __future__ import annotations

from pydantic import Field

from quotaloom_assignment.candidates import AssignmentParameters, hand_of, longest_waiting
from quotaloom_assignment.matching import words
from quotaloom_assignment.weighing import AttributeKey
from quotaloom_sdk import Need, PoolPolicy, PoolRequest, PoolResult, ui


class TerritoryParameters(AssignmentParameters):
    """What an admin may set for handing out by territory."""

    record_attribute: AttributeKey = Field(
        default="territory",
        description="Key of the attribute of records that says where they are.",
        json_schema_extra=ui(widget="text", group="Territory", order=1),
    )
    member_attribute: AttributeKey = Field(
        default="territory",
        description="Key of the attribute of members that says where they work, one or several set apart by commas.",
        json_schema_extra=ui(widget="text", group="Territory", order=2),
    )


def by_territory(request: PoolRequest[TerritoryParameters]) -> PoolResult:
    """Each record in turn among those who work where it is; one that is nowhere is left to the next policy."""
    parameters = request.parameters
    hand = hand_of(request, parameters)
    works = {
        one.place: words(one.fact.attributes, parameters.member_attribute, one.fact.name) for one in hand.candidates
    }
    for record in request.records:
        where = words(record.attributes, parameters.record_attribute, record.name)
        chosen = longest_waiting(one for one in hand.candidates if works[one.place] & where)
        hand.give(record, chosen, "It is in your territory.")
    return hand.result("Each went, in turn, to those who work where it is.")


TERRITORY = PoolPolicy(
    key="territory",
    title="By territory",
    description="Each record goes to those who work where it is, in turn; others are left to the next policy.",
    parameters=TerritoryParameters,
    needs=frozenset({Need.CALENDAR, Need.ATTRIBUTES}),
    assign=by_territory,
)
