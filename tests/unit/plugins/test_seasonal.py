from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from quotaloom_allocation.seasonal import SEASONAL, SeasonalParameters
from quotaloom_sdk import AllocationResult, Load, MonthFact, Need, UnitFact
from quotaloom_sdk.testing import allocation_request, child, months
from tests.unit.plugins.recently import PLAN, texts, unit, values

JANUARY_FIRST = tuple(range(1, 13))
"""1 for January, 2 for February, and so on."""


def allocate(*children: UnitFact, plan: tuple[MonthFact, ...] = PLAN, **parameters: Any) -> AllocationResult:
    given = SeasonalParameters.model_validate({"profile": JANUARY_FIRST, **parameters})
    return SEASONAL.allocate(allocation_request(*children, months=plan, parameters=given))


def staffed(name: str, members: int) -> UnitFact:
    return unit(name, load=Load(members, customers=0, leads=0, opportunities=0, open_amount=0))


def test_months_weigh_what_the_profile_says() -> None:
    """January first; the units count alike."""
    result = allocate(child("East"), child("West"))
    assert (result.months, result.children, result.matrix) == (JANUARY_FIRST, None, None)


def test_the_profile_is_by_calendar_month_whenever_the_year_begins() -> None:
    """A fiscal year from April to March begins with 4 and ends with 3."""
    assert allocate(plan=months(2018, first=4)).months == (4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3)


@pytest.mark.parametrize("weeks", [(4, 4, 5), (4, 5, 4), (5, 4, 4)])
@pytest.mark.parametrize("first", [date(2018, 1, 1), date(2018, 12, 31), date(2020, 12, 28), date(2021, 1, 4)])
def test_a_month_of_weeks_is_the_one_that_its_middle_lies_in(weeks: tuple[int, ...], first: date) -> None:
    """However the weeks fall, the first month is January and the last December."""
    starts = [first + timedelta(weeks=passed) for passed in accumulate(weeks * 4, initial=0)]
    plan = tuple(MonthFact(f"M{number:02}", *days) for number, days in enumerate(pairwise(starts), start=1))
    assert allocate(plan=plan).months == JANUARY_FIRST


def test_months_count_alike_where_nothing_else_is_set() -> None:
    """Every weight is 1."""
    result = SEASONAL.allocate(allocation_request(child("East"), parameters=SeasonalParameters()))
    assert result.months == (1,) * 12


def test_a_profile_of_zeros_counts_as_equal() -> None:
    """The explanation says so."""
    result = allocate(child("East"), profile=(0,) * 12)
    assert result.months == (0,) * 12
    assert texts(result)[0] == "Each month counts as the company's profile says. All are 0, so all months count alike."


def test_units_may_weigh_their_members() -> None:
    """One in which nobody holds a position counts as 0."""
    result = allocate(staffed("East", 6), staffed("South", 0), units="headcount")
    assert result.children == (6, 0)
    assert values(result, 1) == {"members": 6, "counted": 6}


def test_units_may_weigh_what_they_achieved_last_year() -> None:
    """120 and 360 in 2017, and a newcomer at half of their median, 120; the profile still says when."""
    result = allocate(unit("A", 10), unit("B", 30), unit("New"), units="last_year")
    assert (result.children, result.months) == ((120, 360, 120), JANUARY_FIRST)
    assert texts(result)[1:] == [
        "A counts as what it achieved last year.",
        "B counts as what it achieved last year.",
        "New achieved nothing last year: it counts as half the median of the others.",
    ]


def test_units_without_any_members_or_past_count_alike() -> None:
    """As in the policies that go by these alone."""
    assert allocate(staffed("A", 0), staffed("B", 0), units="headcount").children is None
    assert allocate(unit("A"), unit("B"), units="last_year").children is None


def test_each_month_is_explained_by_its_weight() -> None:
    """With the label of the plan's month."""
    result = allocate(child("East"), profile=("0.5", *JANUARY_FIRST[1:]))
    assert texts(result) == ["Each month counts as the company's profile says.", "All units count alike."]
    assert list(values(result, 0).items())[:2] == [("2018-01", Decimal("0.5")), ("2018-02", 2)]


@pytest.mark.parametrize(
    "given",
    [{"profile": [1] * 11}, {"profile": [1] * 13}, {"profile": [-1] + [1] * 11}, {"units": "potential"}],
    ids=["eleven", "thirteen", "negative", "another basis"],
)
def test_parameters_are_bounded(given: dict[str, Any]) -> None:
    """Twelve weights from 0, and the three bases that there are."""
    with pytest.raises(ValidationError):
        SeasonalParameters.model_validate(given)


def test_it_asks_for_what_units_may_weigh() -> None:
    """Loads and recent months."""
    assert SEASONAL.needs == {Need.LOAD, Need.RECENT}
