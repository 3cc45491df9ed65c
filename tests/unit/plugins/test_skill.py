from __future__ import annotations

from quotaloom_assignment.skill import SKILL
from tests.unit.plugins.handing import candidate, handed, noting, records, who


def test_a_record_goes_in_turn_to_those_who_can_do_all_that_it_takes() -> None:
    """German and machines: Ann and Bob can do both, Cora only one of them."""
    people = [
        candidate("ann", attributes=noting(skills="German; machines; cranes")),
        candidate("bob", attributes=noting(skills="machines，German")),
        candidate("cora", attributes=noting(skills="German")),
    ]
    given = records(3, attributes=noting(takes="german, Machines"))
    assert who(handed(SKILL, given, people, record_attribute="takes")) == ["ann", "bob", "ann"]


def test_without_an_attribute_it_is_the_product() -> None:
    """Who knows the product; a record without one is left to the next policy."""
    people = [candidate("ann", attributes=noting(skills="gtx-pro"))]
    assert who(handed(SKILL, records(1, product_key="gtx-pro"), people)) == ["ann"]
    assert who(handed(SKILL, records(1, product_key="mg-special"), people)) == [None]
    assert who(handed(SKILL, records(1), people)) == [None]
