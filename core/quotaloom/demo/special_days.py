"""Chinese public holidays and the days that are made up for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from quotaloom.calendars.commands import SpecialDay

_SPRING_FESTIVALS: Final = (
    *(date(2020, 1, 25), date(2021, 2, 12), date(2022, 2, 1), date(2023, 1, 22), date(2024, 2, 10)),
    *(date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13)),
    *(date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31), date(2034, 2, 19)),
    *(date(2035, 2, 8), date(2036, 1, 28), date(2037, 2, 15), date(2038, 2, 4), date(2039, 1, 24)),
)
_NEW_YEAR_OF: Final = {day.year: day for day in _SPRING_FESTIVALS}

_SATURDAY, _SUNDAY = 6, 7


def special_days(start: date, end: date) -> tuple[SpecialDay, ...]:
    """The days from `start` up to, not including, `end` that are off, and two a year that are made up for (调休).

    The Spring Festival follows the moon: it is known for 2020 to 2039, and taken as 1 February elsewhere.
    """
    days = {day.day: day for year in range(start.year, end.year + 1) for day in _of_year(year)}
    return tuple(days[day] for day in sorted(days) if start <= day < end)


def _of_year(year: int) -> Iterator[SpecialDay]:
    spring = _NEW_YEAR_OF.get(year, date(year, 2, 1))
    yield from _off("New Year 元旦", date(year, 1, 1), 1)
    yield from _off("Spring Festival 春节", spring - timedelta(days=1), 8)
    yield from _off("Tomb-Sweeping Day 清明节", _tomb_sweeping_day(year), 1)
    yield from _off("Labour Day 劳动节", date(year, 5, 1), 5)
    yield from _off("National Day 国庆节", date(year, 10, 1), 7)
    yield _made_up("Made up for Spring Festival 春节调休", spring - timedelta(days=2), _SUNDAY, -1)
    yield _made_up("Made up for National Day 国庆节调休", date(year, 10, 8), _SATURDAY, 1)


def _off(name: str, first: date, count: int) -> Iterator[SpecialDay]:
    return (SpecialDay(first + timedelta(days=step), name) for step in range(count))


def _made_up(name: str, day: date, weekday: int, step: int) -> SpecialDay:
    while day.isoweekday() != weekday:
        day += timedelta(days=step)
    return SpecialDay(day, name, working=True)


def _tomb_sweeping_day(year: int) -> date:
    """When the sun stands 15 degrees past the equinox, by the common formula for this century."""
    place = year % 100
    return date(year, 4, (place * 2422 + 48100) // 10000 - place // 4)
