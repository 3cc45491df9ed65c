from __future__ import annotations

from quotaloom_assignment.first_response import FIRST_RESPONSE
from tests.unit.plugins.handing import candidate, counts, handed, records


def test_half_the_minutes_twice_the_records() -> None:
    """Ann takes 20 minutes, Bob 40: of nine Ann gets six."""
    people = [candidate("ann", first_response_minutes=20), candidate("bob", first_response_minutes=40)]
    assert counts(handed(FIRST_RESPONSE, records(9), people)) == {"ann": 6, "bob": 3}


def test_nobody_is_better_than_at_once() -> None:
    """A minute and five are alike."""
    people = [candidate("ann", first_response_minutes=0), candidate("bob", first_response_minutes=5)]
    assert counts(handed(FIRST_RESPONSE, records(8), people)) == {"ann": 4, "bob": 4}


def test_who_had_nothing_to_answer_counts_as_the_company_says() -> None:
    """As an hour by default: a third of whoever takes 20 minutes."""
    people = [candidate("ann", first_response_minutes=20), candidate("new")]
    assert counts(handed(FIRST_RESPONSE, records(8), people)) == {"ann": 6, "new": 2}
    assert counts(handed(FIRST_RESPONSE, records(8), people, unmeasured_minutes=20)) == {"ann": 4, "new": 4}
