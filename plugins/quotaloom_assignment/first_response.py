"""By first response: who answers sooner gets more."""

from __future__ import annotations

from fractions import Fraction

from pydantic import Field

from quotaloom_assignment.candidates import AssignmentParameters, Candidate, hand_of
from quotaloom_assignment.weighing import hand_out_by_weight
from quotaloom_sdk import Need, PoolPolicy, PoolRequest, PoolResult, ui


class FirstResponseParameters(AssignmentParameters):
    """What an admin may set for handing out by first response."""

    at_once_minutes: int = Field(
        default=5,
        ge=1,
        le=10_000,
        description="Minutes within which an answer counts as given at once: nobody is better than that.",
        json_schema_extra=ui(widget="number", unit="minutes", group="Response", order=1),
    )
    unmeasured_minutes: int = Field(
        default=60,
        ge=1,
        le=100_000,
        description="As how many minutes somebody counts who had nothing to answer lately.",
        json_schema_extra=ui(widget="number", unit="minutes", group="Response", order=2),
    )


def by_first_response(request: PoolRequest[FirstResponseParameters]) -> PoolResult:
    """Each record by how soon people answer: half the minutes, twice the records."""
    parameters = request.parameters
    hand = hand_of(request, parameters)

    def weigh(candidate: Candidate) -> Fraction:
        minutes = candidate.fact.first_response_minutes
        taken = parameters.unmeasured_minutes if minutes is None else minutes
        return Fraction(parameters.at_once_minutes, max(taken, parameters.at_once_minutes))

    memory = hand_out_by_weight(request, hand, weigh, "It was your turn, by how soon you answer.")
    return hand.result("Handed out by how soon people answer.", memory)


FIRST_RESPONSE = PoolPolicy(
    key="first_response",
    title="By first response",
    description="Everybody in turn, and more often the sooner he answers: half the minutes, twice the records.",
    parameters=FirstResponseParameters,
    needs=frozenset({Need.CALENDAR, Need.HISTORY}),
    assign=by_first_response,
)
