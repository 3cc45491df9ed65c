"""The split by people: who has more members carries more."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from pydantic import Field

from quotaloom_allocation.explaining import fitting, plain, shown
from quotaloom_allocation.month_spread import MonthParameters, spread_months
from quotaloom_allocation.newcomers import Weighed
from quotaloom_sdk import AllocationRequest, AllocationResult, AllocationRule, Explanation, Need, UnitFact, ui


class HeadcountParameters(MonthParameters):
    """What an admin may set for the split by people."""

    members_of_empty_unit: Decimal = Field(
        default=Decimal(0),
        ge=0,
        le=10_000,
        max_digits=7,
        decimal_places=2,
        description="As how many members a unit counts in which nobody holds a position today.",
        json_schema_extra=ui(widget="number", unit="members", group="Units"),
    )


def headcount(request: AllocationRequest[HeadcountParameters]) -> AllocationResult:
    """A weight per child, the members who hold a position in it today."""
    months = spread_months(request, request.parameters.months)
    children = by_members(request, request.parameters.members_of_empty_unit)
    text = f"Split by the members who hold a position in each unit below {request.unit.name} today."
    return AllocationResult(
        months=months.weights,
        children=children.weights,
        explanation=Explanation(text, items=(*months.reasons, *children.reasons)),
    )


def by_members(request: AllocationRequest[Any], of_empty_unit: Decimal) -> Weighed:
    """The children by their members; one without any counts as `of_empty_unit`. None where all have none."""
    members = [child.load.members if child.load else 0 for child in request.children]
    weights = tuple(Fraction(count or of_empty_unit) for count in members)
    if not any(members):
        return Weighed(None, _nobody(request))
    reasons = [
        Explanation(_text(child, count, of_empty_unit), (("members", count), ("counted", plain(weight))))
        for child, count, weight in zip(request.children, members, weights, strict=True)
    ]
    return Weighed(weights, fitting(reasons))


def _nobody(request: AllocationRequest[Any]) -> tuple[Explanation, ...]:
    if not request.children:
        return ()
    return (Explanation(f"Nobody holds a position below {request.unit.name} today, so all units count alike."),)


def _text(child: UnitFact, members: int, of_empty_unit: Decimal) -> str:
    if members:
        return f"{child.name} counts as the members who hold a position in it."
    return f"Nobody holds a position in {child.name} today: it counts as {shown(of_empty_unit)}."


HEADCOUNT = AllocationRule(
    key="headcount",
    title="By headcount",
    description="Every unit weighs the members who hold a position in it today, each counted once.",
    parameters=HeadcountParameters,
    needs=frozenset({Need.LOAD, Need.RECENT, Need.CALENDAR}),
    allocate=headcount,
)
