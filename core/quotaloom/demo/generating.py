"""The demo company as it stands on a day: the same day always gives the same company."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.calendars.workdays import WorkingDays
from quotaloom.demo.dealing import WON, Market, as_of, deals_closing_in
from quotaloom.demo.market import PRODUCTS, customers, rates
from quotaloom.demo.organizing import organize
from quotaloom.demo.special_days import special_days
from quotaloom.demo.story import DemoDeal, DemoPlan, DemoRefund, DemoStory

CURRENCY: Final = "CNY"
START_MONTH: Final = 4
LOOK_AHEAD: Final = timedelta(days=150)
"""How far ahead open deals may be expected to close."""

_GROWTH: Final = 110
"""How many deals close from the present year on, in percent of the year before."""
_WHOLE_MILLION: Final = 1_000_000_00
"""In fen."""


def tell_story(today: date) -> DemoStory:
    """What has happened in the demo company by the end of `today`, in its last complete fiscal year and this one.

    Needs no database and no clock.
    """
    calendar = FiscalCalendar(START_MONTH)
    present = calendar.containing(today, Grain.YEAR)
    last = calendar.previous(present)
    organization = organize(last)
    horizon = max(present.ends_on, today + LOOK_AHEAD)
    holidays = special_days(last.starts_on, horizon)
    working = WorkingDays(exceptions={day.day: day.working for day in holidays})
    market = Market(organization.seats, customers(), PRODUCTS, working, CURRENCY)
    full = _deals(calendar, Period("", None, last.starts_on, today + LOOK_AHEAD), present, market)
    known = [as_of(deal, today) for deal in full]
    return DemoStory(
        today=today,
        last_year=last,
        present_year=present,
        organization=organization,
        holidays=holidays,
        customers=tuple(market.customers),
        products=PRODUCTS,
        rates=rates(calendar, (last, present), today),
        deals=tuple(deal for deal in known if deal is not None),
        refunds=_refunds(full, last),
        plans=_plans(full, last, present),
    )


def _deals(calendar: FiscalCalendar, span: Period, present: Period, market: Market) -> list[DemoDeal]:
    return [
        deal
        for month in calendar.months_of(span)
        for deal in deals_closing_in(month, 100 if month.starts_on < present.starts_on else _GROWTH, market)
    ]


def _refunds(deals: Sequence[DemoDeal], year: Period) -> tuple[DemoRefund, DemoRefund]:
    """The largest deal of a November is refunded by two fifths, the smallest one of a June wholly."""
    large = max(_undivided(deals, date(year.starts_on.year, 11, 1)), key=lambda deal: deal.value)
    small = min(_undivided(deals, date(year.starts_on.year, 6, 1)), key=lambda deal: deal.value)
    return (
        DemoRefund("R-001", date(year.starts_on.year, 8, 10), small.key, None),
        DemoRefund("R-002", date(year.ends_on.year, 1, 15), large.key, large.amount * 2 // 5),
    )


def _undivided(deals: Sequence[DemoDeal], month: date) -> list[DemoDeal]:
    found = []
    for deal in deals:
        in_month = deal.closed_on is not None and deal.closed_on.replace(day=1) == month
        if in_month and deal.stage_key == WON and not deal.splits and deal.currency == CURRENCY:
            found.append(deal)
    return found


def _plans(deals: Sequence[DemoDeal], last: Period, present: Period) -> tuple[DemoPlan, DemoPlan]:
    """Last year's target was a little above what was won in it; this year's is well above that."""
    won = sum(deal.value for deal in deals if deal.stage_key == WON and deal.closed_on and deal.closed_on in last)
    return (
        _plan(last, won * 104, "allocation.even"),
        _plan(present, won * 115, "allocation.last_year"),
    )


def _plan(year: Period, hundredfold: int, policy: str) -> DemoPlan:
    target = hundredfold // 100 // _WHOLE_MILLION * _WHOLE_MILLION
    return DemoPlan(f"Revenue {year.label} 销售目标", year.starts_on.year, target, policy)
