"""A month's amount over its days: equal on every working day, extra units to the earlier days."""

from __future__ import annotations

from datetime import date, timedelta

from quotaloom.calendars.periods import Period
from quotaloom.calendars.workdays import WorkingDays


def spread_over_days(amount: int, month: Period, working: WorkingDays) -> dict[date, int]:
    """What each day of the month gets of `amount` (minor units): every day in order, 0 on days off.

    The parts sum exactly to `amount`. A month without any working day is spread over all its days. A negative
    amount is the mirror image of the positive one.
    """
    spread = {month.starts_on + timedelta(days=step): 0 for step in range(month.length)}
    carrying = working.days(month.starts_on, month.ends_on) or list(spread)
    each, extra = divmod(abs(amount), len(carrying))
    sign = 1 if amount >= 0 else -1
    for place, day in enumerate(carrying):
        spread[day] = sign * (each + (place < extra))
    return spread


def amount_within(amount: int, month: Period, start: date, end: date, working: WorkingDays) -> int:
    """What the month's days from `start` up to, not including, `end` get of `amount` (minor units).

    The sum of those days in `spread_over_days`, found without spreading. Days outside the month count
    nothing, so that a week's amount is the sum over the months it touches.
    """
    first, last = max(start, month.starts_on), min(end, month.ends_on)
    if first >= last:
        return 0
    if (first, last) == (month.starts_on, month.ends_on):
        return amount
    shares = working.count(month.starts_on, month.ends_on)
    if shares:
        before, through = (working.count(month.starts_on, day) for day in (first, last))
    else:
        shares = month.length
        before, through = ((day - month.starts_on).days for day in (first, last))
    each, extra = divmod(abs(amount), shares)
    part = each * (through - before) + min(through, extra) - min(before, extra)
    return part if amount >= 0 else -part
