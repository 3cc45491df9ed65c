"""Fiscal calendars whose months are calendar months."""

from datetime import date

import pytest

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.platform.errors import InputError

JANUARY = FiscalCalendar()
APRIL = FiscalCalendar(start_month=4)


def test_a_fiscal_year_is_named_after_the_calendar_year_it_starts_in() -> None:
    """Fiscal year 2025 of a company that starts in April ends with March 2026."""
    assert APRIL.year(2025) == Period("2025", Grain.YEAR, date(2025, 4, 1), date(2026, 4, 1))
    assert APRIL.year_of(date(2026, 3, 31)) == 2025
    assert APRIL.year_of(date(2026, 4, 1)) == 2026


def test_a_month_has_its_place_in_the_fiscal_year() -> None:
    """Where the year starts in April, that is month 1 and March month 12."""
    days = (date(2026, 4, 1), date(2026, 12, 31), date(2027, 3, 31))
    assert [APRIL.number_of(day) for day in days] == [1, 9, 12]


@pytest.mark.parametrize(
    ("label", "grain", "starts_on", "ends_on"),
    [
        ("2017", Grain.YEAR, date(2017, 1, 1), date(2018, 1, 1)),
        ("2017-H2", Grain.HALF, date(2017, 7, 1), date(2018, 1, 1)),
        ("2017-Q2", Grain.QUARTER, date(2017, 4, 1), date(2017, 7, 1)),
        ("2017-06", Grain.MONTH, date(2017, 6, 1), date(2017, 7, 1)),
        ("2016-02", Grain.MONTH, date(2016, 2, 1), date(2016, 3, 1)),
        ("2017-W23", Grain.WEEK, date(2017, 6, 5), date(2017, 6, 12)),
        ("2015-W53", Grain.WEEK, date(2015, 12, 28), date(2016, 1, 4)),
        ("2017-06-14", Grain.DAY, date(2017, 6, 14), date(2017, 6, 15)),
        ("2016-02-29", Grain.DAY, date(2016, 2, 29), date(2016, 3, 1)),
        ("2017-03-05/2017-04-01", None, date(2017, 3, 5), date(2017, 4, 1)),
        ("2017-01-01/2018-01-01", None, date(2017, 1, 1), date(2018, 1, 1)),
    ],
)
def test_a_label_names_a_half_open_range(label: str, grain: Grain | None, starts_on: date, ends_on: date) -> None:
    """Each kind of label gives its days, its grain and itself back."""
    assert JANUARY.period(label) == Period(label, grain, starts_on, ends_on)


@pytest.mark.parametrize(
    ("label", "starts_on", "ends_on"),
    [
        ("2017-H1", date(2017, 4, 1), date(2017, 10, 1)),
        ("2017-Q1", date(2017, 4, 1), date(2017, 7, 1)),
        ("2017-Q4", date(2018, 1, 1), date(2018, 4, 1)),
        ("2017-06", date(2017, 6, 1), date(2017, 7, 1)),
        ("2018-02", date(2018, 2, 1), date(2018, 3, 1)),
        ("2017-W01", date(2017, 1, 2), date(2017, 1, 9)),
    ],
)
def test_quarters_follow_the_fiscal_year_while_months_and_weeks_do_not(
    label: str, starts_on: date, ends_on: date
) -> None:
    """With a start in April, Q4 of 2017 is January to March 2018, and 2018-02 is still February 2018."""
    period = APRIL.period(label)
    assert (period.label, period.starts_on, period.ends_on) == (label, starts_on, ends_on)


def test_the_months_of_a_fiscal_year_run_from_its_start_month() -> None:
    """Fiscal year 2017 from April has the months April 2017 to March 2018."""
    labels = [month.label for month in APRIL.months(2017)]
    assert labels == [
        *("2017-04", "2017-05", "2017-06", "2017-07", "2017-08", "2017-09"),
        *("2017-10", "2017-11", "2017-12", "2018-01", "2018-02", "2018-03"),
    ]


@pytest.mark.parametrize(
    ("grain", "label"),
    [
        (Grain.YEAR, "2015"),
        (Grain.HALF, "2015-H2"),
        (Grain.QUARTER, "2015-Q4"),
        (Grain.MONTH, "2016-01"),
        (Grain.WEEK, "2015-W53"),
        (Grain.DAY, "2016-01-03"),
    ],
)
def test_a_day_lies_in_one_period_of_each_grain(grain: Grain, label: str) -> None:
    """Sunday 3 January 2016, for a company that starts in April, is in the last ISO week of 2015."""
    assert APRIL.containing(date(2016, 1, 3), grain).label == label


def test_a_period_knows_its_days() -> None:
    """February 2016 has 29 days, its first among them and 1 March not."""
    february = JANUARY.period("2016-02")
    assert february.length == 29
    assert date(2016, 2, 1) in february
    assert date(2016, 3, 1) not in february


def test_a_range_may_be_given_as_two_dates() -> None:
    """A start and an end that is not included give the same period as their label."""
    assert JANUARY.period((date(2017, 3, 5), date(2017, 4, 1))) == JANUARY.period("2017-03-05/2017-04-01")


def test_a_span_is_cut_into_the_periods_it_is_made_of() -> None:
    """The first half of 2017 is two quarters, and 1 July 2017 to 1 July 2018 is two halves as well."""
    half = JANUARY.period("2017-H1")
    assert [each.label for each in JANUARY.periods(half, Grain.QUARTER)] == ["2017-Q1", "2017-Q2"]
    span = JANUARY.period("2017-07-01/2018-07-01")
    assert [each.label for each in JANUARY.periods(span, Grain.HALF)] == ["2017-H2", "2018-H1"]
    assert len(JANUARY.periods(span, Grain.DAY)) == 365


def test_a_span_that_is_not_made_of_whole_periods_is_refused_with_what_fits() -> None:
    """A range from the middle of a month cannot be cut into months, but into weeks and days."""
    with pytest.raises(InputError, match=r"not made of whole months.*asked for: week, day$") as caught:
        JANUARY.periods(JANUARY.period("2017-03-05/2017-04-01"), Grain.MONTH)
    assert caught.value.code == "PERIOD_DOES_NOT_FIT"


def test_a_month_has_no_halves() -> None:
    """The grains that fit a month are month, week and day."""
    with pytest.raises(InputError, match=r"whole halves.*asked for: month, week, day$"):
        JANUARY.periods(JANUARY.period("2017-06"), Grain.HALF)


def test_a_calendar_year_is_not_a_fiscal_year_that_starts_in_april() -> None:
    """January to December 2017 is made of quarters of that company, not of its years or halves."""
    with pytest.raises(InputError, match=r"whole years.*asked for: quarter, month, week, day$"):
        APRIL.periods(APRIL.period("2017-01-01/2018-01-01"), Grain.YEAR)


def test_the_weeks_of_a_span_are_those_that_start_in_it() -> None:
    """June 2017 starts on a Thursday: its weeks start on the 5th, 12th, 19th and 26th, the last ending in July."""
    weeks = JANUARY.periods(JANUARY.period("2017-06"), Grain.WEEK)
    assert [week.label for week in weeks] == ["2017-W23", "2017-W24", "2017-W25", "2017-W26"]
    assert weeks[-1].ends_on == date(2017, 7, 3)
    assert JANUARY.periods(JANUARY.period("2017-06-14/2017-06-18"), Grain.WEEK) == ()


def test_the_months_of_a_span_are_those_it_touches() -> None:
    """The week from 29 May to 4 June touches May and June; the whole of June touches only June."""
    touched = JANUARY.months_of(JANUARY.period("2017-W22"))
    assert [month.label for month in touched] == ["2017-05", "2017-06"]
    assert [month.label for month in JANUARY.months_of(JANUARY.period("2017-06"))] == ["2017-06"]


@pytest.mark.parametrize(
    ("label", "before"),
    [
        ("2017", "2016"),
        ("2017-H1", "2016-H2"),
        ("2017-Q1", "2016-Q4"),
        ("2017-01", "2016-12"),
        ("2016-W01", "2015-W53"),
        ("2016-03-01", "2016-02-29"),
        ("2017-03-05/2017-03-12", "2017-02-26/2017-03-05"),
    ],
)
def test_the_previous_period_ends_where_the_period_starts(label: str, before: str) -> None:
    """The previous period has the same grain; of a range it has as many days."""
    assert JANUARY.previous(JANUARY.period(label)).label == before


@pytest.mark.parametrize(
    ("label", "earlier"),
    [
        ("2017", "2016"),
        ("2017-H1", "2016-H1"),
        ("2017-Q3", "2016-Q3"),
        ("2018-02", "2017-02"),
        ("2017-W23", "2016-W23"),
        ("2015-W53", "2014-W52"),
        ("2016-02-29", "2015-02-28"),
        ("2017-01-01/2017-03-01", "2016-01-01/2016-03-01"),
        ("2016-02-28/2016-02-29", "2015-02-28/2015-03-01"),
        ("2016-02-29/2016-03-01", "2015-02-28/2015-03-01"),
    ],
)
def test_a_year_before_is_the_same_part_of_the_year_before(label: str, earlier: str) -> None:
    """A leap day becomes 28 February, a week 53 the last week, and no range becomes empty."""
    assert APRIL.year_before(APRIL.period(label)).label == earlier


@pytest.mark.parametrize("month", [0, 13])
def test_a_start_month_that_does_not_exist_is_refused(month: int) -> None:
    """A fiscal year starts in one of the twelve months."""
    with pytest.raises(InputError, match=rf"month 1 to 12, not {month}"):
        FiscalCalendar(start_month=month)


def test_a_company_that_moves_its_start_month_keeps_its_month_names() -> None:
    """June 2017 has the same name and days from April and from July; only its fiscal year changes."""
    july = FiscalCalendar(start_month=7)
    assert APRIL.period("2017-06") == july.period("2017-06")
    assert (APRIL.year_of(date(2017, 6, 1)), july.year_of(date(2017, 6, 1))) == (2017, 2016)
