"""The split by the trailing twelve months: who sold more in them carries more."""

from __future__ import annotations

from quotaloom_allocation.month_spread import MonthParameters, spread_months
from quotaloom_allocation.newcomers import NewcomerParameters, by_achievement
from quotaloom_sdk import AllocationRequest, AllocationResult, AllocationRule, Explanation, Need

MONTHS = 12


class TrailingYearParameters(NewcomerParameters, MonthParameters):
    """What an admin may set for the split by the trailing twelve months."""


def trailing_year(request: AllocationRequest[TrailingYearParameters]) -> AllocationResult:
    """A weight per child, what it achieved in the twelve full months before today."""
    months = spread_months(request, request.parameters.months)
    achieved = [sum(child.recent[-MONTHS:]) for child in request.children]
    share, when = request.parameters.share_of_median_for_newcomers, _when(request)
    children = by_achievement(request, achieved, share, when)
    text = f"Split by {request.metric_key} {when}, the last twelve full months, in its smallest unit."
    return AllocationResult(
        months=months.weights,
        children=children.weights,
        explanation=Explanation(text, items=(*months.reasons, *children.reasons)),
    )


def _when(request: AllocationRequest[TrailingYearParameters]) -> str:
    trailing = request.recent_months[-MONTHS:]
    return f"from {trailing[0].label} to {trailing[-1].label}" if trailing else "before today"


TRAILING_YEAR = AllocationRule(
    key="trailing_year",
    title="By the trailing twelve months",
    description=(
        "Every unit weighs what it achieved in the twelve full months before the day on which the target is split."
    ),
    parameters=TrailingYearParameters,
    needs=frozenset({Need.RECENT, Need.CALENDAR}),
    allocate=trailing_year,
)
