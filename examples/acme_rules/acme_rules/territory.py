"""By territory: a lead goes to whoever sells in its territory and knows its product, in fair turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Self

from pydantic import Field, model_validator

from acme_rules.turns import Turns
from quotaloom_sdk import (
    Assignment,
    Attributes,
    CandidateFact,
    Choice,
    Explanation,
    Need,
    Parameters,
    PoolPolicy,
    PoolRequest,
    PoolResult,
    RecordFact,
    ui,
)

_KEY = r"^[a-z][a-z0-9_]{0,63}$"


class TerritoryParameters(Parameters):
    """What an admin may set, company by company."""

    elsewhere: bool = Field(
        default=False,
        description="Whether a lead that fits nobody's territory and skills goes to anybody; otherwise it stays.",
        json_schema_extra=ui(widget="switch"),
    )
    territory_attribute: str = Field(
        default="territory",
        pattern=_KEY,
        description="Key of the attribute of leads and members with their territory, a choice or a text.",
        json_schema_extra=ui(widget="text", group="Attributes", order=1, advanced=True),
    )
    skills_attribute: str = Field(
        default="skills",
        pattern=_KEY,
        description="Key of the text attribute of members with the products they know, separated by commas.",
        json_schema_extra=ui(widget="text", group="Attributes", order=2, advanced=True),
    )
    weight_attribute: str = Field(
        default="lead_weight",
        pattern=_KEY,
        description="Key of the number attribute of members with their weight, 0 or more; 1 where it is empty.",
        json_schema_extra=ui(widget="text", group="Attributes", order=3, advanced=True),
    )

    @model_validator(mode="after")
    def _three_attributes(self) -> Self:
        if len({self.territory_attribute, self.skills_attribute, self.weight_attribute}) < 3:
            raise ValueError("territory, skills and weight must be three attributes")
        return self


@dataclass(frozen=True, slots=True)
class Seller:
    """A candidate as the policy sees him; None and no skills at all mean that nothing is noted."""

    candidate: CandidateFact
    territory: str | None
    skills: frozenset[str]

    def fits(self, territory: str | None, product: str | None) -> bool:
        """Whether he sells there and knows that; what is not noted, of him or of the lead, excludes nobody."""
        sells = None in (territory, self.territory) or territory == self.territory
        return sells and (product is None or not self.skills or product.casefold() in self.skills)


def by_territory(request: PoolRequest[TerritoryParameters]) -> PoolResult:
    """One assignment per record. `memory` has what each candidate is owed, see `turns`."""
    parameters = request.parameters
    present = [one for one in request.candidates if _is_there(one, request.today)]
    sellers = [_seller(one, parameters) for one in present]
    turns = Turns(
        request.candidates,
        {one.member_id: _weight(one, parameters.weight_attribute) for one in request.candidates},
        request.memory,
    )
    assignments = tuple(_assigned(record, sellers, turns, parameters) for record in request.records)
    given = sum(one.member_id is not None for one in assignments)
    return PoolResult(
        assignments=assignments,
        memory=turns.memory(),
        explanation=Explanation(
            "Each lead went to whoever sells in its territory and knows its product, in fair turns.",
            (("leads", len(assignments)), ("given", given), ("there today", len(present))),
        ),
    )


def _assigned(
    record: RecordFact, sellers: Sequence[Seller], turns: Turns, parameters: TerritoryParameters
) -> Assignment:
    territory = _words(record.attributes, parameters.territory_attribute)
    fitting = [one for one in sellers if one.fits(territory, record.product_key)]
    if not fitting and parameters.elsewhere:
        fitting, reason = list(sellers), "Nobody's territory and skills fit it, and it was your turn."
    else:
        reason = f"It fits you{_of(territory, record.product_key)}, and it was your turn."
    chosen = turns.next([one.candidate for one in fitting])
    return Assignment(record.id, None) if chosen is None else Assignment(record.id, chosen.member_id, reason)


def _of(territory: str | None, product: str | None) -> str:
    named = [word for word in (territory, product) if word]
    return f" ({', '.join(named)})" if named else ""


def _seller(candidate: CandidateFact, parameters: TerritoryParameters) -> Seller:
    skills = (candidate.attributes.text(parameters.skills_attribute) or "").split(",")
    return Seller(
        candidate,
        _words(candidate.attributes, parameters.territory_attribute),
        frozenset(skill.strip().casefold() for skill in skills if skill.strip()),
    )


def _is_there(candidate: CandidateFact, today: date) -> bool:
    """Whether he works now: what is not known of his hours and absences does not keep him away."""
    return candidate.working is not False and not any(
        absence.starts_on <= today < absence.ends_on for absence in candidate.absences
    )


def _words(attributes: Attributes, key: str) -> str | None:
    """A choice's key or a text, in lower case; None where it is empty."""
    value = next((one.value for one in attributes if one.key == key), None)
    words = value.key if isinstance(value, Choice) else attributes.text(key) or ""
    return words.strip().casefold() or None


def _weight(candidate: CandidateFact, key: str) -> Fraction:
    """His weight; somebody whose weight is negative gets nothing, like one whose weight is 0."""
    weight = candidate.attributes.number(key)
    return Fraction(1) if weight is None else Fraction(weight)


TERRITORY = PoolPolicy(
    key="territory",
    title="By territory and skill",
    description=(
        "A lead goes to whoever sells in its territory and knows its product; among those, in fair turns by weight."
    ),
    parameters=TerritoryParameters,
    needs=frozenset({Need.ATTRIBUTES, Need.CALENDAR}),
    assign=by_territory,
)
