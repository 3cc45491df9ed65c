"""A company's calendar as its settings and holidays make it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from quotaloom.calendars.fiscal import FiscalCalendar, Pattern
from quotaloom.calendars.workdays import WorkingDays
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts


@dataclass(frozen=True, slots=True)
class CompanyCalendar:
    """The fiscal periods of a company and the days it works."""

    fiscal: FiscalCalendar
    working: WorkingDays


def fiscal_calendar(company: CompanyFacts) -> FiscalCalendar:
    """The fiscal periods that the company's settings make."""
    return FiscalCalendar(company.fiscal_start_month, cast(Pattern, company.calendar_pattern))


async def load_calendar(source: Snapshot | Transaction, company: CompanyFacts) -> CompanyCalendar:
    """The company's calendar, its holidays and made-up days included."""
    rows = await source.fetch("SELECT day, working FROM holiday")
    exceptions = {row["day"]: row["working"] for row in rows}
    return CompanyCalendar(fiscal_calendar(company), WorkingDays(frozenset(company.working_weekdays), exceptions))
