"""Working days, holidays and made-up days."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotaloom.calendars.workdays import WorkingDays
from quotaloom.platform.errors import InputError

NATIONAL_DAY = {date(2017, 10, day): False for day in range(1, 9)} | {date(2017, 9, 30): True}
"""China's holiday of 1 to 8 October 2017, made up for on Saturday 30 September."""


def test_without_exceptions_monday_to_friday_are_worked() -> None:
    """June 2017 has 30 days and eight of them on weekends: 22 are worked."""
    june = WorkingDays()
    assert june.count(date(2017, 6, 1), date(2017, 7, 1)) == 22
    assert june.is_working(date(2017, 6, 2))
    assert not june.is_working(date(2017, 6, 3))


def test_a_year_is_counted_whole() -> None:
    """2017 starts and ends on a Sunday: 365 days less 53 Sundays and 52 Saturdays are 260."""
    assert WorkingDays().count(date(2017, 1, 1), date(2018, 1, 1)) == 260


def test_a_holiday_is_off_and_a_made_up_day_is_worked() -> None:
    """October 2017 has 22 weekdays less 5 in the holiday; September 21 and the Saturday made up for."""
    china = WorkingDays(exceptions=NATIONAL_DAY)
    assert china.count(date(2017, 10, 1), date(2017, 11, 1)) == 17
    assert china.count(date(2017, 9, 1), date(2017, 10, 1)) == 22
    assert china.is_working(date(2017, 9, 30))
    assert not china.is_working(date(2017, 10, 2))


def test_the_days_are_listed_in_order() -> None:
    """Around the holiday, Friday and Saturday are worked, then Monday the 9th."""
    china = WorkingDays(exceptions=NATIONAL_DAY)
    worked = china.days(date(2017, 9, 29), date(2017, 10, 10))
    assert worked == [date(2017, 9, 29), date(2017, 9, 30), date(2017, 10, 9)]


def test_a_company_may_work_on_other_weekdays() -> None:
    """From Sunday to Thursday, the week from Monday 5 June 2017 has Friday 9 and Saturday 10 off."""
    gulf = WorkingDays(weekdays=frozenset({7, 1, 2, 3, 4}))
    worked = gulf.days(date(2017, 6, 5), date(2017, 6, 12))
    assert [day.day for day in worked] == [5, 6, 7, 8, 11]


def test_a_range_without_days_counts_nothing() -> None:
    """An empty or a reversed range has no working days."""
    working = WorkingDays()
    assert working.count(date(2017, 6, 5), date(2017, 6, 5)) == 0
    assert working.count(date(2017, 6, 9), date(2017, 6, 5)) == 0
    assert working.days(date(2017, 6, 9), date(2017, 6, 5)) == []


def test_an_unknown_weekday_is_refused() -> None:
    """Weekdays are numbered 1 to 7; 0 is none of them."""
    with pytest.raises(InputError, match=r"1 \(Monday\) to 7 \(Sunday\), not 0"):
        WorkingDays(weekdays=frozenset({0, 1, 2}))


def test_working_days_do_not_change_with_the_mapping_they_were_made_of() -> None:
    """A holiday that is added to the mapping later is not seen."""
    exceptions = {date(2017, 6, 5): False}
    working = WorkingDays(exceptions=exceptions)
    exceptions[date(2017, 6, 6)] = False
    assert working.is_working(date(2017, 6, 6))
    assert working.count(date(2017, 6, 5), date(2017, 6, 7)) == 1


@settings(max_examples=60, deadline=None)
@given(
    weekdays=st.frozensets(st.integers(min_value=1, max_value=7)),
    exceptions=st.dictionaries(st.dates(date(2016, 1, 1), date(2018, 1, 1)), st.booleans(), max_size=40),
    start=st.dates(date(2016, 1, 1), date(2018, 1, 1)),
    days=st.integers(min_value=0, max_value=400),
)
def test_the_count_is_the_number_of_the_days(
    weekdays: frozenset[int], exceptions: dict[date, bool], start: date, days: int
) -> None:
    """Counting and listing agree, whatever the weekdays and exceptions."""
    working = WorkingDays(weekdays, exceptions)
    end = start + timedelta(days=days)
    assert working.count(start, end) == len(working.days(start, end))
