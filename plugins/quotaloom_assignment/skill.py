"""By skill: a record goes to whoever can do all that it takes."""

from __future__ import annotations

from pydantic import Field

from quotaloom_assignment.candidates import AssignmentParameters, hand_of, longest_waiting
from quotaloom_assignment.matching import plain, words
from quotaloom_assignment.weighing import AttributeKey
from quotaloom_sdk import Need, PoolPolicy, PoolRequest, PoolResult, RecordFact, ui


class SkillParameters(AssignmentParameters):
    """What an admin may set for handing out by skill."""

    record_attribute: AttributeKey | None = Field(
        default=None,
        description="Key of the attribute of records that says what they take; without one it is the product's key.",
        json_schema_extra=ui(widget="text", group="Skills", order=1),
    )
    member_attribute: AttributeKey = Field(
        default="skills",
        description="Key of the attribute of members with what they can do, set apart by commas.",
        json_schema_extra=ui(widget="text", group="Skills", order=2),
    )


def by_skill(request: PoolRequest[SkillParameters]) -> PoolResult:
    """Each record in turn among those who can do all that it takes; one that takes nothing is left to the next."""
    parameters = request.parameters
    hand = hand_of(request, parameters)
    skills = {
        one.place: words(one.fact.attributes, parameters.member_attribute, one.fact.name) for one in hand.candidates
    }
    for record in request.records:
        needed = _needed(record, parameters.record_attribute)
        chosen = longest_waiting(one for one in hand.candidates if needed and needed <= skills[one.place])
        hand.give(record, chosen, "You can do what it takes.")
    return hand.result("Each went, in turn, to those who can do what it takes.")


def _needed(record: RecordFact, key: str | None) -> frozenset[str]:
    if key is not None:
        return words(record.attributes, key, record.name)
    return frozenset() if record.product_key is None else frozenset({plain(record.product_key)})


SKILL = PoolPolicy(
    key="skill",
    title="By skill",
    description="Each record goes to those who can do all that it takes, in turn; others are left to the next policy.",
    parameters=SkillParameters,
    needs=frozenset({Need.CALENDAR, Need.ATTRIBUTES}),
    assign=by_skill,
)
