"""Reading the names of periods: `2017`, `2017-H1`, `2017-Q2`, `2017-06`, `2017-W23`, `2017-06-14`, ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from quotaloom.calendars.periods import Grain, Period, date_range, known_year
from quotaloom.platform.errors import InputError

COUNTS: Final = {Grain.HALF: 2, Grain.QUARTER: 4, Grain.MONTH: 12}
"""How many of a grain a fiscal year has."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PART = re.compile(r"([0-9]{4})(?:-(H|Q)([0-9])|-(M|W|)([0-9]{2}))?")
_GRAINS: Final = {"H": Grain.HALF, "Q": Grain.QUARTER, "W": Grain.WEEK, "M": Grain.MONTH, "": Grain.MONTH}


@dataclass(frozen=True, slots=True)
class Label:
    """A year or a numbered part of one; which days it means is for a calendar to say."""

    grain: Grain
    year: int
    number: int = 1


def read_label(text: str, month_mark: str) -> Label | Period | date:
    """What `text` names: a year or part of one, a plain range, or a day.

    Raises `InputError` BAD_PERIOD for anything else, with what is allowed. Months are spelled with
    `month_mark` ("" for `2017-06`, "M" for `2017-M06`), so that every period has one name.
    """
    if "/" in text:
        start, _, end = text.partition("/")
        return date_range(_day(start, text, month_mark), _day(end, text, month_mark))
    if _DAY.fullmatch(text):
        return _day(text, text, month_mark)
    match = _PART.fullmatch(text)
    if match is None:
        raise _unreadable(text, month_mark)
    return _part(match, text, month_mark)


def _part(match: re.Match[str], text: str, month_mark: str) -> Label:
    year = known_year(int(match[1]))
    number = match[3] or match[5]
    if number is None:
        return Label(Grain.YEAR, year)
    mark = match[2] or match[4] or ""
    grain = _GRAINS[mark]
    if grain is Grain.MONTH and mark != month_mark:
        raise _wrong_month(text, year, month_mark)
    return Label(grain, year, _numbered(grain, year, mark, number))


def _numbered(grain: Grain, year: int, mark: str, number: str) -> int:
    count = COUNTS.get(grain) or date(year, 12, 28).isocalendar().week
    if not 1 <= int(number) <= count:
        width = len(number)
        raise InputError(
            "BAD_PERIOD",
            f"{year}-{mark}{number} does not exist: "
            f"the {grain.plural} of {year} are {year}-{mark}{1:0{width}} to {year}-{mark}{count:0{width}}",
        )
    return int(number)


def _day(text: str, whole: str, month_mark: str) -> date:
    if not _DAY.fullmatch(text):
        raise _unreadable(whole, month_mark)
    known_year(int(text[:4]))
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError("BAD_PERIOD", f"{text} is not a day of the calendar ({error})") from None


def _wrong_month(text: str, year: int, month_mark: str) -> InputError:
    what = "made of weeks and numbered in the fiscal year" if month_mark else "calendar months"
    return InputError(
        "BAD_PERIOD",
        f"{text} does not name a month of this company, whose months are {what}: "
        f"write {year}-{month_mark}01 to {year}-{month_mark}12, or a date range",
    )


def _unreadable(text: str, month_mark: str) -> InputError:
    shown = repr(text if len(text) <= 40 else text[:40] + "…")
    return InputError(
        "BAD_PERIOD",
        f"{shown} does not name a period: write a year (2017), a half (2017-H1), a quarter (2017-Q2), "
        f"a month (2017-{month_mark}06), an ISO week (2017-W23), a day (2017-06-14) or a range whose end "
        "is not included (2017-03-05/2017-04-01)",
    )
