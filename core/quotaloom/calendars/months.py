"""The two ways a fiscal year is cut into twelve months: by calendar months or by whole weeks.

Months are counted on one axis: month `0` to `11` of fiscal year 2017 have the indexes `2017 * 12` and up, so
that a year, a half and a quarter are 12, 6 and 3 neighbouring indexes.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from typing import ClassVar, Protocol

DAYS_OF_QUARTER = 91
"""13 weeks."""

MONTH_STARTS = {
    "4-4-5": (0, 28, 56),
    "4-5-4": (0, 28, 63),
    "5-4-4": (0, 35, 63),
}
"""On which day of its quarter each of the three months starts, by pattern."""


class FiscalMonths(Protocol):
    """What a calendar asks of its months."""

    mark: ClassVar[str]
    """What stands before the number in a month's label."""

    def starts_on(self, index: int) -> date:
        """The first day of a month."""

    def index_of(self, day: date) -> int:
        """The month a day is in."""

    def label(self, index: int) -> str:
        """The month's name."""

    def labelled(self, year: int, number: int) -> int:
        """The month that is named by that year and number."""

    def year_before(self, day: date) -> date:
        """The same day one fiscal year earlier."""

    def year_before_end(self, day: date) -> date:
        """The same, of a day that ends a range and is not included in it."""

    def week_before(self, monday: date) -> date:
        """The Monday of the same week one year earlier."""


@dataclass(frozen=True, slots=True)
class CalendarMonths:
    """Calendar months, twelve from the start month on; `2017-06` is June 2017 whenever the year starts."""

    mark: ClassVar[str] = ""
    start_month: int

    def starts_on(self, index: int) -> date:
        """The first day of a month."""
        year, month = divmod(index + self.start_month - 1, 12)
        return date(year, month + 1, 1)

    def index_of(self, day: date) -> int:
        """The month a day is in."""
        return day.year * 12 + day.month - self.start_month

    def label(self, index: int) -> str:
        """The calendar year and month: `2018-02` may well lie in fiscal year 2017."""
        return self.starts_on(index).isoformat()[:7]

    def labelled(self, year: int, number: int) -> int:
        """The calendar month `number` of the calendar year `year`."""
        return self.index_of(date(year, number, 1))

    def year_before(self, day: date) -> date:
        """The same date; of 29 February, the 28th."""
        return date(day.year - 1, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)

    def year_before_end(self, day: date) -> date:
        """The same date; of 29 February, 1 March, so that a range up to the 28th keeps the 28th."""
        return date(day.year - 1, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)

    def week_before(self, monday: date) -> date:
        """The week of the same number in the ISO year before, which has no week 53 if this one has: its 52."""
        year, week, _ = monday.isocalendar()
        return date.fromisocalendar(year - 1, min(week, 52), 1)


@dataclass(frozen=True, slots=True)
class WeekMonths:
    """Months of four or five ISO weeks, numbered within the fiscal year: `2017-M06` is its sixth.

    A year starts on the Monday nearest to the 1st of the start month and has 52 weeks or 53; the 53rd belongs
    to the last month, whatever the pattern.
    """

    mark: ClassVar[str] = "M"
    start_month: int
    pattern: str

    def starts_on(self, index: int) -> date:
        """The first day of a month, a Monday."""
        year, ordinal = divmod(index, 12)
        quarter, place = divmod(ordinal, 3)
        offset = quarter * DAYS_OF_QUARTER + MONTH_STARTS[self.pattern][place]
        return self._year_starts_on(year) + timedelta(days=offset)

    def index_of(self, day: date) -> int:
        """The month a day is in."""
        year, offset = self._position(day)
        quarter = min(offset // DAYS_OF_QUARTER, 3)
        place = bisect_right(MONTH_STARTS[self.pattern], offset - quarter * DAYS_OF_QUARTER) - 1
        return year * 12 + quarter * 3 + place

    def label(self, index: int) -> str:
        """The fiscal year and the month's place in it."""
        year, ordinal = divmod(index, 12)
        return f"{year}-M{ordinal + 1:02}"

    def labelled(self, year: int, number: int) -> int:
        """The month in place `number` of the fiscal year `year`."""
        return year * 12 + number - 1

    def year_before(self, day: date) -> date:
        """The same weekday of the same week of the fiscal year; of a week 53 that is lacking, of week 52."""
        year, offset = self._position(day)
        length = self._length(year - 1)
        return self._year_starts_on(year - 1) + timedelta(days=offset if offset < length else offset - 7)

    def year_before_end(self, day: date) -> date:
        """The same place in the fiscal year; within a week 53 that is lacking, the end of the year."""
        year, offset = self._position(day)
        return self._year_starts_on(year - 1) + timedelta(days=min(offset, self._length(year - 1)))

    def week_before(self, monday: date) -> date:
        """The same week of the fiscal year before."""
        return self.year_before(monday)

    def _year_starts_on(self, year: int) -> date:
        first = date(year, self.start_month, 1)
        weekday = first.weekday()
        return first + timedelta(days=-weekday if weekday <= 3 else 7 - weekday)

    def _length(self, year: int) -> int:
        return (self._year_starts_on(year + 1) - self._year_starts_on(year)).days

    def _position(self, day: date) -> tuple[int, int]:
        year = min(day.year + 1, MAXYEAR)
        while self._year_starts_on(year) > day:
            year -= 1
        return year, (day - self._year_starts_on(year)).days
