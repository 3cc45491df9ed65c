"""The days of an item in another period."""

from __future__ import annotations

from datetime import date, timedelta

from quotaloom.calendars.periods import ONE_DAY, Period


def moved_days(starts_on: date, ends_on: date, source: Period, to: Period) -> tuple[date, date]:
    """The days [starts_on, ends_on) of an item, moved from one period by whole ones into another.

    They keep their place from the first day on and their number; what would lie beyond the end comes before it. An item
    that covers all of `source` covers all of `to`.
    """
    if (starts_on, ends_on) == (source.starts_on, source.ends_on):
        return to.starts_on, to.ends_on
    first = min(max(starts_on - source.starts_on, timedelta()), to.ends_on - ONE_DAY - to.starts_on)
    start = to.starts_on + first
    return start, min(start + (ends_on - starts_on), to.ends_on)
