from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from quotaloom_assignment.candidates import AssignmentParameters
from quotaloom_assignment.round_robin import ROUND_ROBIN
from quotaloom_sdk import Absence, CandidateFact
from quotaloom_sdk.testing import pool_request
from tests.unit.plugins.handing import candidate, handed, records, who


def test_everybody_in_turn() -> None:
    """Who never had one comes first, in the order of the list; then who waits longest."""
    ann, bob, cora = candidate("ann", last_turn=7), candidate("bob"), candidate("cora", last_turn=3)
    assert who(handed(ROUND_ROBIN, records(5), [ann, bob, cora])) == ["bob", "cora", "ann", "bob", "cora"]


def test_a_day_goes_on_where_the_last_one_stopped() -> None:
    """Two records a day among three come to the same as six at once."""
    turns: dict[str, int | None] = dict.fromkeys(("ann", "bob", "cora"))
    got: list[str | None] = []
    for _ in range(3):
        people = [candidate(name, last_turn=turn) for name, turn in turns.items()]
        for chosen in who(handed(ROUND_ROBIN, records(2), people)):
            got.append(chosen)
            assert chosen is not None
            turns[chosen] = len(got)
    assert got == ["ann", "bob", "cora", "ann", "bob", "cora"]


def test_fair_over_absences() -> None:
    """Worked example 13: 30 a day for 10 days, C away on the first 7: 135, 135 and 30, and no flood."""
    first = date(2026, 3, 2)
    away = (Absence(first, first + timedelta(days=7)),)
    people: list[CandidateFact] = [candidate("a"), candidate("b"), candidate("c", absences=away)]
    total: Counter[str | None] = Counter()
    turn = 0
    for day in range(10):
        request = replace(
            pool_request(records(30), people, parameters=AssignmentParameters()), today=first + timedelta(days=day)
        )
        given = who(ROUND_ROBIN.assign(request))
        for chosen in given:
            turn += 1
            people = [replace(one, last_turn=turn) if one.member_id == chosen else one for one in people]
        if day == 7:
            assert Counter(given) == {"a": 10, "b": 10, "c": 10}
        total.update(given)
    assert total == {"a": 135, "b": 135, "c": 30}


def test_nobody_gets_more_than_he_has_room_for() -> None:
    """What is left goes to the others, and at last to nobody, for the next policy to decide."""
    people = [candidate("ann", room=1), candidate("bob", room=2), candidate("cora", room=0)]
    assert who(handed(ROUND_ROBIN, records(4), people)) == ["ann", "bob", "bob", None]


def test_working_hours_count_where_the_company_says_so() -> None:
    """Who does not work at this hour is left out, and so is who has no hours noted."""
    people = [candidate("ann", working=False), candidate("bob", working=True), candidate("cora")]
    assert who(handed(ROUND_ROBIN, records(2), people, only_in_working_hours=True)) == ["bob", "bob"]
    assert who(handed(ROUND_ROBIN, records(2), people)) == ["ann", "bob"]


def test_it_tells_what_everybody_got() -> None:
    """In the order of the list, and what is left."""
    result = handed(ROUND_ROBIN, records(4), [candidate("Ann", room=1), candidate("Bob", room=2)])
    assert [item.text for item in result.explanation.items] == [
        "Ann got 1.",
        "Bob got 2.",
        "1 left to the next policy.",
    ]
    assert result.assignments[0].reason == "It was your turn."
