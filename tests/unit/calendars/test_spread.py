"""A month's amount over its working days."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.spread import amount_within, spread_over_days
from quotaloom.calendars.workdays import WorkingDays

CALENDAR = FiscalCalendar()
JUNE = CALENDAR.period("2017-06")
WEEKDAYS = WorkingDays()
NEVER = WorkingDays(weekdays=frozenset())


def test_a_month_is_spread_over_its_working_days_with_extra_units_first() -> None:
    """100.00 over the 22 working days of June 2017: twelve of 4.55 (54.60) and ten of 4.54 (45.40)."""
    spread = spread_over_days(100_00, JUNE, WEEKDAYS)
    worked = [part for part in spread.values() if part]
    assert worked == [4_55] * 12 + [4_54] * 10
    assert list(spread) == [date(2017, 6, day) for day in range(1, 31)]
    assert spread[date(2017, 6, 3)] == 0


def test_fewer_units_than_days_go_to_the_first_days() -> None:
    """Three orders in June 2017 fall on Thursday the 1st, Friday the 2nd and Monday the 5th."""
    spread = spread_over_days(3, JUNE, WEEKDAYS)
    assert [day.day for day, part in spread.items() if part] == [1, 2, 5]


def test_a_month_without_working_days_is_spread_over_all_its_days() -> None:
    """32 units over the 30 days of June: two on the 1st and 2nd, one on every other day."""
    spread = spread_over_days(32, JUNE, NEVER)
    assert list(spread.values()) == [2, 2] + [1] * 28
    assert amount_within(32, JUNE, date(2017, 6, 2), date(2017, 6, 5), NEVER) == 4


def test_holidays_carry_nothing_and_made_up_days_a_share() -> None:
    """September 2017 with Saturday the 30th made up for has 22 working days: 44 units are 2 a day."""
    working = WorkingDays(exceptions={date(2017, 9, 30): True})
    assert spread_over_days(44, CALENDAR.period("2017-09"), working)[date(2017, 9, 30)] == 2


def test_a_week_is_the_sum_of_its_days() -> None:
    """The week from 5 June 2017 has five of the twelve days of 4.55: 22.75."""
    week = CALENDAR.period("2017-W23")
    assert amount_within(100_00, JUNE, week.starts_on, week.ends_on, WEEKDAYS) == 22_75


def test_a_week_across_two_months_takes_its_days_from_both() -> None:
    """29 May to 4 June 2017: three of May's 23 days of 1.00, and two of June's 22 days of 2.00."""
    week = CALENDAR.period("2017-W22")
    may, june = CALENDAR.months_of(week)
    assert amount_within(23_00, may, week.starts_on, week.ends_on, WEEKDAYS) == 3_00
    assert amount_within(44_00, june, week.starts_on, week.ends_on, WEEKDAYS) == 4_00


def test_days_outside_the_month_count_nothing() -> None:
    """July has no part of June, and a range around June has all of it."""
    assert amount_within(100_00, JUNE, date(2017, 7, 1), date(2017, 8, 1), WEEKDAYS) == 0
    assert amount_within(100_00, JUNE, date(2017, 5, 1), date(2017, 8, 1), WEEKDAYS) == 100_00


def test_a_negative_amount_is_the_mirror_image() -> None:
    """Minus three orders fall on the same three days as three orders."""
    spread = spread_over_days(-3, JUNE, WEEKDAYS)
    assert {day.day: part for day, part in spread.items() if part} == {1: -1, 2: -1, 5: -1}
    assert amount_within(-3, JUNE, date(2017, 6, 2), date(2017, 6, 30), WEEKDAYS) == -2


@settings(max_examples=80, deadline=None)
@given(
    amount=st.integers(min_value=-(2**63), max_value=2**63 - 1),
    weekdays=st.frozensets(st.integers(min_value=1, max_value=7)),
    holidays=st.dictionaries(st.dates(date(2017, 6, 1), date(2017, 6, 30)), st.booleans(), max_size=30),
    start=st.integers(min_value=-40, max_value=70),
    days=st.integers(min_value=-5, max_value=70),
)
def test_what_falls_into_a_range_is_the_sum_of_its_days(
    amount: int, weekdays: frozenset[int], holidays: dict[date, bool], start: int, days: int
) -> None:
    """The days sum exactly to the month, differ by one unit at most, and any range is the sum of its days."""
    working = WorkingDays(weekdays, holidays)
    spread = spread_over_days(amount, JUNE, working)
    carrying = [part for day, part in spread.items() if working.is_working(day)] or list(spread.values())
    assert sum(spread.values()) == amount == sum(carrying)
    assert max(carrying) - min(carrying) <= 1
    first = JUNE.starts_on + timedelta(days=start)
    last = first + timedelta(days=days)
    inside = sum(part for day, part in spread.items() if first <= day < last)
    assert amount_within(amount, JUNE, first, last, working) == inside
