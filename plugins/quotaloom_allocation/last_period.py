"""The split by the last period: who sold more in it carries more."""

from __future__ import annotations

from pydantic import Field

from quotaloom_allocation.looking_back import PeriodLength, last_full_period
from quotaloom_allocation.month_spread import MonthParameters, spread_months
from quotaloom_allocation.newcomers import NewcomerParameters, Weighed, by_achievement
from quotaloom_sdk import AllocationRequest, AllocationResult, AllocationRule, Explanation, Need, ui


class LastPeriodParameters(NewcomerParameters, MonthParameters):
    """What an admin may set for the split by the last period."""

    period: PeriodLength = Field(
        default="quarter",
        description="How long the period is that counts: `month`, `quarter`, `half` or `year`, of the fiscal calendar.",
        json_schema_extra=ui(widget="select", group="Units", order=1),
    )


def last_period(request: AllocationRequest[LastPeriodParameters]) -> AllocationResult:
    """A weight per child, what it achieved in the last full period before the plan or before today."""
    months = spread_months(request, request.parameters.months)
    label, children = _by_period(request)
    text = f"Split by {request.metric_key} of {label}, the last full {request.parameters.period}, in its smallest unit."
    return AllocationResult(
        months=months.weights,
        children=children.weights,
        explanation=Explanation(text, items=(*months.reasons, *children.reasons)),
    )


def _by_period(request: AllocationRequest[LastPeriodParameters]) -> tuple[str, Weighed]:
    parameters = request.parameters
    period = last_full_period(request, parameters.period)
    label = "no period" if period is None else period.label
    achieved = [0 if period is None else period.achieved(child) for child in request.children]
    return label, by_achievement(request, achieved, parameters.share_of_median_for_newcomers, f"in {label}")


LAST_PERIOD = AllocationRule(
    key="last_period",
    title="By the last period",
    description=(
        "Every unit weighs what it achieved in the last full month, quarter, half or year before the plan begins, or"
        " before today if that is earlier."
    ),
    parameters=LastPeriodParameters,
    needs=frozenset({Need.RECENT, Need.CALENDAR}),
    allocate=last_period,
)
