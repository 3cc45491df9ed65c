"""The split by the company's own seasons: the months by a profile, the units by what it chooses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from quotaloom_allocation.headcount import by_members
from quotaloom_allocation.looking_back import last_year_of
from quotaloom_allocation.newcomers import NewcomerParameters, Weighed, by_achievement
from quotaloom_sdk import AllocationRequest, AllocationResult, AllocationRule, Explanation, MonthFact, Need, ui

MonthWeight = Annotated[Decimal, Field(ge=0, le=10**9, max_digits=16, decimal_places=6)]


class SeasonalParameters(NewcomerParameters):
    """What an admin may set for the split by seasons."""

    profile: tuple[MonthWeight, ...] = Field(
        default=(Decimal(1),) * 12,
        min_length=12,
        max_length=12,
        description=(
            "What the twelve calendar months weigh, January first, whenever the fiscal year begins. Only the"
            " proportions count."
        ),
        json_schema_extra=ui(widget="table", group="Months"),
    )
    units: Literal["even", "headcount", "last_year"] = Field(
        default="even",
        description=(
            "What the units weigh: `even` for all alike, `headcount` for the members who hold a position there,"
            " `last_year` for what they achieved last year."
        ),
        json_schema_extra=ui(widget="select", group="Units", order=1),
    )


def seasonal(request: AllocationRequest[SeasonalParameters]) -> AllocationResult:
    """The profile's weight of each month, and a weight per child, the same in all months."""
    weights = tuple(request.parameters.profile[_calendar_month(month) - 1] for month in request.months)
    alike = "" if any(weights) else " All are 0, so all months count alike."
    labelled = tuple((month.label, weight) for month, weight in zip(request.months, weights, strict=True))
    months = Explanation(f"Each month counts as the company's profile says.{alike}", labelled)
    children = _children(request)
    text = f"Split by seasons: every unit below {request.unit.name} follows the same profile of the year."
    return AllocationResult(
        months=weights,
        children=children.weights,
        explanation=Explanation(text, items=(months, *children.reasons)),
    )


def _calendar_month(month: MonthFact) -> int:
    """The calendar month in which the middle of a fiscal month lies: one of weeks rarely begins on a first."""
    days = (month.ends_on - month.starts_on).days
    return (month.starts_on + timedelta(days=days // 2)).month


def _children(request: AllocationRequest[SeasonalParameters]) -> Weighed:
    parameters = request.parameters
    match parameters.units:
        case "even":
            return Weighed(None, (Explanation("All units count alike."),) if request.children else ())
        case "headcount":
            return by_members(request, Decimal(0))
        case "last_year":
            achieved = [sum(last_year_of(request, child)) for child in request.children]
            return by_achievement(request, achieved, parameters.share_of_median_for_newcomers, "last year")


SEASONAL = AllocationRule(
    key="seasonal",
    title="By seasons",
    description="Every month weighs what the company's own profile of the year says; the units as the company chooses.",
    parameters=SeasonalParameters,
    needs=frozenset({Need.LOAD, Need.RECENT}),
    allocate=seasonal,
)
