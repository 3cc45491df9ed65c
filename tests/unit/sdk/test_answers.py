from __future__ import annotations

import pickle
import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from quotaloom_sdk import AllocationResult, Explanation, InvalidResult
from quotaloom_sdk.answers import sound
from quotaloom_sdk.explanations import LONGEST_EXPLANATION


def unchecked(text: object, values: object = (), items: object = ()) -> Any:
    """An explanation put together as a worker's answer is: without its checks."""
    made: Any = object.__new__(Explanation)
    for name, value in (("text", text), ("values", values), ("items", items)):
        object.__setattr__(made, name, value)
    return pickle.loads(pickle.dumps(made))


def doubled(times: int) -> Explanation:
    """A tree of 2 ** times leaves that takes next to no memory."""
    tree = Explanation("x")
    for _ in range(times):
        tree = Explanation("x", (), (tree, tree))
    return tree


def nested(times: int) -> Explanation:
    tree = Explanation("x")
    for _ in range(times):
        tree = Explanation("x", (), (tree,))
    return tree


@pytest.mark.parametrize(
    ("explanation", "words"),
    [
        (unchecked("x", (("v", Decimal("1e999999999")),)), "the value 'v' has too many digits"),
        (unchecked("x", (("v", Decimal("1." + "1" * 200_000)),)), "the value 'v' has too many digits"),
        (unchecked("x", (("v", 10**5000),)), "the value 'v' has too many digits"),
        (unchecked("x", (("v", Fraction(10**5000, 3)),)), "the value 'v' has too many digits"),
        (unchecked("x", (("v", ["y" * 10] * 1_000_000),)), "must be text, a whole number, Decimal or Fraction"),
        (unchecked(3), "the text of an explanation must be a string, not 3"),
        (unchecked("x" * 300_000), "its explanation has more than 262144 characters of JSON"),
        (unchecked('"' * 200_000), "its explanation has more than 262144 characters of JSON"),
        (doubled(55), "its explanation has more than 262144 characters of JSON"),
        (nested(61), "its explanation is nested more than 60 deep"),
        (nested(900), "its explanation is nested more than 60 deep"),
    ],
    ids=range(11),
)
def test_explanation_that_would_not_end_is_refused_at_once(explanation: Explanation, words: str) -> None:
    """Its size is known before any of it is written, however it was put together; and the message is short."""
    began = time.monotonic()
    answer = unchecked_answer(explanation)
    with pytest.raises(InvalidResult) as refused:
        sound(answer, AllocationResult)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 400
    assert time.monotonic() - began < 2


def unchecked_answer(explanation: object, **changes: object) -> AllocationResult:
    answer = AllocationResult(explanation=Explanation("x"))
    for name, value in {"explanation": explanation, **changes}.items():
        object.__setattr__(answer, name, value)
    return answer


def test_explanation_of_the_greatest_length_is_sound() -> None:
    """Text of one character per character, up to the limit with all that JSON adds."""
    around = len('{"text": "", "values": [], "items": []}')
    longest = Explanation("x" * (LONGEST_EXPLANATION - around))
    assert sound(unchecked_answer(longest), AllocationResult).explanation is longest
    with pytest.raises(InvalidResult, match="more than 262144"):
        sound(unchecked_answer(Explanation(longest.text + "x")), AllocationResult)


def test_answer_that_holds_one_part_over_and_over_is_refused() -> None:
    """Tuples of tuples of tuples, which take no memory, are not counted to their end."""
    parts: Any = (1,)
    for _ in range(40):
        parts = (parts, parts)
    with pytest.raises(InvalidResult, match="more than 1,000,000 parts"):
        sound(unchecked_answer(Explanation("x"), children=parts), AllocationResult)


def test_whatever_a_check_stumbles_over_is_the_answers_fault() -> None:
    """Parts that are of the right type and lack their insides, as an answer of a worker may have."""
    hollow: Any = object.__new__(Explanation)
    with pytest.raises(InvalidResult, match="it cannot be checked: AttributeError"):
        sound(unchecked_answer(hollow), AllocationResult)
