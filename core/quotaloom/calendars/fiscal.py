"""A company's fiscal calendar: what its years, halves, quarters, months, weeks and days are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, Literal, get_args

from quotaloom.calendars.labels import COUNTS, Label, read_label
from quotaloom.calendars.months import CalendarMonths, FiscalMonths, WeekMonths
from quotaloom.calendars.periods import (
    ONE_DAY,
    Grain,
    Period,
    date_range,
    known_day,
    known_year,
    named_period,
)
from quotaloom.platform.errors import InputError

Pattern = Literal["calendar", "4-4-5", "4-5-4", "5-4-4"]

PATTERNS: Final[tuple[Pattern, ...]] = get_args(Pattern)

_WIDTHS: Final = {Grain.YEAR: 12, Grain.HALF: 6, Grain.QUARTER: 3, Grain.MONTH: 1}
_ONE_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class FiscalCalendar:
    """The periods of a company; pure, equal and hashable by its two settings.

    Fiscal years start in `start_month` (1 to 12) and are named after the calendar year in which that month
    lies. With the pattern "calendar" a fiscal month is a calendar month; with "4-4-5", "4-5-4" or "5-4-4" it
    is that many ISO weeks, the year starting on the Monday nearest to the 1st of `start_month` and a 53rd week
    going to the last month. Quarters, halves and years are sums of fiscal months.

    Names: `2017`, `2017-H1` and `2017-Q2` are of *fiscal* year 2017. `2017-06` is June 2017 whenever the
    fiscal year starts; months made of weeks are `2017-M06`, the sixth of fiscal year 2017, and neither kind of
    company accepts the other's names. `2017-W23` is the ISO week, whatever the fiscal year. A range
    `2017-03-05/2017-04-01` does not include its end and stays a range even where a named period is as long.

    All methods raise `InputError` BAD_PERIOD for what reaches outside the years 1900 to 2999.
    """

    start_month: int = 1
    pattern: Pattern = "calendar"
    _months: FiscalMonths = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= self.start_month <= 12:
            raise InputError("BAD_START_MONTH", f"A fiscal year starts in month 1 to 12, not {self.start_month}")
        if self.pattern not in PATTERNS:
            allowed = ", ".join(PATTERNS)
            raise InputError("BAD_PATTERN", f"The pattern of a fiscal year is one of {allowed}, not {self.pattern}")
        by_calendar = self.pattern == "calendar"
        months = CalendarMonths(self.start_month) if by_calendar else WeekMonths(self.start_month, self.pattern)
        object.__setattr__(self, "_months", months)

    def year(self, number: int) -> Period:
        """The fiscal year that starts in calendar year `number`."""
        return self._block(Grain.YEAR, known_year(number))

    def year_of(self, day: date) -> int:
        """The number of the fiscal year a day is in."""
        return self._months.index_of(known_day(day)) // 12

    def number_of(self, day: date) -> int:
        """The place, 1 to 12, that a day's fiscal month has in its fiscal year."""
        return self._months.index_of(known_day(day)) % 12 + 1

    def months(self, year: int) -> tuple[Period, ...]:
        """The twelve fiscal months of a fiscal year, in order."""
        first = known_year(year) * 12
        return tuple(self._block(Grain.MONTH, first + place) for place in range(12))

    @lru_cache(maxsize=1_024)  # noqa: B019 (calendars are pure, and there are 48 of them at the most)
    def months_of(self, span: Period) -> tuple[Period, ...]:
        """The fiscal months that share a day with `span`, whole and in order."""
        return self._blocks(span, Grain.MONTH)

    def containing(self, day: date, grain: Grain) -> Period:
        """The period of a grain that a day is in."""
        known_day(day)
        if grain is Grain.DAY:
            return named_period(day.isoformat(), grain, day, day + ONE_DAY)
        if grain is Grain.WEEK:
            return _week(day)
        return self._block(grain, self._months.index_of(day) // _WIDTHS[grain])

    @lru_cache(maxsize=1_024)  # noqa: B019 (calendars are pure, and there are 48 of them at the most)
    def period(self, named: str | tuple[date, date]) -> Period:
        """The period that a label, or a start and an end that is not included, stand for.

        `period(label).label == label`. Raises `InputError` BAD_PERIOD, with what is allowed, for a label that
        cannot be read, a part that the year does not have (`2017-Q5`, `2017-W53`), a day that does not exist,
        and a range that is empty or reversed.
        """
        if isinstance(named, tuple):
            return date_range(*named)
        read = read_label(named, self._months.mark)
        if isinstance(read, Period):
            return read
        if isinstance(read, Label):
            return self._labelled(read)
        return self.containing(read, Grain.DAY)

    @lru_cache(maxsize=256)  # noqa: B019 (calendars are pure, and there are 48 of them at the most)
    def periods(self, span: Period, grain: Grain) -> tuple[Period, ...]:
        """The periods of a grain that make up `span`, in order and without gaps.

        Weeks cut across months: they are the whole ISO weeks that *start* within `span`, so that neighbouring
        spans share no week; the last may reach beyond it, and a short span may have none. For every other
        grain raises `InputError` PERIOD_DOES_NOT_FIT, with those that fit, unless `span` is made of whole ones.
        """
        if grain is Grain.WEEK:
            first = span.starts_on + timedelta(days=-span.starts_on.weekday() % 7)
            return tuple(_week(first + step) for step in _steps(first, span.ends_on, 7))
        if not self._fits(span, grain):
            fitting = ", ".join(each for each in Grain if self._fits(span, each))
            raise InputError(
                "PERIOD_DOES_NOT_FIT",
                f"{span.label} is not made of whole {grain.plural} of the company's calendar; "
                f"grains that can be asked for: {fitting}",
            )
        if grain is Grain.DAY:
            steps = _steps(span.starts_on, span.ends_on, 1)
            return tuple(self.containing(span.starts_on + step, grain) for step in steps)
        return self._blocks(span, grain)

    def previous(self, period: Period) -> Period:
        """The period of the same grain that ends where this one starts; of a range, as many days."""
        if period.grain is None:
            return date_range(period.starts_on - (period.ends_on - period.starts_on), period.starts_on)
        return self.containing(period.starts_on - ONE_DAY, period.grain)

    def year_before(self, period: Period) -> Period:
        """The same period one fiscal year earlier.

        Calendar months: weeks by their ISO number; days and ranges by date, 29 February becoming the 28th.
        Months of weeks: weeks, days and ranges by their place in the fiscal year, so that a Monday becomes a
        Monday. A week 53 that the year before does not have becomes its week 52.
        """
        months, grain = self._months, period.grain
        if grain is None:
            return date_range(months.year_before(period.starts_on), months.year_before_end(period.ends_on))
        if grain is Grain.DAY:
            return self.containing(months.year_before(period.starts_on), grain)
        if grain is Grain.WEEK:
            return self.containing(months.week_before(period.starts_on), grain)
        width = _WIDTHS[grain]
        return self._block(grain, (months.index_of(period.starts_on) - 12) // width)

    @lru_cache(maxsize=8_192)  # noqa: B019 (calendars are pure, and there are 48 of them at the most)
    def _block(self, grain: Grain, number: int) -> Period:
        """Period `number` of a grain of whole months, counted on the months' axis from year 0."""
        width = _WIDTHS[grain]
        starts_on, ends_on = (self._months.starts_on((number + step) * width) for step in (0, 1))
        return named_period(self._label(grain, number), grain, starts_on, ends_on)

    def _blocks(self, span: Period, grain: Grain) -> tuple[Period, ...]:
        first, last = (
            self._months.index_of(known_day(day)) // _WIDTHS[grain] for day in (span.starts_on, span.ends_on - ONE_DAY)
        )
        return tuple(self._block(grain, number) for number in range(first, last + 1))

    def _label(self, grain: Grain, number: int) -> str:
        if grain is Grain.YEAR:
            return str(number)
        if grain is Grain.MONTH:
            return self._months.label(number)
        year, place = divmod(number, COUNTS[grain])
        return f"{year}-{grain[0].upper()}{place + 1}"

    def _labelled(self, label: Label) -> Period:
        if label.grain is Grain.YEAR:
            return self.year(label.year)
        if label.grain is Grain.WEEK:
            return _week(date.fromisocalendar(label.year, label.number, 1))
        if label.grain is Grain.MONTH:
            return self._block(Grain.MONTH, self._months.labelled(label.year, label.number))
        return self._block(label.grain, label.year * COUNTS[label.grain] + label.number - 1)

    def _fits(self, span: Period, grain: Grain) -> bool:
        """Whether both ends are where a period of the grain starts; weeks and days can always be asked for."""
        if grain not in _WIDTHS:
            return True
        return all(self._starts_one(day, grain) for day in (span.starts_on, span.ends_on))

    def _starts_one(self, day: date, grain: Grain) -> bool:
        index = self._months.index_of(day)
        return index % _WIDTHS[grain] == 0 and self._months.starts_on(index) == day


def _week(day: date) -> Period:
    monday = day - timedelta(days=day.weekday())
    year, week, _ = monday.isocalendar()
    return named_period(f"{year}-W{week:02}", Grain.WEEK, monday, monday + _ONE_WEEK)


def _steps(start: date, end: date, days: int) -> list[timedelta]:
    return [timedelta(days=step) for step in range(0, (end - start).days, days)]
