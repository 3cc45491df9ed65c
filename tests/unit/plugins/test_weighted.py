from __future__ import annotations

import json
from decimal import Decimal

import pytest

from quotaloom_assignment.weighted import WEIGHTED
from quotaloom_sdk import CannotDecide
from tests.unit.plugins.handing import candidate, counts, handed, noting, records, who


def test_twice_the_weight_gets_twice_as_many_evenly_mixed() -> None:
    """Ann weighs 2, Bob 1: of six Ann gets four, never more than two in a row."""
    people = [candidate("ann", attributes=noting(weight=Decimal(2))), candidate("bob")]
    got = who(handed(WEIGHTED, records(6), people, weight_attribute="weight"))
    assert got == ["ann", "bob", "ann", "ann", "bob", "ann"]


def test_small_batches_come_to_the_same_shares() -> None:
    """One at a time, with what the policy remembers: of 60 at 3 to 2 to 1 they get 30, 20 and 10."""
    people = [
        candidate("ann", attributes=noting(weight=Decimal(3))),
        candidate("bob", attributes=noting(weight=Decimal(2))),
        candidate("cora", attributes=noting(weight=Decimal(1))),
    ]
    got: dict[str | None, int] = {}
    memory = ""
    for _ in range(60):
        result = handed(WEIGHTED, records(1), people, memory, weight_attribute="weight")
        memory = result.memory
        (chosen,) = who(result)
        got[chosen] = got.get(chosen, 0) + 1
    assert got == {"ann": 30, "bob": 20, "cora": 10}


def test_a_weight_of_nothing_gets_nothing() -> None:
    """Even where nobody else is there: the next policy decides."""
    people = [candidate("ann", attributes=noting(weight=Decimal(0)))]
    assert who(handed(WEIGHTED, records(2), people, weight_attribute="weight")) == [None, None]
    below = [candidate("ann", attributes=noting(weight=Decimal(-4))), candidate("bob")]
    assert counts(handed(WEIGHTED, records(2), below, weight_attribute="weight")) == {"bob": 2}


def test_a_full_candidate_does_not_save_up() -> None:
    """Ann has room for one; when she has room again, she does not get all that she missed."""
    full = [candidate("ann", room=1), candidate("bob")]
    first = handed(WEIGHTED, records(9), full)
    assert counts(first) == {"ann": 1, "bob": 8}
    again = handed(WEIGHTED, records(4), [candidate("ann"), candidate("bob")], first.memory)
    assert counts(again) == {"ann": 2, "bob": 2}


def test_who_is_barred_from_some_records_keeps_his_balance() -> None:
    """Of the first record Bob gained what Ann paid; that Ann alone may have the second one takes nothing from him."""
    first = handed(WEIGHTED, records(1), [candidate("ann"), candidate("bob")])
    assert json.loads(first.memory) == {"ann": -1_000_000, "bob": 1_000_000}
    second = handed(WEIGHTED, records(1), [candidate("ann")], first.memory)
    assert json.loads(second.memory) == {"ann": -1_000_000, "bob": 1_000_000}


def test_an_attribute_that_is_no_number_is_told() -> None:
    """It names the member and what to do."""
    people = [candidate("Ann", attributes=noting(weight="heavy"))]
    with pytest.raises(CannotDecide, match="The attribute 'weight' of Ann is no number"):
        handed(WEIGHTED, records(1), people, weight_attribute="weight")
