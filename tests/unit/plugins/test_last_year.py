from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from pydantic import ValidationError

from quotaloom_allocation.last_year import LAST_YEAR, LastYearParameters
from quotaloom_sdk import AllocationResult, Need, UnitFact
from quotaloom_sdk.testing import allocation_request, child, months

HALF = LastYearParameters()


def allocate(
    *children: UnitFact, unit: UnitFact | None = None, parameters: LastYearParameters = HALF
) -> AllocationResult:
    count = len((unit or children[0]).achieved)
    request = allocation_request(*children, unit=unit, months=months(2018, count), parameters=parameters)
    return LAST_YEAR.allocate(request)


def texts(result: AllocationResult) -> list[str]:
    return [item.text for item in result.explanation.items]


def test_child_weighs_what_it_achieved_in_the_month() -> None:
    """Each cell of the matrix is the child's own figure of the same month, a month without any is 0."""
    result = allocate(child("East", 300, 0), child("West", 100, 50))
    assert result.matrix == ((300, 0), (100, 50))
    assert result.children is None


def test_negative_months_count_as_nothing() -> None:
    """Where refunds outweigh, the month weighs 0 for the child and counts as without any for the unit."""
    result = allocate(child("East", 300, -80), child("West", 100, 50))
    assert result.matrix == ((300, 0), (100, 50))
    # the company: 400 and -30; the second month counts as half of 400, the only month that has some
    assert result.months == (400, 200)


def test_newcomer_counts_as_half_the_median_of_its_siblings() -> None:
    """With three siblings the median is the middle one, month by month."""
    result = allocate(child("A", 300, 10), child("New", 0, 0), child("B", 100, 30), child("C", 200, 0))
    # January: 100 200 300, half of 200; February: 0 10 30, half of 10
    assert result.matrix == ((300, 10), (100, 5), (100, 30), (200, 0))


def test_median_of_an_even_number_of_siblings_is_exact() -> None:
    """Between two middle figures lies their mean, as a fraction and never a float."""
    result = allocate(child("A", 1, 0), child("New", 0, 0), child("B", 2, 1))
    # January: 1 and 2, median 3/2, half of it 3/4; February: 0 and 1, median 1/2, half of it 1/4
    assert result.matrix == ((1, 0), (Fraction(3, 4), Fraction(1, 4)), (2, 1))
    assert all(type(weight) is Fraction for row in result.matrix for weight in row)


def test_newcomers_do_not_pull_the_median_down() -> None:
    """Only siblings that have some in the year make the median; several newcomers all get the same."""
    result = allocate(child("New", 0), child("Newer", 0), child("Refunded", -5), child("A", 40), child("B", 80))
    # 40 and 80, median 60, half of it 30
    assert result.matrix == ((30,), (30,), (30,), (40,), (80,))


def test_month_in_which_nobody_achieved_anything_is_all_zero() -> None:
    """All weights 0 in a month, newcomers included, which the product counts as equal."""
    result = allocate(child("A", 0, 40), child("New", 0, 0), child("B", 0, 80))
    assert result.matrix == ((0, 40), (0, 30), (0, 80))


def test_children_without_any_history_count_alike() -> None:
    """Where no child achieved anything the children are equal."""
    result = allocate(child("A", 0, 0), child("B", 0, -10), unit=child("Team", 70, 30))
    assert (result.children, result.matrix) == (None, None)
    assert result.months == (70, 30)
    assert "Nobody below achieved anything last year, so all count alike." in texts(result)


def test_months_weigh_what_the_unit_itself_achieved() -> None:
    """The unit's own months are its own history, not its children's: leavers' positions count too."""
    result = allocate(child("A", 10, 10), unit=child("Team", 500, 100))
    assert result.months == (500, 100)


def test_months_without_any_count_as_half_the_median_month() -> None:
    """The median is of the months that have some."""
    result = allocate(unit=child("Team", 0, 100, 300, 0, 200))
    # 100 200 300, half of 200
    assert result.months == (100, 100, 300, 100, 200)


def test_unit_without_any_history_is_spread_evenly() -> None:
    """No month has any: all months are equal."""
    result = allocate(unit=child("Team", 0, 0, -7))
    assert (result.months, result.matrix) == (None, None)
    assert texts(result) == ["Team achieved nothing last year, so all months count alike."]


def test_share_of_the_median_is_a_parameter() -> None:
    """A company may let newcomers and empty months count as a tenth, or as nothing."""
    tenth = LastYearParameters(share_of_median_for_newcomers=Decimal("0.1"))
    result = allocate(child("New", 0, 0), child("A", 40, 0), parameters=tenth)
    assert result.matrix == ((4, 0), (40, 0))
    assert result.months == (40, 4)
    nothing = LastYearParameters(share_of_median_for_newcomers=Decimal(0))
    assert allocate(child("New", 0, 0), child("A", 40, 0), parameters=nothing).matrix == ((0, 0), (40, 0))


@pytest.mark.parametrize("share", ["-0.1", "1.01", "NaN", "0.1234567"])
def test_share_outside_its_bounds_is_refused(share: str) -> None:
    """The share lies between 0 and 1 and has at most six places."""
    with pytest.raises(ValidationError):
        LastYearParameters.model_validate({"share_of_median_for_newcomers": share})


def test_every_parameter_is_described() -> None:
    """The admin's form is drawn from the schema, so each parameter says what it does."""
    assert all(field.description for field in LastYearParameters.model_fields.values())
    assert LAST_YEAR.needs == {Need.HISTORY}


def test_explanation_says_what_everybody_was_weighted_by() -> None:
    """In plain words: the months, each child with its own figure, and who counted as half the median."""
    result = allocate(child("East", 300, -80), child("New", 0, 0), unit=child("Company", 220, 0))
    assert result.explanation.to_json() == {
        "text": "Split by last year's revenue of the same months, in its smallest unit.",
        "values": [],
        "items": [
            {
                "text": "Each month of Company counts as what Company achieved in it last year."
                " A year before 2018-02 it achieved nothing: that counts as half the median of the others.",
                "values": [{"name": "2018-01", "value": 220}, {"name": "2018-02", "value": 110}],
                "items": [],
            },
            {
                "text": "East counts as what it achieved in each month of last year.",
                "values": [{"name": "last year", "value": 220}, {"name": "counted", "value": 300}],
                "items": [],
            },
            {
                # 300 and 0 are the only sibling's months, half of them 150 and 0
                "text": "New achieved nothing last year: each month counts as half the median of the others.",
                "values": [{"name": "last year", "value": 0}, {"name": "counted", "value": 150}],
                "items": [],
            },
        ],
    }


def test_explanation_names_another_share_than_half() -> None:
    """A share that the company set is named as it is."""
    fifth = LastYearParameters(share_of_median_for_newcomers=Decimal("0.20"))
    result = allocate(child("A", 10), child("New", 0), parameters=fifth)
    assert texts(result)[-1].endswith("each month counts as 0.2 times the median of the others.")
