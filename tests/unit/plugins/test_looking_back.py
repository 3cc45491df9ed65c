from __future__ import annotations

from datetime import date

import pytest

from quotaloom_allocation.looking_back import PeriodLength, last_full_period, last_year_of
from quotaloom_sdk import AllocationRequest, MonthFact, Parameters
from quotaloom_sdk.testing import allocation_request, child, months

NUMBERED = child("East", recent=tuple(range(1, 25)))
"""A unit that achieved 1 in the first recent month, 2 in the second, and so on to 24."""


def planned(year: int, today: tuple[int, int], *, first: int = 1) -> AllocationRequest[Parameters]:
    """A plan for a fiscal year that begins in month `first`, looked at within the year and month `today`."""
    calendar = months(2014, 72, first=first)
    now = next(place for place, month in enumerate(calendar) if month.starts_on == date(*today, 1))
    return allocation_request(NUMBERED, months=months(year, first=first), recent_months=calendar[now - 24 : now])


@pytest.mark.parametrize(
    ("length", "label", "achieved"),
    [("month", "2017-12", 24), ("quarter", "2017-Q4", 69), ("half", "2017-H2", 129), ("year", "2017", 222)],
)
def test_the_period_before_a_plan_that_begins_now(length: PeriodLength, label: str, achieved: int) -> None:
    """22 + 23 + 24 is 69, 19 to 24 is 129, 13 to 24 is 222."""
    period = last_full_period(planned(2018, (2018, 1)), length)
    assert period is not None
    assert (period.label, period.achieved(NUMBERED)) == (label, achieved)


@pytest.mark.parametrize(
    ("length", "label", "achieved"),
    [("month", "2017-10", 24), ("quarter", "2017-Q3", 66), ("half", "2017-H1", 105), ("year", "2016", 102)],
)
def test_who_plans_ahead_goes_by_what_is_over_today(length: PeriodLength, label: str, achieved: int) -> None:
    """In November 2017 the recent months are 2015-11 to 2017-10: the quarter is 21 + 22 + 23, the half 15 to 20.

    The year 2016 has places 3 to 14, which sum to 102.
    """
    period = last_full_period(planned(2018, (2017, 11)), length)
    assert period is not None
    assert (period.label, period.achieved(NUMBERED)) == (label, achieved)


@pytest.mark.parametrize(
    ("length", "label", "achieved"),
    [("month", "2017-12", 14), ("quarter", "2017-Q4", 39), ("half", "2017-H2", 69), ("year", "2017", 102)],
)
def test_who_plans_late_goes_by_what_was_over_when_the_plan_began(
    length: PeriodLength, label: str, achieved: int
) -> None:
    """In November 2018 the recent months begin with 2016-11, so that 2017 has places 3 to 14."""
    period = last_full_period(planned(2018, (2018, 11)), length)
    assert period is not None
    assert (period.label, period.achieved(NUMBERED)) == (label, achieved)


def test_quarters_are_those_of_the_fiscal_year() -> None:
    """Where the year begins in April, 2017-Q4 is January to March 2018: the last three of the recent months."""
    period = last_full_period(planned(2018, (2018, 4), first=4), "quarter")
    assert period is not None
    assert (period.label, period.achieved(NUMBERED)) == ("2017-Q4", 69)


def test_a_period_that_is_known_in_part_is_no_full_one() -> None:
    """Of two months, 2017-11 and 2017-12, no quarter can be made, and of no months nothing at all."""
    two = allocation_request(child("East", recent=(1, 2)), months=months(2018))
    assert last_full_period(two, "quarter") is None
    assert last_full_period(allocation_request(child("East")), "month") is None


def test_last_year_is_month_by_month_the_last_one_that_was_over() -> None:
    """In November 2017, January to October are those of 2017, November and December those of 2016: places 13 and 14."""
    assert last_year_of(planned(2018, (2017, 11)), NUMBERED) == (15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 13, 14)


def test_last_year_of_a_plan_under_way_is_the_year_before_it() -> None:
    """In November 2018, ten months of the plan are over and do not count."""
    assert last_year_of(planned(2018, (2018, 11)), NUMBERED) == tuple(range(3, 15))


def test_months_made_of_weeks_are_matched_by_their_number() -> None:
    """With 4-4-5 a month is named by its place in the year, wherever its days lie."""
    last = MonthFact("2017-M01", date(2017, 1, 2), date(2017, 1, 30), fiscal_year=2017, number=1)
    plan = MonthFact("2018-M01", date(2018, 1, 1), date(2018, 1, 29), fiscal_year=2018, number=1)
    east = child("East", recent=(7,))
    request = allocation_request(east, months=(plan,), recent_months=(last,))
    assert last_year_of(request, east) == (7,)


def test_a_month_that_nobody_knows_counts_as_nothing() -> None:
    """Of a plan for twelve months with two months known, ten have nothing to go by."""
    east = child("East", recent=(5, 6))
    request = allocation_request(east, months=months(2018))
    assert last_year_of(request, east) == (0,) * 10 + (5, 6)
