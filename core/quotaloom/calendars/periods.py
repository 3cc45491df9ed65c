"""Grains and periods: half-open date ranges with a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from quotaloom.platform.errors import InputError

EARLIEST = date(1900, 1, 1)
"""No period starts before this day."""

LATEST = date(3000, 1, 1)
"""No period ends after this day (which is not included in any)."""

ONE_DAY = timedelta(days=1)


class Grain(StrEnum):
    """How long a named period is, from the longest to the shortest."""

    YEAR = "year"
    HALF = "half"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"

    @property
    def plural(self) -> str:
        """The word for several, in messages."""
        return "halves" if self is Grain.HALF else f"{self}s"


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `starts_on` up to, not including, `ends_on`; never empty.

    `label` names it (`2017-Q2`); reading the label again with the same calendar gives the same period.
    `grain` is None for a plain date range, whose label is `2017-03-05/2017-04-01`.
    """

    label: str
    grain: Grain | None
    starts_on: date
    ends_on: date

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day < self.ends_on

    @property
    def length(self) -> int:
        """How many days it has."""
        return (self.ends_on - self.starts_on).days


def known_day(day: date) -> date:
    """`day` itself; raises `InputError` BAD_PERIOD before 1900 or after 2999."""
    if not EARLIEST <= day < LATEST:
        raise InputError("BAD_PERIOD", f"{day} is out of reach: days from 1900-01-01 to 2999-12-31 are allowed")
    return day


def known_year(year: int) -> int:
    """`year` itself; raises `InputError` BAD_PERIOD outside 1900 to 2999."""
    if not EARLIEST.year <= year < LATEST.year:
        raise InputError("BAD_PERIOD", f"The year {year} is out of reach: 1900 to 2999 are allowed")
    return year


def named_period(label: str, grain: Grain | None, starts_on: date, ends_on: date) -> Period:
    """A period; raises `InputError` BAD_PERIOD where it starts before 1900 or ends after 2999."""
    if starts_on < EARLIEST or ends_on > LATEST:
        raise InputError(
            "BAD_PERIOD",
            f"{label} runs from {starts_on} up to {ends_on}: a period must lie within 1900-01-01 to 2999-12-31",
        )
    return Period(label, grain, starts_on, ends_on)


def date_range(starts_on: date, ends_on: date) -> Period:
    """The plain range from `starts_on` up to, not including, `ends_on`.

    Raises `InputError` BAD_PERIOD where it is empty, reversed or out of reach.
    """
    label = f"{starts_on.isoformat()}/{ends_on.isoformat()}"
    if ends_on <= starts_on:
        raise InputError(
            "BAD_PERIOD",
            f"{label} has no days: the end is not included and must be later than the start",
        )
    return named_period(label, None, starts_on, ends_on)
