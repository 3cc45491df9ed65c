from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from pydantic import ValidationError

from acme_rules.potential import POTENTIAL, PotentialParameters, by_potential
from quotaloom_sdk import AllocationResult, Attribute, Attributes, Load, MonthFact, Need, UnitFact
from quotaloom_sdk.testing import allocation_request, months, narrowed


def unit(name: str, held: int = 0, /, **noted: str) -> UnitFact:
    """A team that holds so many customers; `noted` are its number attributes."""
    load = Load(members=3, customers=held, leads=0, opportunities=0, open_amount=0)
    attributes = Attributes(tuple(Attribute(key, Decimal(value)) for key, value in noted.items()))
    return UnitFact(id=name, name=name, kind="team", attributes=attributes, load=load)


def allocate(*children: UnitFact, above: UnitFact | None = None, **parameters: object) -> AllocationResult:
    request = allocation_request(
        *children,
        unit=above or unit("Company"),
        months=months(2017, 2),
        parameters=PotentialParameters.model_validate(parameters),
    )
    return POTENTIAL.allocate(narrowed(request, POTENTIAL.needs))


EAST = unit("East", 120, repurchase_rate="0.35", average_order="1500")
WEST = unit("West", 80, repurchase_rate="0.5", average_order="900.50")


def test_unit_weighs_what_its_customers_could_buy() -> None:
    """East 120 × 0.35 × 1,500 = 63,000; West 80 × 0.5 × 900.50 = 36,020."""
    assert allocate(EAST, WEST).children == (63_000, 36_020)


def test_weights_are_exact() -> None:
    """7 × 0.1 × 0.3 = 0.21, which is 21/100, and no float is in it."""
    (weight,) = allocate(unit("A", 7, repurchase_rate="0.1", average_order="0.3")).children or ()
    assert (weight, type(weight)) == (Fraction(21, 100), Fraction)


def test_customers_that_were_noted_count_instead_of_those_held() -> None:
    """The company knows of 200 customers in East, and has assigned only 120: 200 × 0.3 × 1,000 = 60,000."""
    assert allocate(unit("East", 120, customers="200")).children == (60_000,)


def test_what_a_unit_does_not_say_is_that_of_the_unit_above() -> None:
    """North says 0.4 for both its teams; West says 0.5 of itself: 10 × 0.4 × 1,000 and 10 × 0.5 × 1,000."""
    north = unit("North", repurchase_rate="0.4")
    assert allocate(unit("East", 10), unit("West", 10, repurchase_rate="0.5"), above=north).children == (4_000, 5_000)


def test_what_nobody_says_is_as_set_for_all() -> None:
    """10 × 2 × 50 = 1,000, by the company's own parameters."""
    assert allocate(unit("East", 10), repurchase_rate="2", average_order="50").children == (1_000,)


def test_attributes_may_have_other_keys() -> None:
    """A company that calls its average order `basket` says so: 10 × 0.3 × 70 = 210."""
    assert allocate(unit("East", 10, basket="70"), average_order_attribute="basket").children == (210,)


def test_newcomer_counts_as_a_share_of_the_mean() -> None:
    """East could sell 60,000 and the new team nothing: their mean is 30,000, and a tenth of it 3,000."""
    assert allocate(unit("East", 200), unit("New"), least_share="0.1").children == (60_000, 3_000)


def test_without_any_potential_all_weigh_nothing() -> None:
    """All weights are 0, which the product counts as equal."""
    assert allocate(unit("A"), unit("B"), least_share="0.1").children == (0, 0)


def test_months_weigh_their_working_days() -> None:
    """January 2017 has 21 of them and February 20; the company may let all months count alike."""
    january, february = months(2017, 2)
    days = (
        MonthFact(january.label, january.starts_on, january.ends_on, 21),
        MonthFact(february.label, february.starts_on, february.ends_on, 20),
    )
    for by_workdays, expected in ((True, (21, 20)), (False, None)):
        parameters = PotentialParameters(by_workdays=by_workdays)
        assert by_potential(allocation_request(EAST, months=days, parameters=parameters)).months == expected


def test_months_whose_working_days_nobody_knows_count_alike() -> None:
    """The weights of the months are left out, which the product counts as equal."""
    assert allocate(EAST).months is None


def test_position_has_nobody_below() -> None:
    """No weight, and no sum to divide by."""
    assert allocate().children == ()


@pytest.mark.parametrize(
    ("value", "counted"),
    [("-5", "0"), ("1000000000001", "1000000000000"), ("0.0000004", "0"), ("0.1234567", "0.123457")],
)
def test_number_that_cannot_be_meant_counts_as_the_nearest_that_can(value: str, counted: str) -> None:
    """None is below 0, beyond a million million, or has more than six places; the explanation shows what was given."""
    _, east = allocate(unit("East", 10, average_order=value)).explanation.items
    assert east.values[2] == (f"what an order is worth, its own, given as {Decimal(value)}", Decimal(counted))


@pytest.mark.parametrize(
    "wrong",
    [
        {"least_share": "1.1"},
        {"repurchase_rate": "-1"},
        {"average_order": "NaN"},
        {"customers_attribute": "A"},
        {"customers_attribute": "average_order"},
    ],
)
def test_parameter_outside_its_bounds_is_refused(wrong: dict[str, str]) -> None:
    """What an admin cannot mean, he cannot set."""
    with pytest.raises(ValidationError):
        PotentialParameters.model_validate(wrong)


def test_explanation_shows_every_factor_of_every_child() -> None:
    """63,000, 36,020 and 0 have the mean 33,006.67. The new team counts as a tenth of it, 3,300.67, so the whole is
    102,320.67, of which the three have 0.6157, 0.3520 and 0.0323.
    """
    explanation = allocate(EAST, WEST, unit("New"), least_share="0.1").explanation
    months_, east, west, new = explanation.items
    assert explanation.text == "Split by potential: customers × orders of each in a year × what an order is worth."
    assert months_.text == "All months count alike."
    assert east.text == "East could sell 63000.00 a year."
    assert east.values == (
        ("customers, as counted", 120),
        ("orders of each in a year, its own", Decimal("0.35")),
        ("what an order is worth, its own", 1500),
        ("share of the whole", Decimal("0.6157")),
    )
    assert west.values[-1] == ("share of the whole", Decimal("0.3520"))
    assert new.text == "New could sell 0.00 a year. It counts as 3300.67, the least that a unit counts as."
    assert new.values == (
        ("customers, as counted", 0),
        ("orders of each in a year, as set for all", Decimal("0.3")),
        ("what an order is worth, as set for all", 1000),
        ("share of the whole", Decimal("0.0323")),
    )


def test_it_needs_what_it_reads() -> None:
    """Customers held, attributes and working days; no history."""
    assert POTENTIAL.needs == {Need.LOAD, Need.ATTRIBUTES, Need.CALENDAR}
