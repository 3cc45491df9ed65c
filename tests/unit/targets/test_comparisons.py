"""Which earlier period a period is compared with."""

from __future__ import annotations

import pytest

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.targets.comparisons import Earlier, earlier_period

CALENDAR = FiscalCalendar(4)


@pytest.mark.parametrize(
    ("label", "before", "year_before"),
    [
        ("2017", "2016", "2016"),
        ("2017-H1", "2016-H2", "2016-H1"),
        ("2017-Q1", "2016-Q4", "2016-Q1"),
        ("2017-01", "2016-12", "2016-01"),
        ("2017-W01", "2016-W52", "2016-W01"),
        ("2015-W53", "2015-W52", "2014-W52"),
        ("2017-03-01", "2017-02-28", "2016-03-01"),
        ("2016-02-29", "2016-02-28", "2015-02-28"),
        ("2017-06-01/2017-06-16", "2017-05-17/2017-06-01", "2016-06-01/2016-06-16"),
    ],
)
def test_a_period_is_compared_with_one_of_its_own_kind(label: str, before: str, year_before: str) -> None:
    """A quarter with quarters, a week with weeks, the first 15 days of June with the 15 days before them."""
    period = CALENDAR.period(label)
    found = [earlier_period(CALENDAR, period, which) for which in Earlier]
    assert [one and one.label for one in found] == [before, year_before]


def test_months_of_weeks_are_compared_by_their_number() -> None:
    """The first month of a 4-4-5 year follows the twelfth of the year before."""
    calendar = FiscalCalendar(1, "4-4-5")
    period = calendar.period("2017-M01")
    found = [earlier_period(calendar, period, which) for which in Earlier]
    assert [one and one.label for one in found] == ["2016-M12", "2016-M01"]


@pytest.mark.parametrize("label", ["1900", "1900-Q1", "1900-04", "1900-04-01"])
def test_there_is_nothing_before_1900(label: str) -> None:
    """The year before the first one that is known is no error, but none."""
    assert earlier_period(CALENDAR, CALENDAR.period(label), Earlier.PREVIOUS_YEAR) is None
