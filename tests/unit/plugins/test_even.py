from __future__ import annotations

from quotaloom_allocation.even import EVEN
from quotaloom_sdk import Parameters
from quotaloom_sdk.testing import allocation_request, child, months


def test_all_count_alike() -> None:
    """Every child and every month weighs the same, whatever was achieved before."""
    request = allocation_request(child("East", 900, 0), child("West", 0, 100), months=months(2017, 2))
    result = EVEN.allocate(request)
    assert (result.months, result.children, result.matrix) == (None, None, None)
    assert result.explanation.text == "Split evenly: the 2 units below it and the 2 months of Company count alike."


def test_unit_without_children_is_spread_over_months() -> None:
    """A position has nobody below; its explanation speaks of months alone."""
    result = EVEN.allocate(allocation_request(unit=child("Anna")))
    assert result.explanation.text == "Split evenly: the 12 months of Anna count alike."


def test_it_asks_for_nothing() -> None:
    """The even split has no parameters and reads no history."""
    assert EVEN.parameters is Parameters
    assert EVEN.needs == frozenset()
