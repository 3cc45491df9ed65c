from __future__ import annotations

from typing import Any

from quotaloom_allocation.trailing_year import TRAILING_YEAR, TrailingYearParameters
from quotaloom_sdk import AllocationResult, Need, UnitFact
from quotaloom_sdk.testing import allocation_request, child, months_before
from tests.unit.plugins.recently import PLAN, texts, unit, values


def allocate(*children: UnitFact, **parameters: Any) -> AllocationResult:
    given = TrailingYearParameters.model_validate(parameters)
    return TRAILING_YEAR.allocate(allocation_request(*children, months=PLAN, parameters=given))


def test_units_weigh_what_they_achieved_in_twelve_months() -> None:
    """2017 counts, December 2016 does not."""
    result = allocate(unit("East", {"2016-12": 5000, "2017-01": 100, "2017-12": 200}), unit("West", 10))
    assert (result.children, result.months, result.matrix) == ((300, 120), None, None)


def test_months_of_the_plan_that_are_over_count() -> None:
    """Whoever splits a plan anew in April 2018 goes by April 2017 to March 2018: nine months of 1 and three of 100."""
    recent = months_before(PLAN[3:])
    east = child("East", recent=(0,) * 12 + (1,) * 9 + (100,) * 3)
    request = allocation_request(east, months=PLAN, recent_months=recent, parameters=TrailingYearParameters())
    result = TRAILING_YEAR.allocate(request)
    assert result.children == (309,)
    assert result.explanation.text == (
        "Split by revenue from 2017-04 to 2018-03, the last twelve full months, in its smallest unit."
    )


def test_a_newcomer_counts_as_a_share_of_the_median() -> None:
    """120 and 360 in the year, the median is 240: half of it, or a quarter."""
    three = (unit("A", 10), unit("New"), unit("B", 30))
    assert allocate(*three).children == (120, 120, 360)
    assert allocate(*three, share_of_median_for_newcomers="0.25").children == (120, 60, 360)


def test_refunds_are_taken_off_within_the_year() -> None:
    """300 and -100 are 200; where refunds outweigh, the unit counts as a newcomer: half of 200."""
    result = allocate(unit("East", {"2017-02": 300, "2017-09": -100}), unit("West", {"2017-01": 10, "2017-06": -11}))
    assert result.children == (200, 100)
    assert values(result, 2) == {"achieved": -1, "counted": 100}


def test_units_without_any_count_alike() -> None:
    """What was achieved before the twelve months does not matter."""
    result = allocate(unit("A", {"2016-12": 100}), unit("B"))
    assert result.children is None
    assert texts(result)[-1] == ("Nobody below Company achieved anything from 2017-01 to 2017-12, so all count alike.")


def test_months_may_have_the_shape_of_last_year() -> None:
    """As for every policy that leaves the months to the company."""
    shape = {f"2017-{number:02}": number for number in range(1, 13)}
    assert allocate(unit("East", shape), months="last_year").months == tuple(range(1, 13))


def test_each_unit_is_explained_by_its_figure() -> None:
    """What it achieved, and what it counts as."""
    result = allocate(unit("East", 10), unit("New"))
    assert texts(result)[1:] == [
        "East counts as what it achieved from 2017-01 to 2017-12.",
        "New achieved nothing from 2017-01 to 2017-12: it counts as half the median of the others.",
    ]
    assert values(result, 1) == {"achieved": 120, "counted": 120}
    assert values(result, 2) == {"achieved": 0, "counted": 60}


def test_it_asks_for_recent_months_and_working_days() -> None:
    """And for nothing else."""
    assert TRAILING_YEAR.needs == {Need.RECENT, Need.CALENDAR}
