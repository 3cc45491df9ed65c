"""Fiscal calendars whose months are made of weeks: 4-4-5 and its sisters."""

from datetime import date
from typing import cast

import pytest

from quotaloom.calendars.fiscal import FiscalCalendar, Pattern
from quotaloom.calendars.periods import Grain, Period
from quotaloom.platform.errors import InputError

WEEKS = FiscalCalendar(pattern="4-4-5")
WEEKS_FROM_APRIL = FiscalCalendar(start_month=4, pattern="4-4-5")


def test_a_year_of_weeks_starts_on_the_monday_nearest_to_the_first() -> None:
    """1 January 2015 is a Thursday, so 2015 starts three days earlier; 1 January 2016 a Friday, three later."""
    assert WEEKS.year(2015) == Period("2015", Grain.YEAR, date(2014, 12, 29), date(2016, 1, 4))
    assert WEEKS.year(2016).starts_on == date(2016, 1, 4)


def test_a_year_that_starts_in_april_starts_on_the_monday_nearest_to_the_first_of_april() -> None:
    """1 April 2017 is a Saturday and 1 April 2018 a Sunday: the year runs for 52 weeks from 3 April."""
    year = WEEKS_FROM_APRIL.year(2017)
    assert (year.starts_on, year.ends_on) == (date(2017, 4, 3), date(2018, 4, 2))
    assert WEEKS_FROM_APRIL.year_of(date(2017, 4, 2)) == 2016


def test_a_month_of_weeks_has_its_place_in_the_fiscal_year() -> None:
    """3 January 2016 still is in the twelfth month of 2015, the Monday after it in the first of 2016."""
    assert [WEEKS.number_of(date(2016, 1, day)) for day in (3, 4)] == [12, 1]


def test_a_53rd_week_goes_to_the_last_month() -> None:
    """2015 has 53 weeks: eleven months of 4, 4 and 5 weeks, and 6 weeks in the twelfth."""
    weeks = [month.length // 7 for month in WEEKS.months(2015)]
    assert weeks == [4, 4, 5, 4, 4, 5, 4, 4, 5, 4, 4, 6]
    last = WEEKS.period("2015-M12")
    assert (last.starts_on, last.ends_on) == (date(2015, 11, 23), date(2016, 1, 4))
    assert WEEKS.containing(date(2016, 1, 3), Grain.MONTH) == last


@pytest.mark.parametrize(
    ("pattern", "last_quarter"),
    [("4-4-5", [4, 4, 6]), ("4-5-4", [4, 5, 5]), ("5-4-4", [5, 4, 5])],
)
def test_each_pattern_gives_its_53rd_week_to_the_last_month(pattern: str, last_quarter: list[int]) -> None:
    """Whatever the pattern, the year's extra week lengthens its twelfth month."""
    months = FiscalCalendar(pattern=cast(Pattern, pattern)).months(2015)
    assert [month.length // 7 for month in months[9:]] == last_quarter


@pytest.mark.parametrize(
    ("label", "starts_on", "ends_on"),
    [
        ("2017", date(2017, 1, 2), date(2018, 1, 1)),
        ("2017-H2", date(2017, 7, 3), date(2018, 1, 1)),
        ("2017-Q1", date(2017, 1, 2), date(2017, 4, 3)),
        ("2017-M01", date(2017, 1, 2), date(2017, 1, 30)),
        ("2017-M02", date(2017, 1, 30), date(2017, 2, 27)),
        ("2017-M03", date(2017, 2, 27), date(2017, 4, 3)),
        ("2017-W05", date(2017, 1, 30), date(2017, 2, 6)),
        ("2017-01-01", date(2017, 1, 1), date(2017, 1, 2)),
    ],
)
def test_labels_name_the_months_of_weeks_and_their_sums(label: str, starts_on: date, ends_on: date) -> None:
    """2017 starts on 2 January; its first quarter is 28, 28 and 35 days."""
    period = WEEKS.period(label)
    assert (period.label, period.starts_on, period.ends_on) == (label, starts_on, ends_on)


def test_months_of_weeks_are_numbered_within_the_fiscal_year() -> None:
    """With a start in April, month 1 of 2017 is four weeks from 3 April 2017."""
    month = WEEKS_FROM_APRIL.period("2017-M01")
    assert (month.starts_on, month.ends_on) == (date(2017, 4, 3), date(2017, 5, 1))


def test_weeks_nest_in_months_of_weeks() -> None:
    """The third month of a quarter is exactly five ISO weeks."""
    weeks = WEEKS.periods(WEEKS.period("2017-M03"), Grain.WEEK)
    assert [week.label for week in weeks] == ["2017-W09", "2017-W10", "2017-W11", "2017-W12", "2017-W13"]
    assert weeks[-1].ends_on == date(2017, 4, 3)


def test_a_calendar_month_is_no_month_of_a_company_of_weeks() -> None:
    """`2017-06` would be two things at once, so it is refused with the names that are right."""
    with pytest.raises(InputError, match=r"write 2017-M01 to 2017-M12, or a date range") as caught:
        WEEKS.period("2017-06")
    assert caught.value.code == "BAD_PERIOD"


def test_a_calendar_month_given_as_a_range_is_not_made_of_months_of_weeks() -> None:
    """June 2017 can be asked for by its dates, by week and by day."""
    with pytest.raises(InputError, match=r"asked for: week, day$"):
        WEEKS.periods(WEEKS.period("2017-06-01/2017-07-01"), Grain.MONTH)


@pytest.mark.parametrize(
    ("label", "earlier"),
    [
        ("2016", "2015"),
        ("2016-M12", "2015-M12"),
        ("2017-W23", "2016-W23"),
        ("2015-W53", "2014-W52"),
        ("2016-01-03", "2014-12-28"),
        ("2016-01-04", "2014-12-29"),
        ("2016-01-04/2017-01-02", "2014-12-29/2016-01-04"),
        ("2015-12-23/2015-12-29", "2014-12-24/2014-12-29"),
        ("2015-12-28/2015-12-30", "2014-12-22/2014-12-29"),
    ],
)
def test_a_year_before_keeps_the_place_in_the_fiscal_year(label: str, earlier: str) -> None:
    """2015 runs for 53 weeks from 29 December 2014, 2014 for 52: what falls into week 53 becomes week 52."""
    assert WEEKS.year_before(WEEKS.period(label)).label == earlier


def test_a_week_of_a_year_that_starts_in_april_keeps_its_place_a_year_before() -> None:
    """The first week of fiscal year 2016 (4 April 2016) becomes that of 2015 (30 March 2015, ISO week 14)."""
    assert WEEKS_FROM_APRIL.year_before(WEEKS_FROM_APRIL.period("2016-W14")).label == "2015-W14"


def test_an_unknown_pattern_is_refused_with_those_that_exist() -> None:
    """The patterns are calendar, 4-4-5, 4-5-4 and 5-4-4."""
    with pytest.raises(InputError, match="calendar, 4-4-5, 4-5-4, 5-4-4, not 4-4-4"):
        FiscalCalendar(pattern=cast(Pattern, "4-4-4"))
