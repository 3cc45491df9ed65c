"""The months of a plan, by their labels."""

from __future__ import annotations

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.platform.errors import InputError, Path
from quotaloom.targets.plans import PlanFacts


def month_of_plan(calendar: FiscalCalendar, plan: PlanFacts, label: str, path: Path) -> Period:
    """The month that a label stands for; raises `InputError` BAD_MONTH for one that is none of the plan's."""
    try:
        month = calendar.period(label)
    except InputError as error:
        raise error.at(*path) from None
    if month.grain is not Grain.MONTH or month.starts_on < plan.starts_on or month.ends_on > plan.ends_on:
        raise InputError(
            "BAD_MONTH",
            f"{label} is no month of {plan.name}, which covers {plan.starts_on} up to {plan.ends_on}",
            path,
        )
    return month
