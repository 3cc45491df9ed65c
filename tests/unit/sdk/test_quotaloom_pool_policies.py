from __future__ import annotations

from typing import Any

import pytest

from quotaloom_sdk import (
    Assignment,
    CandidateFact,
    Explanation,
    InvalidDefinition,
    InvalidResult,
    Parameters,
    PoolPolicy,
    PoolResult,
)
from quotaloom_sdk.testing import pool_request

BECAUSE = Explanation("Because.")
REQUEST = pool_request(["one", "two"], [CandidateFact("ann", "Ann", room=1), "bob"], parameters=Parameters())


def given(*pairs: tuple[str, str | None]) -> PoolResult:
    return PoolResult(assignments=tuple(Assignment(*pair) for pair in pairs), explanation=BECAUSE)


@pytest.mark.parametrize(
    "result",
    [given(("one", "ann"), ("two", "bob")), given(("one", "bob"), ("two", "bob")), given(("one", None), ("two", None))],
)
def test_records_go_to_candidates_with_room_or_to_nobody(result: PoolResult) -> None:
    """Ann has room for one, Bob for any number, and a policy may leave records to the next."""
    result.check(REQUEST)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (given(("one", "ann"), ("two", "ann")), "record 'two' is for 'ann', who has no room for it"),
        (given(("one", "zoe"), ("two", None)), "record 'one' is for 'zoe', who is no candidate"),
        (given(("one", None)), "must name the records of the request, each once and in their order"),
        (given(("two", None), ("one", None)), "must name the records of the request"),
        (given(("one", None), ("two", None), ("three", None)), "must name the records of the request"),
    ],
)
def test_assignment_beyond_the_request_is_refused(result: PoolResult, words: str) -> None:
    """A policy can hand out neither what is not in the pool, nor to others, nor above the cap."""
    with pytest.raises(InvalidResult, match=words):
        result.check(REQUEST)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"assignments": (Assignment("one", "a"), Assignment("one", "b"))}, "assignments has 'one' twice"),
        ({"assignments": None}, "assignments must be a tuple of Assignment"),
        ({"memory": b"x"}, "memory must be of type str"),
        ({"memory": "x" * 100_001}, "memory has 100001 characters"),
        ({"explanation": None}, "explanation must be of type Explanation"),
    ],
)
def test_result_that_could_not_be_stored_is_refused(changes: dict[str, Any], words: str) -> None:
    """A record comes once, memory is text of bounded length, and there is an explanation."""
    with pytest.raises(InvalidResult, match=words):
        PoolResult(**{"assignments": (), "explanation": BECAUSE, **changes})


def test_definition_checks_its_function() -> None:
    """What is to assign must be a plain function."""
    with pytest.raises(InvalidDefinition, match="assign of policy 'a' must be a function"):
        PoolPolicy(key="a", title="T", description="D.", parameters=Parameters, assign=None)  # type: ignore[arg-type] # under test
