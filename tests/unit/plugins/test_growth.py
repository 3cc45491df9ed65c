from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from quotaloom_allocation.growth import GROWTH, GrowthParameters
from quotaloom_sdk import AllocationResult, Attribute, Attributes, CannotDecide, Need, UnitFact
from quotaloom_sdk.testing import allocation_request
from tests.unit.plugins.recently import PLAN, texts, unit, values


def allocate(*children: UnitFact, **parameters: Any) -> AllocationResult:
    given = GrowthParameters.model_validate(parameters)
    return GROWTH.allocate(allocation_request(*children, months=PLAN, parameters=given))


def years(result: AllocationResult) -> list[Fraction]:
    """What each child counts as in the year."""
    return [sum((Fraction(month) for month in row), Fraction()) for row in result.matrix or ()]


def noting(percent: str | Decimal) -> Attributes:
    return Attributes((Attribute("growth", percent),))


def test_each_unit_and_month_weighs_last_year_and_its_growth() -> None:
    """East: 200 in November and 100 in December 2017, 10 percent more are 220 and 110; 2016 does not count."""
    east = unit("East", {"2016-11": 5000, "2017-11": 200, "2017-12": 100})
    result = allocate(east, unit("West", 100), growth_percent=10)
    assert result.matrix == ((0,) * 10 + (220, 110), (110,) * 12)
    assert result.children is None


def test_months_of_the_unit_are_as_last_year() -> None:
    """The company had 100 in each month and 400 in December; growth changes no season."""
    shape = {f"2017-{number:02}": 100 for number in range(1, 12)} | {"2017-12": 400}
    assert allocate(unit("East", shape), growth_by_unit={"East": 50}).months == (100,) * 11 + (400,)


def test_single_units_may_grow_by_more_or_less() -> None:
    """1,200 each last year: 20 percent more, 25 less, and 5 more, as for all."""
    result = allocate(
        unit("East", 100),
        unit("West", 100, key="w-1"),
        unit("South", 100),
        growth_percent=5,
        growth_by_unit={"East": 20, "w-1": "-25"},
    )
    assert years(result) == [1440, 900, 1260]


def test_growth_may_be_noted_of_the_unit() -> None:
    """Its attribute counts, unless it is named itself; a unit that has none goes by what is set for all."""
    result = allocate(
        unit("East", 100, attributes=noting(Decimal("12.5"))),
        unit("West", 100, attributes=noting(Decimal("12.5"))),
        unit("South", 100),
        growth_attribute="growth",
        growth_by_unit={"West": 0},
    )
    assert years(result) == [1350, 1200, 1200]
    assert [text.rpartition(", ")[2] for text in texts(result)[1:]] == [
        "as noted.",
        "as set for it.",
        "as set for all.",
    ]


def test_a_noted_growth_counts_as_the_nearest_possible() -> None:
    """Nobody can lose more than everything; 5,000 percent were mistyped and count as 1,000."""
    result = allocate(
        unit("East", 100, attributes=noting(Decimal(-250))),
        unit("West", 100, attributes=noting(Decimal(5000))),
        growth_attribute="growth",
    )
    assert years(result) == [0, 13_200]
    assert texts(result)[1].endswith("with its growth, noted as -250.")
    assert values(result, 1)["growth in percent"] == -100


def test_an_attribute_that_is_no_number_is_refused_with_the_unit() -> None:
    """The planner reads which attribute of which unit it is, and what to do."""
    with pytest.raises(CannotDecide) as caught:
        allocate(unit("East", 100, attributes=noting("much")), growth_attribute="growth")
    assert str(caught.value) == (
        "The attribute 'growth' of East is no number. Name a number attribute in the parameters, or none."
    )


def test_a_newcomer_grows_from_half_the_median() -> None:
    """In each month 100 and 300, the median is 200: from 100 it grows by 50 percent."""
    result = allocate(unit("A", 100), unit("B", 300), unit("New"), growth_by_unit={"New": 50})
    assert result.matrix is not None
    assert result.matrix[2] == (150,) * 12
    assert texts(result)[-1] == (
        "New achieved nothing last year: each month counts as half the median of the others, with its growth,"
        " as set for it."
    )


def test_months_in_which_refunds_outweigh_count_as_nothing() -> None:
    """-80 in December: the unit has eleven months left."""
    east = unit("East", {f"2017-{number:02}": 100 for number in range(1, 12)} | {"2017-12": -80})
    result = allocate(east, unit("West", 100))
    assert result.matrix == ((100,) * 11 + (0,), (100,) * 12)
    assert values(result, 1) == {"last year": 1020, "growth in percent": 0, "counted": 1100}


def test_units_without_any_count_alike_whatever_they_are_to_grow_by() -> None:
    """Growth of nothing is nothing."""
    result = allocate(unit("A"), unit("B"), growth_by_unit={"A": 500})
    assert (result.matrix, result.months) == (None, None)
    assert texts(result) == [
        "Company achieved nothing last year, so all months count alike.",
        "Nobody below Company achieved anything last year, so all count alike.",
    ]


def test_a_unit_without_children_is_spread_over_months() -> None:
    """A position has its own months and nobody below."""
    result = GROWTH.allocate(allocation_request(unit=unit("Anna", 7), months=PLAN, parameters=GrowthParameters()))
    assert (result.months, result.matrix, len(texts(result))) == ((7,) * 12, None, 1)


def test_each_unit_is_explained_by_its_figures() -> None:
    """What it achieved, its growth and what it counts as, exactly."""
    result = allocate(unit("East", 1), growth_percent="0.5")
    assert values(result, 1) == {
        "last year": 12,
        "growth in percent": Decimal("0.5"),
        "counted": Fraction(1206, 100),  # 12 × 1.005
    }
    assert texts(result)[1] == (
        "East counts as what it achieved in each month of last year, with its growth, as set for all."
    )


@pytest.mark.parametrize(
    "given",
    [
        {"growth_percent": "-101"},
        {"growth_percent": "1001"},
        {"growth_by_unit": {"east": "NaN"}},
        {"growth_by_unit": {"": 1}},
        {"growth_by_unit": {f"unit-{number}": 1 for number in range(1001)}},
        {"growth_attribute": "Growth"},
    ],
    ids=["shrinks too much", "grows too much", "no number", "no key", "too many", "no attribute"],
)
def test_parameters_are_bounded(given: dict[str, Any]) -> None:
    """From -100 to 1,000 percent, for a thousand units, by attributes that could be."""
    with pytest.raises(ValidationError):
        GrowthParameters.model_validate(given)


def test_it_asks_for_recent_months_and_attributes() -> None:
    """And for nothing else."""
    assert GROWTH.needs == {Need.RECENT, Need.ATTRIBUTES}
