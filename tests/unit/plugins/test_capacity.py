from __future__ import annotations

from decimal import Decimal

from quotaloom_assignment.capacity import CAPACITY
from quotaloom_sdk import Load
from tests.unit.plugins.handing import candidate, counts, handed, noting, records, who


def load(leads: int, customers: int = 0, opportunities: int = 0) -> Load:
    return Load(members=1, customers=customers, leads=leads, opportunities=opportunities, open_amount=0)


def test_whoever_can_carry_the_most_more_is_next() -> None:
    """Ann carries 8 of 10, Bob 5 of 10: Bob's five are down to two before Ann gets one."""
    people = [candidate("ann", load=load(8)), candidate("bob", load=load(5))]
    assert who(handed(CAPACITY, records(4), people, capacity=10)) == ["bob", "bob", "bob", "ann"]


def test_nobody_gets_more_than_he_can_carry() -> None:
    """What nobody can carry is left to the next policy."""
    people = [candidate("ann", load=load(9)), candidate("bob", load=load(12))]
    assert who(handed(CAPACITY, records(2), people, capacity=10)) == ["ann", None]


def test_a_member_may_carry_as_much_as_is_noted_of_him() -> None:
    """Ann can carry 3, the others 1; two and a half are two."""
    people = [candidate("ann", attributes=noting(room=Decimal("2.5"))), candidate("bob")]
    assert counts(handed(CAPACITY, records(4), people, capacity=1, capacity_attribute="room")) == {
        "ann": 2,
        "bob": 1,
        None: 1,
    }


def test_what_is_counted_may_be_chosen() -> None:
    """Ann has a lead, two customers and three deals."""
    people = [candidate("ann", load=load(1, customers=2, opportunities=3))]
    for counted, left in {"leads": 5, "customers": 4, "opportunities": 3, "everything": 0}.items():
        got = counts(handed(CAPACITY, records(6), people, capacity=6, counted=counted))
        assert got.get("ann", 0) == left
