from __future__ import annotations

from dataclasses import replace

from quotaloom_allocation.month_spread import spread_months
from quotaloom_allocation.newcomers import Weighed
from quotaloom_sdk import UnitFact
from quotaloom_sdk.testing import allocation_request, child, months
from tests.unit.plugins.recently import PLAN, unit


def by_last_year(team: UnitFact) -> Weighed:
    return spread_months(allocation_request(unit=team, months=PLAN), "last_year")


def said(weighed: Weighed) -> str:
    (reason,) = weighed.reasons
    return reason.text


def test_months_may_count_alike() -> None:
    """No weights are equal weights."""
    weighed = spread_months(allocation_request(unit=child("Team")), "even")
    assert (weighed.weights, said(weighed)) == (None, "All months count alike.")


def test_months_may_count_as_their_working_days() -> None:
    """21 and 20 days, as the calendar has them; the explanation names each."""
    two = tuple(replace(month, workdays=days) for month, days in zip(months(2018, 2), (21, 20), strict=True))
    weighed = spread_months(allocation_request(unit=child("Team"), months=two), "workdays")
    assert weighed.weights == (21, 20)
    assert weighed.reasons[0].values == (("2018-01", 21), ("2018-02", 20))


def test_months_without_any_working_day_count_alike() -> None:
    """A company may have noted holidays for all of them."""
    two = tuple(replace(month, workdays=0) for month in months(2018, 2))
    weighed = spread_months(allocation_request(unit=child("Team"), months=two), "workdays")
    assert (weighed.weights, said(weighed)) == (None, "No month has a working day, so all months count alike.")


def test_months_may_have_the_shape_of_last_year() -> None:
    """100 in each month of 2016 does not matter; 10 in November 2017 and 30 in December do.

    Their median is 20; the ten months without any count as half of it.
    """
    shape = {f"2016-{number:02}": 100 for number in range(1, 13)} | {"2017-11": 10, "2017-12": 30}
    weighed = by_last_year(unit("Team", shape))
    assert weighed.weights == (10,) * 10 + (10, 30)
    empty = ", ".join(f"2018-{number:02}" for number in range(1, 11))
    assert said(weighed) == (
        "Each month counts as what Team achieved in it last year."
        f" A year before {empty} it was nothing: that counts as half the median month."
    )


def test_a_month_in_which_refunds_outweigh_counts_as_one_without_any() -> None:
    """40 in eleven months, and -5 in one: half of 40."""
    shape = {f"2017-{number:02}": 40 for number in range(1, 12)} | {"2017-12": -5}
    assert by_last_year(unit("Team", shape)).weights == (40,) * 11 + (20,)


def test_a_full_last_year_needs_no_further_words() -> None:
    """Each month has its own figure."""
    assert said(by_last_year(unit("Team", 7))) == "Each month counts as what Team achieved in it last year."


def test_months_of_a_new_unit_count_alike() -> None:
    """There is no last year to take the shape of."""
    weighed = by_last_year(unit("Team"))
    assert (weighed.weights, said(weighed)) == (None, "Team achieved nothing last year, so all months count alike.")
