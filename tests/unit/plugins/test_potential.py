from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from quotaloom_allocation.potential import POTENTIAL, PotentialParameters
from quotaloom_sdk import AllocationResult, Attribute, Attributes, CannotDecide, Load, Need, UnitFact, WorksheetFact
from quotaloom_sdk.testing import allocation_request
from tests.unit.plugins.recently import PLAN, texts, unit, values


def selling_to(name: str, counted: int, /, **noted: str | int) -> UnitFact:
    """A unit with so many customers, and the numbers that are noted of it."""
    entries = tuple(Attribute(key, Decimal(value)) for key, value in noted.items())
    load = Load(members=1, customers=counted, leads=0, opportunities=0, open_amount=0)
    return unit(name, load=load, attributes=Attributes(entries))


def allocate(*children: UnitFact, **parameters: Any) -> AllocationResult:
    given = PotentialParameters.model_validate(parameters)
    return POTENTIAL.allocate(allocation_request(*children, months=PLAN, parameters=given))


def test_units_weigh_customers_times_orders_times_their_worth() -> None:
    """40 × 0.5 × 3,000 is 60,000; 20 × 2 × 1,000 is 40,000."""
    result = allocate(
        selling_to("East", 40, repurchase_rate="0.5", average_order=3000),
        selling_to("West", 20, repurchase_rate=2, average_order=1000),
    )
    assert (result.children, result.months) == ((60_000, 40_000), None)


def test_what_is_not_noted_is_as_the_company_says() -> None:
    """10 × 0.3 × 200 is 600; West orders twice as often as is usual: 10 × 0.6 × 200 is 1,200."""
    result = allocate(
        selling_to("East", 10),
        selling_to("West", 10, repurchase_rate="0.6"),
        repurchase_rate="0.3",
        average_order=200,
    )
    assert result.children == (600, 1200)


def test_customers_may_be_noted_instead_of_counted() -> None:
    """A unit that knows of 50 customers, with deals for 3 of them: 50 × 1 × 1,000."""
    assert allocate(selling_to("East", 3, customers=50), selling_to("West", 3)).children == (50_000, 3000)


def test_attributes_may_have_other_keys_or_none() -> None:
    """The company names its own; with null, what is noted under the usual key is not read."""
    east = selling_to("East", 3, customers=50, kunden=7)
    assert allocate(east, customers_attribute="kunden").children == (7000,)
    assert allocate(east, customers_attribute=None).children == (3000,)


def test_a_unit_without_customers_counts_as_half_the_median() -> None:
    """1,000 and 3,000, the median is 2,000; with a share of 0 it gets nothing."""
    three = (selling_to("A", 1), selling_to("New", 0), selling_to("B", 3))
    assert allocate(*three).children == (1000, 1000, 3000)
    assert allocate(*three, share_of_median_for_newcomers=0).children == (1000, 0, 3000)


def test_a_number_below_zero_counts_as_none() -> None:
    """Nobody has -5 customers; the explanation says what was noted."""
    result = allocate(selling_to("East", 3, customers=-5), selling_to("West", 4))
    assert result.children == (2000, 4000)
    assert values(result, 1) == {
        "customers, noted as -5": 0,
        "orders of each in a year, as set for all": 1,
        "worth of an order, as set for all": 1000,
        "counted": 2000,
    }


def test_worksheets_come_first_where_they_are_asked_for() -> None:
    """East needs 10 customers who order 0.5 times: 5,000, whatever is noted; West's is empty, it carries 4: 4,000."""
    east = selling_to("East", 3, customers=50, repurchase_rate=2)
    east = replace(east, worksheet=WorksheetFact(2018, customers_needed=10, repurchase_rate=Decimal("0.5")))
    west = replace(selling_to("West", 4), worksheet=WorksheetFact(2018))
    assert allocate(east, west).children == (100_000, 4000)
    result = allocate(east, west, worksheets=True)
    assert result.children == (5000, 4000)
    assert values(result, 1) == {
        "customers, by the worksheet of 2018": 10,
        "orders of each in a year, by the worksheet of 2018": Decimal("0.5"),
        "worth of an order, as set for all": 1000,
        "counted": 5000,
    }


def test_units_without_any_potential_count_alike() -> None:
    """Nobody has customers yet."""
    result = allocate(selling_to("A", 0), selling_to("B", 0))
    assert result.children is None
    assert texts(result)[-1] == "Nobody below Company has any potential, so all count alike."


def test_the_product_stays_exact() -> None:
    """7 × 0.333333 × 0.01 is 0.02333331."""
    result = allocate(selling_to("East", 7), repurchase_rate="0.333333", average_order="0.01")
    assert result.children == (Fraction(2_333_331, 100_000_000),)


def test_an_attribute_that_is_no_number_is_refused_with_the_unit() -> None:
    """The planner reads which attribute of which unit it is."""
    east = unit("East", attributes=Attributes((Attribute("customers", "many"),)))
    with pytest.raises(CannotDecide, match="The attribute 'customers' of East is no number"):
        allocate(east)


def test_months_may_have_the_shape_of_last_year() -> None:
    """Potential says who, last year says when."""
    east = unit("East", {f"2017-{number:02}": number for number in range(1, 13)})
    assert allocate(east, months="last_year").months == tuple(range(1, 13))


def test_each_unit_is_explained_by_its_factors() -> None:
    """Each with where it is from, and what follows from them."""
    result = allocate(selling_to("East", 3, repurchase_rate="1.5"), selling_to("New", 0))
    assert texts(result) == [
        "All months count alike.",
        "East counts as what its customers could buy in a year.",
        "New has no potential yet: it counts as half the median of the others.",
    ]
    assert values(result, 1) == {
        "customers, as counted": 3,
        "orders of each in a year, as noted": Decimal("1.5"),
        "worth of an order, as set for all": 1000,
        "counted": 4500,
    }


@pytest.mark.parametrize(
    "given",
    [{"repurchase_rate": -1}, {"repurchase_rate": 1001}, {"average_order": "NaN"}, {"customers_attribute": ""}],
    ids=["negative", "too often", "no number", "no attribute"],
)
def test_parameters_are_bounded(given: dict[str, Any]) -> None:
    """Rates up to a thousand orders a year, worth something or nothing, and attributes that could be."""
    with pytest.raises(ValidationError):
        PotentialParameters.model_validate(given)


def test_it_asks_for_all_that_it_may_go_by() -> None:
    """Loads, attributes and worksheets for the units, recent months and working days for the months."""
    assert POTENTIAL.needs == {Need.LOAD, Need.ATTRIBUTES, Need.RECENT, Need.CALENDAR, Need.WORKSHEET}
