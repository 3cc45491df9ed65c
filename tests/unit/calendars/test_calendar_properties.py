"""What holds for every fiscal calendar and every day."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from quotaloom.calendars.fiscal import PATTERNS, FiscalCalendar
from quotaloom.calendars.periods import Grain

CALENDARS = st.builds(
    FiscalCalendar, start_month=st.integers(min_value=1, max_value=12), pattern=st.sampled_from(PATTERNS)
)
DAYS = st.dates(min_value=date(1902, 1, 1), max_value=date(2997, 12, 31))
YEARS = st.integers(min_value=1902, max_value=2997)
BLOCKS = {Grain.YEAR: 1, Grain.HALF: 2, Grain.QUARTER: 4, Grain.MONTH: 12}


@settings(max_examples=60, deadline=None)
@given(calendar=CALENDARS, year=YEARS, grain=st.sampled_from([*BLOCKS, Grain.DAY]))
def test_the_periods_of_a_grain_partition_the_year(calendar: FiscalCalendar, year: int, grain: Grain) -> None:
    """They start with the year, end with it and leave no gap; a year has 2 halves, 4 quarters, 12 months."""
    whole = calendar.year(year)
    parts = calendar.periods(whole, grain)
    assert len(parts) == BLOCKS.get(grain, whole.length)
    assert (parts[0].starts_on, parts[-1].ends_on) == (whole.starts_on, whole.ends_on)
    assert all(one.ends_on == other.starts_on for one, other in pairwise(parts))


@settings(max_examples=60, deadline=None)
@given(calendar=CALENDARS, year=YEARS)
def test_neighbouring_years_share_every_week_between_them_once(calendar: FiscalCalendar, year: int) -> None:
    """The weeks of a year and those of the next follow on each other, Monday after Monday."""
    weeks = [week for number in (year, year + 1) for week in calendar.periods(calendar.year(number), Grain.WEEK)]
    assert all(one.ends_on == other.starts_on for one, other in pairwise(weeks))
    assert all(week.starts_on.isoweekday() == 1 and week.length == 7 for week in weeks)


@settings(max_examples=60, deadline=None)
@given(calendar=CALENDARS, year=YEARS)
def test_a_year_of_weeks_has_52_or_53_of_them(calendar: FiscalCalendar, year: int) -> None:
    """A year of weeks starts within three days of the 1st; a year of calendar months has 365 or 366 days."""
    whole = calendar.year(year)
    if calendar.pattern == "calendar":
        assert whole.length in (365, 366)
    else:
        assert whole.length in (52 * 7, 53 * 7)
        assert abs(whole.starts_on - date(year, calendar.start_month, 1)) <= timedelta(days=3)


@settings(max_examples=200, deadline=None)
@given(calendar=CALENDARS, day=DAYS, grain=st.sampled_from(Grain))
def test_the_period_a_day_is_in_reads_back_from_its_label(calendar: FiscalCalendar, day: date, grain: Grain) -> None:
    """The period has the grain that was asked for, holds the day, and is what its label names."""
    period = calendar.containing(day, grain)
    assert period.grain is grain
    assert day in period
    assert calendar.period(period.label) == period


@settings(max_examples=100, deadline=None)
@given(calendar=CALENDARS, day=DAYS, grain=st.sampled_from(Grain))
def test_periods_of_a_grain_are_neighbours(calendar: FiscalCalendar, day: date, grain: Grain) -> None:
    """The period after one has it as its previous, and the two touch."""
    period = calendar.containing(day, grain)
    following = calendar.containing(period.ends_on, grain)
    assert following.starts_on == period.ends_on
    assert calendar.previous(following) == period


@settings(max_examples=100, deadline=None)
@given(calendar=CALENDARS, day=DAYS, days=st.integers(min_value=1, max_value=800))
def test_a_range_a_year_before_is_a_range_about_a_year_before(calendar: FiscalCalendar, day: date, days: int) -> None:
    """Its start moves by 364 to 371 days, and it never becomes empty or longer by more than a week."""
    span = calendar.period((day, day + timedelta(days=days)))
    earlier = calendar.year_before(span)
    assert timedelta(days=364) <= span.starts_on - earlier.starts_on <= timedelta(days=371)
    assert 1 <= earlier.length <= span.length + 7


@settings(max_examples=100, deadline=None)
@given(calendar=CALENDARS, day=DAYS, days=st.integers(min_value=1, max_value=200))
def test_the_months_of_a_span_cover_it_and_no_more(calendar: FiscalCalendar, day: date, days: int) -> None:
    """The first day is in the first month, the last day in the last one, and the months are neighbours."""
    span = calendar.period((day, day + timedelta(days=days)))
    months = calendar.months_of(span)
    assert span.starts_on in months[0]
    assert span.ends_on - timedelta(days=1) in months[-1]
    assert all(one.ends_on == other.starts_on for one, other in pairwise(months))
