"""The months of a plan, by their labels."""

from __future__ import annotations

from collections.abc import Sequence

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.platform.errors import InputError, Path
from quotaloom.targets.plans import PlanFacts


def month_of_plan(calendar: FiscalCalendar, plan: PlanFacts, label: str, path: Path, *, or_day: bool = False) -> Period:
    """The month, or day, that a label stands for; raises `InputError` BAD_MONTH for one that is none of the plan."""
    grains = (Grain.MONTH, Grain.DAY) if or_day else (Grain.MONTH,)
    try:
        month = calendar.period(label)
    except InputError as error:
        raise error.at(*path) from None
    if month.grain not in grains or month.starts_on < plan.starts_on or month.ends_on > plan.ends_on:
        raise InputError(
            "BAD_MONTH",
            f"{label} is no {' or '.join(grains)} of {plan.name}, which covers {plan.starts_on} up to {plan.ends_on}",
            path,
        )
    return month


def months_within(calendar: FiscalCalendar, plan: PlanFacts, period: str) -> Sequence[Period]:
    """The months of the plan that a label names; raises `InputError` BAD_PERIOD."""
    try:
        span = calendar.period(period)
        months = calendar.periods(span, Grain.MONTH)
    except InputError as error:
        raise error.at("period") from None
    if span.starts_on < plan.starts_on or span.ends_on > plan.ends_on:
        raise InputError(
            "BAD_PERIOD",
            f"{period} reaches outside of {plan.name}, which covers {plan.starts_on} up to {plan.ends_on}",
            ("period",),
        )
    return months
