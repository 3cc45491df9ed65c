from __future__ import annotations

from datetime import date

import pytest

from quotaloom_sdk import MonthFact, Parameters, UnitFact
from quotaloom_sdk.testing import allocation_request, child, months


def test_months_cross_the_year() -> None:
    """Months follow one another, each ending where the next starts."""
    assert months(2017, count=2, first=12) == (
        MonthFact("2017-12", date(2017, 12, 1), date(2018, 1, 1)),
        MonthFact("2018-01", date(2018, 1, 1), date(2018, 2, 1)),
    )


def test_request_without_a_unit_gets_one_that_is_the_sum() -> None:
    """The unit above achieved, month by month, what its children did."""
    request = allocation_request(child("East", 300, -100), child("New"), child("West", 50, 25), months=months(2017, 2))
    assert request.unit == UnitFact("company", "Company", "company", (350, -75))
    assert [unit.id for unit in request.children] == ["East", "New", "West"]
    assert request.parameters == Parameters()


def test_request_is_over_a_whole_year_by_default() -> None:
    """Twelve months, where nothing else is said."""
    assert [month.label for month in allocation_request().months][::11] == ["2017-01", "2017-12"]


def test_history_that_does_not_fit_the_months_is_refused() -> None:
    """A history is one figure per month or none at all."""
    with pytest.raises(ValueError, match="East has 3 figures for 2 months"):
        allocation_request(child("East", 1, 2, 3), months=months(2017, 2))
