from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from quotaloom_allocation.headcount import HEADCOUNT, HeadcountParameters
from quotaloom_sdk import AllocationResult, Load, Need, UnitFact
from quotaloom_sdk.testing import allocation_request, child
from tests.unit.plugins.recently import PLAN, texts, unit, values


def staffed(name: str, members: int, **facts: Any) -> UnitFact:
    return unit(name, load=Load(members, customers=0, leads=0, opportunities=0, open_amount=0), **facts)


def allocate(*children: UnitFact, **parameters: Any) -> AllocationResult:
    given = HeadcountParameters.model_validate(parameters)
    return HEADCOUNT.allocate(allocation_request(*children, months=PLAN, parameters=given))


def test_units_weigh_their_members() -> None:
    """Six and three of them; the months count alike."""
    result = allocate(staffed("East", 6), staffed("West", 3))
    assert (result.children, result.months, result.matrix) == ((6, 3), None, None)


def test_a_unit_without_members_gets_nothing_beside_one_that_has_some() -> None:
    """Unless the company says otherwise, a vacant seat has no target."""
    result = allocate(staffed("East", 6), staffed("South", 0))
    assert result.children == (6, 0)
    assert texts(result)[-1] == "Nobody holds a position in South today: it counts as 0."


def test_a_unit_without_members_may_count_as_some() -> None:
    """As one, or as half of one: what is to be hired carries its part from the beginning."""
    assert allocate(staffed("East", 6), staffed("South", 0), members_of_empty_unit=1).children == (6, 1)
    half = allocate(staffed("East", 6), staffed("South", 0), members_of_empty_unit="0.50")
    assert half.children == (6, Decimal("0.5"))
    assert texts(half)[-1] == "Nobody holds a position in South today: it counts as 0.5."


def test_units_count_alike_where_nobody_is_there_yet() -> None:
    """A company that plans before it hires."""
    result = allocate(staffed("East", 0), staffed("West", 0))
    assert result.children is None
    assert texts(result)[-1] == "Nobody holds a position below Company today, so all units count alike."


def test_a_unit_without_children_is_spread_over_months() -> None:
    """A position has nobody below it to tell of."""
    result = HEADCOUNT.allocate(allocation_request(unit=child("Anna"), parameters=HeadcountParameters()))
    assert (result.children, texts(result)) == (None, ["All months count alike."])


def test_months_may_count_as_their_working_days() -> None:
    """The company's calendar decides, whoever is there."""
    plan = tuple(replace(month, workdays=20 + place) for place, month in enumerate(PLAN))
    request = allocation_request(
        staffed("East", 6), months=plan, parameters=HeadcountParameters.model_validate({"months": "workdays"})
    )
    assert HEADCOUNT.allocate(request).months == tuple(range(20, 32))


def test_each_unit_is_explained_by_its_members() -> None:
    """How many there are, and as how many it counts."""
    result = allocate(staffed("East", 6), staffed("South", 0), members_of_empty_unit=2)
    assert texts(result) == [
        "All months count alike.",
        "East counts as the members who hold a position in it.",
        "Nobody holds a position in South today: it counts as 2.",
    ]
    assert values(result, 1) == {"members": 6, "counted": 6}
    assert values(result, 2) == {"members": 0, "counted": 2}


@pytest.mark.parametrize("given", ["-1", "10001", "0.005", "NaN"])
def test_members_of_an_empty_unit_are_bounded(given: str) -> None:
    """From none to ten thousand, with two places."""
    with pytest.raises(ValidationError):
        HeadcountParameters.model_validate({"members_of_empty_unit": given})


def test_it_asks_for_what_units_carry_and_for_what_months_may_follow() -> None:
    """Loads, recent months and working days."""
    assert HEADCOUNT.needs == {Need.LOAD, Need.RECENT, Need.CALENDAR}
