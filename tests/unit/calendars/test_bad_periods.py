"""What names no period is refused with what is allowed."""

from datetime import date

import pytest

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain
from quotaloom.platform.errors import InputError

CALENDAR = FiscalCalendar()


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("2017-Q5", "the quarters of 2017 are 2017-Q1 to 2017-Q4"),
        ("2017-Q0", "the quarters of 2017 are 2017-Q1 to 2017-Q4"),
        ("2017-H3", "the halves of 2017 are 2017-H1 to 2017-H2"),
        ("2017-13", "the months of 2017 are 2017-01 to 2017-12"),
        ("2017-00", "the months of 2017 are 2017-01 to 2017-12"),
        ("2017-M06", "write 2017-01 to 2017-12"),
        ("2017-W53", "the weeks of 2017 are 2017-W01 to 2017-W52"),
        ("2015-W54", "the weeks of 2015 are 2015-W01 to 2015-W53"),
        ("2017-02-30", "2017-02-30 is not a day of the calendar"),
        ("2017-02-29", "2017-02-29 is not a day of the calendar"),
        ("2017-03-05/2017-03-05", "has no days: the end is not included"),
        ("2017-04-01/2017-03-05", "has no days: the end is not included"),
        ("2017-04-31/2017-05-05", "2017-04-31 is not a day of the calendar"),
        ("1899", "1900 to 2999 are allowed"),
        ("3000-01", "1900 to 2999 are allowed"),
        ("0000-01-01", "1900 to 2999 are allowed"),
        ("9999-W52", "1900 to 2999 are allowed"),
        ("2999-01-01/3000-01-02", "1900 to 2999 are allowed"),
    ],
)
def test_a_period_that_does_not_exist_is_refused(label: str, message: str) -> None:
    """The message says which ones the year has, or what is wrong with the day or the range."""
    with pytest.raises(InputError, match=message) as caught:
        CALENDAR.period(label)
    assert caught.value.code == "BAD_PERIOD"


@pytest.mark.parametrize(
    "label",
    [
        *("", " 2017", "2017 ", "2017\n", "17", "2017-6", "2017-q2", "2017-W1", "2017W23", "20170614", "2017-Q12"),
        *("2017-06-14T00:00", "2017/2018", "2017-01-01/", "/2018-01-01", "2017-01-01/2017-02-01/2017-03-01"),
        *("20170101/20170201", "-2017", "٢٠١٧", "2017-Q²", "last month"),
    ],
)
def test_text_that_names_nothing_is_answered_with_all_the_ways_to_name_a_period(label: str) -> None:
    """Only the exact spellings are read: no spaces, no other digits, no missing zeros."""
    with pytest.raises(InputError, match=r"2017-H1.*2017-Q2.*2017-06.*2017-W23.*2017-06-14.*2017-03-05/2017-04-01"):
        CALENDAR.period(label)


def test_a_very_long_text_is_not_repeated_whole() -> None:
    """The message shows the beginning of what was given."""
    with pytest.raises(InputError) as caught:
        CALENDAR.period("2" * 100_000)
    assert len(caught.value.message) < 400


def test_a_fiscal_year_that_reaches_beyond_2999_is_refused() -> None:
    """Fiscal year 2999 from April would end in the year 3000."""
    with pytest.raises(InputError, match="must lie within 1900-01-01 to 2999-12-31"):
        FiscalCalendar(start_month=4).year(2999)
    assert CALENDAR.year(2999).ends_on == date(3000, 1, 1)


@pytest.mark.parametrize("grain", Grain)
@pytest.mark.parametrize("day", [date.min, date(1899, 12, 31), date(3000, 1, 1), date.max])
def test_a_day_out_of_reach_is_in_no_period(day: date, grain: Grain) -> None:
    """Days before 1900 and after 2999 are refused for every grain."""
    with pytest.raises(InputError, match="days from 1900-01-01 to 2999-12-31 are allowed"):
        CALENDAR.containing(day, grain)


@pytest.mark.parametrize("label", ["1900", "1900-H1", "1900-Q1", "1900-01", "1900-W01", "1900-01-01"])
def test_nothing_comes_before_1900(label: str) -> None:
    """The first period of each grain has none before it, and none a year before."""
    first = CALENDAR.period(label)
    with pytest.raises(InputError):
        CALENDAR.previous(first)
    with pytest.raises(InputError):
        CALENDAR.year_before(first)
