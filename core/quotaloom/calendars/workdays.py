"""A company's working days: weekdays, holidays and made-up days."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate

from quotaloom.platform.errors import InputError

MONDAY_TO_FRIDAY = frozenset({1, 2, 3, 4, 5})


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked.

    `weekdays` are ISO weekdays, 1 Monday to 7 Sunday. `exceptions` overrule them by date: False is a holiday,
    True a working day on what would be a day off (a made-up day, 调休). Raises `InputError` BAD_WEEKDAY for a
    weekday that does not exist. Later changes to the mapping that was given have no effect.
    """

    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    exceptions: Mapping[date, bool] = field(default_factory=dict, hash=False)
    _changed_on: tuple[date, ...] = field(init=False, repr=False, compare=False)
    _changes: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        unknown = sorted(self.weekdays - frozenset(range(1, 8)))
        if unknown:
            raise InputError("BAD_WEEKDAY", f"Weekdays are 1 (Monday) to 7 (Sunday), not {unknown[0]}")
        exceptions = dict(self.exceptions)
        changed = sorted(day for day, works in exceptions.items() if works != self._usually(day))
        object.__setattr__(self, "exceptions", exceptions)
        object.__setattr__(self, "_changed_on", tuple(changed))
        changes = accumulate((1 if exceptions[day] else -1 for day in changed), initial=0)
        object.__setattr__(self, "_changes", tuple(changes))

    def is_working(self, day: date) -> bool:
        """Whether a day is worked."""
        return self.exceptions.get(day, self._usually(day))

    def count(self, start: date, end: date) -> int:
        """How many days are worked from `start` up to, not including, `end`; 0 where the range is empty."""
        return self._before(end) - self._before(start) if start < end else 0

    def days(self, start: date, end: date) -> list[date]:
        """The days worked from `start` up to, not including, `end`, in order."""
        span = (start + timedelta(days=step) for step in range((end - start).days))
        return [day for day in span if self.is_working(day)]

    def _usually(self, day: date) -> bool:
        return day.isoweekday() in self.weekdays

    def _before(self, day: date) -> int:
        """The days worked before `day` since year 1, which began with a Monday."""
        weeks, rest = divmod(day.toordinal() - 1, 7)
        usual = weeks * len(self.weekdays) + sum(weekday <= rest for weekday in self.weekdays)
        return usual + self._changes[bisect_left(self._changed_on, day)]
