from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from quotaloom_allocation.fixed_weights import FIXED_WEIGHTS, FixedWeightsParameters
from quotaloom_sdk import AllocationResult, CannotDecide, Need, UnitFact
from quotaloom_sdk.testing import allocation_request
from tests.unit.plugins.recently import PLAN, texts, unit, values


def allocate(*children: UnitFact, **parameters: Any) -> AllocationResult:
    given = FixedWeightsParameters.model_validate(parameters)
    return FIXED_WEIGHTS.allocate(allocation_request(*children, months=PLAN, parameters=given))


def test_units_weigh_what_is_written_down() -> None:
    """By their key, in the order of the tree, whatever else is in the list."""
    children = (unit("East", key="e"), unit("West", key="w"))
    result = allocate(*children, weights={"w": "2.5", "e": 1, "other": 9})
    assert (result.children, result.months) == ((1, Decimal("2.5")), None)


def test_units_that_are_not_named_weigh_what_the_company_says() -> None:
    """Nothing, unless something is set."""
    assert allocate(unit("East"), unit("West"), weights={"East": 5}).children == (5, 0)
    assert allocate(unit("East"), unit("West"), weights={"East": 5}, weight_of_others=1).children == (5, 1)


def test_a_unit_may_weigh_nothing_beside_others() -> None:
    """A weight of 0 is a weight: the unit is named."""
    assert allocate(unit("East"), unit("West"), weights={"East": 0}, weight_of_others=1).children == (0, 1)


def test_weights_that_are_all_zero_count_as_equal() -> None:
    """The product takes them as equal, and the explanation says so."""
    result = allocate(unit("East"), unit("West"), weights={"East": 0})
    assert result.children == (0, 0)
    assert result.explanation.text.endswith("All are 0, so all units count alike.")


@pytest.mark.parametrize(
    ("count", "listed"), [(1, "U1"), (5, "U1, U2, U3, U4, U5"), (7, "U1, U2, U3, U4, U5 and 2 more")]
)
def test_where_nobody_is_named_it_says_whom_to_name(count: int, listed: str) -> None:
    """The refusal names the unit that is split and the keys of those below it; others' weights do not help."""
    children = [unit(f"Unit {number}", key=f"U{number}") for number in range(1, count + 1)]
    with pytest.raises(CannotDecide) as caught:
        allocate(*children, weights={"elsewhere": 1}, weight_of_others=1)
    assert str(caught.value) == (
        f"No unit below Company has a weight. Write one down for at least one of them, by its key ({listed}),"
        " or split Company by another policy."
    )


def test_a_unit_without_children_needs_no_weights() -> None:
    """A position's year is spread over the months."""
    request = allocation_request(
        unit=unit("Anna", 3), months=PLAN, parameters=FixedWeightsParameters(months="last_year")
    )
    result = FIXED_WEIGHTS.allocate(request)
    assert (result.children, result.months) == ((), (3,) * 12)


def test_each_unit_is_explained_by_its_weight() -> None:
    """Whether it is named or not."""
    result = allocate(unit("East"), unit("West"), weights={"East": "5.50"}, weight_of_others=2)
    assert texts(result) == [
        "All months count alike.",
        "East weighs what is written down for it.",
        "West is not named and weighs what such units do.",
    ]
    assert values(result, 1) == {"counted": Decimal("5.5")}
    assert values(result, 2) == {"counted": 2}


@pytest.mark.parametrize(
    "given",
    [
        {"weights": {"east": -1}},
        {"weights": {"east": "Infinity"}},
        {"weights": {"east": "0.0000001"}},
        {"weights": {"": 1}},
        {"weights": {"x" * 101: 1}},
        {"weights": {f"unit-{number}": 1 for number in range(1001)}},
        {"weight_of_others": 2_000_000_000},
    ],
    ids=["negative", "infinite", "too fine", "no key", "too long a key", "too many", "too heavy"],
)
def test_parameters_are_bounded(given: dict[str, Any]) -> None:
    """From 0 to a thousand million with six places, for a thousand units."""
    with pytest.raises(ValidationError):
        FixedWeightsParameters.model_validate(given)


def test_it_asks_for_what_months_may_follow() -> None:
    """Recent months and working days; the key of a unit is always told."""
    assert FIXED_WEIGHTS.needs == {Need.RECENT, Need.CALENDAR}
