from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from quotaloom_allocation.last_period import LAST_PERIOD, LastPeriodParameters
from quotaloom_sdk import AllocationResult, Need, UnitFact
from quotaloom_sdk.testing import allocation_request, child
from tests.unit.plugins.recently import PLAN, texts, unit, values

SPREAD_OUT = {"2016-12": 1, "2017-03": 20, "2017-08": 300, "2017-10": 4000, "2017-12": 50_000}
"""Something in 2016, and in the first half, the third quarter, the fourth and the last month of 2017."""


def allocate(*children: UnitFact, **parameters: Any) -> AllocationResult:
    given = LastPeriodParameters.model_validate(parameters)
    return LAST_PERIOD.allocate(allocation_request(*children, months=PLAN, parameters=given))


@pytest.mark.parametrize(
    ("period", "counted"), [("month", 50_000), ("quarter", 54_000), ("half", 54_300), ("year", 54_320)]
)
def test_units_weigh_what_they_achieved_in_the_last_full_period(period: str, counted: int) -> None:
    """December; October to December; July to December; 2017. What was before does not count."""
    assert allocate(unit("East", SPREAD_OUT), unit("West", 1), period=period).children == (
        counted,
        {"month": 1, "quarter": 3, "half": 6, "year": 12}[period],
    )


def test_a_quarter_counts_where_nothing_else_is_set() -> None:
    """The months count alike then."""
    result = allocate(unit("East", SPREAD_OUT), unit("West", 100))
    assert (result.children, result.months) == ((54_000, 300), None)
    assert result.explanation.text == "Split by revenue of 2017-Q4, the last full quarter, in its smallest unit."


def test_a_newcomer_counts_as_half_the_median_of_its_siblings() -> None:
    """300, 600 and 1,200 in the quarter: half of 600. The median of 300 and 600 is 450, half of it 225."""
    three = allocate(unit("A", 100), unit("New"), unit("B", 200), unit("C", 400))
    assert three.children == (300, 300, 600, 1200)
    assert allocate(unit("A", 100), unit("B", 200), unit("New")).children == (300, 600, 225)


def test_a_unit_in_which_refunds_outweigh_counts_as_a_newcomer() -> None:
    """-30 in the quarter, although 500 the year before."""
    refunded = unit("West", {"2016-05": 500, "2017-11": 20, "2017-12": -50})
    result = allocate(unit("East", 100), refunded, share_of_median_for_newcomers="0.1")
    assert result.children == (300, 30)
    assert texts(result)[-1] == (
        "West had more refunds than sales in 2017-Q4: it counts as 0.1 times the median of the others."
    )
    assert values(result, 2) == {"achieved": -30, "counted": 30}


def test_a_share_of_the_median_stays_exact() -> None:
    """A sibling achieved one cent: the newcomer counts as half of it, not as none or one."""
    assert allocate(unit("A", {"2017-12": 1}), unit("New")).children == (1, Fraction(1, 2))


def test_newcomers_may_count_as_nothing() -> None:
    """With a share of 0."""
    assert allocate(unit("A", 100), unit("New"), share_of_median_for_newcomers=0).children == (300, 0)


def test_units_without_any_count_alike() -> None:
    """Nobody achieved anything in the quarter, whatever was before."""
    result = allocate(unit("A", {"2017-09": 100}), unit("B"))
    assert result.children is None
    assert texts(result)[-1] == "Nobody below Company achieved anything in 2017-Q4, so all count alike."


def test_without_any_past_all_count_alike() -> None:
    """A test that gives no recent months gets a plain answer."""
    result = LAST_PERIOD.allocate(allocation_request(child("A"), child("B"), parameters=LastPeriodParameters()))
    assert result.children is None
    assert texts(result)[-1] == "Nobody below Company achieved anything in no period, so all count alike."


def test_months_may_have_the_shape_of_last_year() -> None:
    """The company achieved 100 in each of eleven months of 2017 and 300 in its December."""
    shape = {f"2017-{number:02}": 100 for number in range(1, 12)} | {"2017-12": 300}
    assert allocate(unit("East", shape), months="last_year").months == (100,) * 11 + (300,)


def test_each_unit_is_explained_by_its_figure() -> None:
    """What it achieved in the period, and what it counts as."""
    result = allocate(unit("East", 100), unit("New"))
    assert texts(result) == [
        "All months count alike.",
        "East counts as what it achieved in 2017-Q4.",
        "New achieved nothing in 2017-Q4: it counts as half the median of the others.",
    ]
    assert values(result, 1) == {"achieved": 300, "counted": 300}
    assert values(result, 2) == {"achieved": 0, "counted": 150}


def test_other_periods_are_refused() -> None:
    """There is no last week."""
    with pytest.raises(ValidationError):
        LastPeriodParameters.model_validate({"period": "week"})


def test_it_asks_for_recent_months_and_working_days() -> None:
    """And for nothing else."""
    assert LAST_PERIOD.needs == {Need.RECENT, Need.CALENDAR}
