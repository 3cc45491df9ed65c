"""The past as planners look back on it: last year's months, and the last full period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from quotaloom_sdk import AllocationRequest, MonthFact, UnitFact

PeriodLength = Literal["month", "quarter", "half", "year"]

MONTHS_IN: dict[PeriodLength, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}


@dataclass(frozen=True, slots=True)
class PastPeriod:
    """A period that is over: its label, and the places that its months have among the recent ones."""

    label: str
    places: Sequence[int]

    def achieved(self, unit: UnitFact) -> int:
        """What the unit achieved in it."""
        return sum(unit.recent[place] for place in self.places)


def last_year_of(request: AllocationRequest[Any], unit: UnitFact) -> tuple[int, ...]:
    """What the unit achieved in each month of the plan, the last time that it was over before the plan began.

    Whoever plans in October for the next year thus goes by December of the year before. 0 for a month that is not
    among the recent ones.
    """
    places = {month.number: place for place, month in _before(request)}
    return tuple(unit.recent[places[month.number]] if month.number in places else 0 for month in request.months)


def last_full_period(request: AllocationRequest[Any], length: PeriodLength) -> PastPeriod | None:
    """The last period of that length that was over when the plan began, or is over today, whichever is earlier."""
    width = MONTHS_IN[length]
    found = None
    for (year, index), months in groupby(_before(request), key=lambda one: _period(one[1], width)):
        places = [place for place, _ in months]
        if len(places) == width:
            found = PastPeriod(_label(length, year, index, request.recent_months[places[0]]), places)
    return found


def _before(request: AllocationRequest[Any]) -> list[tuple[int, MonthFact]]:
    """The recent months that were over when the plan began, with their places."""
    begins = request.months[0].starts_on
    return [(place, month) for place, month in enumerate(request.recent_months) if month.ends_on <= begins]


def _period(month: MonthFact, width: int) -> tuple[int, int]:
    return month.fiscal_year, (month.number - 1) // width


def _label(length: PeriodLength, year: int, index: int, month: MonthFact) -> str:
    match length:
        case "month":
            return month.label
        case "year":
            return str(year)
        case _:
            return f"{year}-{length[0].upper()}{index + 1}"
