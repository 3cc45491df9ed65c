"""How a unit's year is spread over the months, where that is left to the company."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Literal

from pydantic import Field

from quotaloom_allocation.explaining import in_words, plain
from quotaloom_allocation.looking_back import last_year_of
from quotaloom_allocation.newcomers import Weighed, counted, filled
from quotaloom_sdk import AllocationRequest, Explanation, Parameters, ui

MonthSpread = Literal["even", "workdays", "last_year"]

_HALF: Final = Decimal("0.5")


class MonthParameters(Parameters):
    """What an admin may set about the months."""

    months: MonthSpread = Field(
        default="even",
        description=(
            "How a unit's year is spread over the months: `even` for all alike, `workdays` for the days that the"
            " company works in each, `last_year` for what the unit achieved in each last year."
        ),
        json_schema_extra=ui(widget="select", group="Months"),
    )


def spread_months(request: AllocationRequest[Any], how: MonthSpread) -> Weighed:
    """A weight per month. Without any working days, or anything achieved last year, all count alike."""
    match how:
        case "even":
            return Weighed(None, (Explanation("All months count alike."),))
        case "workdays":
            return _by_workdays(request)
        case "last_year":
            return by_last_year(request, _HALF)


def by_last_year(request: AllocationRequest[Any], share: Decimal) -> Weighed:
    """The months by what the unit achieved in each last year; one without any at `share` of the median month."""
    name = request.unit.name
    achieved = counted(last_year_of(request, request.unit))
    weights = filled(achieved, share)
    if weights is None:
        return Weighed(None, (Explanation(f"{name} achieved nothing last year, so all months count alike."),))
    text = f"Each month counts as what {name} achieved in it last year."
    without = [month.label for month, figure in zip(request.months, achieved, strict=True) if not figure]
    if without:
        text += (
            f" A year before {', '.join(without)} it was nothing: that counts as {in_words(share)} the median month."
        )
    return Weighed(weights, (_by_label(request, text, weights),))


def _by_workdays(request: AllocationRequest[Any]) -> Weighed:
    weights = tuple(Fraction(month.workdays or 0) for month in request.months)
    if not any(weights):
        return Weighed(None, (Explanation("No month has a working day, so all months count alike."),))
    return Weighed(weights, (_by_label(request, "Each month counts as its working days.", weights),))


def _by_label(request: AllocationRequest[Any], text: str, weights: tuple[Fraction, ...]) -> Explanation:
    pairs = zip(request.months, weights, strict=True)
    return Explanation(text, tuple((month.label, plain(weight)) for month, weight in pairs))
