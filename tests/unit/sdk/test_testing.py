from __future__ import annotations

from datetime import date

import pytest

from quotaloom_sdk import Load, MonthFact, Parameters, UnitFact
from quotaloom_sdk.testing import allocation_request, child, months, months_before


def test_months_cross_the_year() -> None:
    """Months follow one another, each ending where the next starts."""
    assert months(2017, count=2, first=12) == (
        MonthFact("2017-12", date(2017, 12, 1), date(2018, 1, 1), fiscal_year=2017, number=1),
        MonthFact("2018-01", date(2018, 1, 1), date(2018, 2, 1), fiscal_year=2017, number=2),
    )


def test_months_before_a_year_end_where_it_begins() -> None:
    """The three months before a fiscal year that begins in April are the last of the one before."""
    before = months_before(months(2017, first=4), 3)
    told = [(month.label, month.ends_on, month.fiscal_year, month.number) for month in before]
    assert told == [
        ("2017-01", date(2017, 2, 1), 2016, 10),
        ("2017-02", date(2017, 3, 1), 2016, 11),
        ("2017-03", date(2017, 4, 1), 2016, 12),
    ]


def test_months_before_the_middle_of_a_year_reach_back_into_it() -> None:
    """Before the second month lies the first, and before that the last of the year before."""
    before = months_before(months(2017, first=4)[1:], 2)
    assert [(month.label, month.fiscal_year, month.number) for month in before] == [
        ("2017-03", 2016, 12),
        ("2017-04", 2017, 1),
    ]


def test_a_unit_has_its_name_for_a_key_and_whatever_else_is_told() -> None:
    """Load, recent achievement or another key are told by name."""
    load = Load(members=2, customers=0, leads=0, opportunities=0, open_amount=0)
    assert child("East", load=load) == UnitFact("East", "East", "position", load=load, key="East")
    assert child("East", key="e-1").key == "e-1"


def test_recent_figures_are_of_the_months_before_the_plan() -> None:
    """As many as there are, summed for the unit above; others where the request says which."""
    request = allocation_request(child("East", recent=(3, 4)), child("West", recent=(10, 20)))
    assert [month.label for month in request.recent_months] == ["2016-11", "2016-12"]
    assert request.unit.recent == (13, 24)
    told = months(2016, 1)
    assert allocation_request(child("East", recent=(3,)), recent_months=told).recent_months == told


def test_recent_figures_that_do_not_fit_their_months_are_refused() -> None:
    """All units have one per month, or none at all."""
    with pytest.raises(ValueError, match="West has 1 figures for 2 months"):
        allocation_request(child("East", recent=(3, 4)), child("New"), child("West", recent=(1,)))


def test_request_without_a_unit_gets_one_that_is_the_sum() -> None:
    """The unit above achieved, month by month, what its children did."""
    request = allocation_request(child("East", 300, -100), child("New"), child("West", 50, 25), months=months(2017, 2))
    assert request.unit == UnitFact("company", "Company", "company", (350, -75), key="company")
    assert [unit.id for unit in request.children] == ["East", "New", "West"]
    assert request.parameters == Parameters()


def test_request_is_over_a_whole_year_by_default() -> None:
    """Twelve months, where nothing else is said."""
    assert [month.label for month in allocation_request().months][::11] == ["2017-01", "2017-12"]


def test_history_that_does_not_fit_the_months_is_refused() -> None:
    """A history is one figure per month or none at all."""
    with pytest.raises(ValueError, match="East has 3 figures for 2 months"):
        allocation_request(child("East", 1, 2, 3), months=months(2017, 2))
