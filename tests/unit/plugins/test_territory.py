from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from quotaloom_assignment.territory import TERRITORY
from quotaloom_sdk import CannotDecide, Choice
from tests.unit.plugins.handing import candidate, handed, noting, records, who


def test_a_record_goes_in_turn_to_those_who_work_where_it_is() -> None:
    """Case, width and spaces make no difference, and a member may have several territories."""
    people = [
        candidate("ann", attributes=noting(territory="North, South")),
        candidate("bob", attributes=noting(territory="ＮＯＲＴＨ")),
        candidate("cora", attributes=noting(territory="west")),
    ]
    given = [
        *records(2, attributes=noting(territory=" north")),
        *records(1, attributes=noting(territory="South")),
        *records(1, attributes=noting(territory="East")),
        *records(1),
    ]
    given = [replace(one, id=str(number)) for number, one in enumerate(given)]
    assert who(handed(TERRITORY, given, people)) == ["ann", "bob", "ann", None, None]


def test_choices_are_matched_by_key() -> None:
    """A company may note territories as choices, under a key of its own."""
    people = [candidate("ann", attributes=noting(region=Choice("hd", "华东"))), candidate("bob")]
    given = records(1, attributes=noting(area=Choice("hd", "East China")))
    assert who(handed(TERRITORY, given, people, record_attribute="area", member_attribute="region")) == ["ann"]


def test_a_number_is_no_territory() -> None:
    """It names the member, and what it takes."""
    people = [candidate("Ann", attributes=noting(territory=Decimal(7)))]
    with pytest.raises(CannotDecide, match="The attribute 'territory' of Ann is neither a text nor a choice"):
        handed(TERRITORY, records(1), people)
