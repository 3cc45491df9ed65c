from __future__ import annotations

import json
from decimal import Decimal

import pytest

from quotaloom_allocation.explaining import MOST_CHARACTERS, fitting, in_words
from quotaloom_allocation.last_year import LAST_YEAR, LastYearParameters
from quotaloom_sdk import Explanation
from quotaloom_sdk.testing import allocation_request, child, months


@pytest.mark.parametrize(
    ("share", "words"), [("0.5", "half"), ("0.50", "half"), ("0.20", "0.2 times"), ("1", "1 times"), ("0", "0 times")]
)
def test_a_share_is_said_in_words(share: str, words: str) -> None:
    """Without zeros that say nothing."""
    assert in_words(Decimal(share)) == words


def test_few_units_are_all_listed() -> None:
    """What fits stays as it is."""
    items = [Explanation("East."), Explanation("West.")]
    assert fitting(items) == tuple(items)


def test_units_without_room_are_counted() -> None:
    """Three of 90,000 characters: the third does not fit."""
    items = [Explanation("x" * 90_000)] * 3
    assert fitting(items) == (*items[:2], Explanation("1 more unit is not listed, for want of room."))


def test_a_unit_with_thousands_below_it_has_an_explanation_that_can_be_stored() -> None:
    """5,000 positions directly below one unit, each with a name of 40 characters."""
    children = [child(f"{number:040}", number) for number in range(1, 5001)]
    request = allocation_request(*children, months=months(2018, 1), parameters=LastYearParameters())
    explanation = LAST_YEAR.allocate(request).explanation
    written = json.dumps(explanation.to_json(), ensure_ascii=False)
    assert len(written) < MOST_CHARACTERS + 1000
    listed = len(explanation.items) - 2
    assert explanation.items[-1].text == f"{5000 - listed} more units are not listed, for want of room."
    assert explanation.items[1].values == (("last year", 1), ("counted", 1))
