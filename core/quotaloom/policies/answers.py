"""What a policy has answered, judged before anything is made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import TypeVar

from quotaloom.policies.weights import BadAnswer
from quotaloom_sdk import Explanation

T = TypeVar("T")

LONGEST_EXPLANATION = 262_144
"""Characters of JSON that an explanation may have; it is stored with each result."""

_DEEPEST = 64


def sound(answer: object, kind: type[T]) -> T:
    """`answer`, if it is of this very type and everything in it passes its own checks again.

    An answer that came from a worker was put together without them. Raises `BadAnswer`.
    """
    if type(answer) is not kind:
        close = getattr(answer, "close", None)
        if callable(close):  # an awaitable that nobody awaits warns
            close()
        given = "None" if answer is None else type(answer).__name__
        raise BadAnswer(f"it answered with {given}, not with {_article(kind)}")
    try:
        _check(answer, _DEEPEST)
    except BadAnswer:
        raise
    except Exception as error:
        raise BadAnswer(str(error) or type(error).__name__) from error
    explanation: object = getattr(answer, "explanation", None)
    if not isinstance(explanation, Explanation):
        raise BadAnswer(f"explanation is of type {type(explanation).__name__}, not an Explanation")
    length = len(json.dumps(explanation.to_json(), ensure_ascii=False))
    if length > LONGEST_EXPLANATION:
        raise BadAnswer(f"its explanation has {length} characters of JSON; {LONGEST_EXPLANATION} at the most")
    return answer


def _check(value: object, deeper: int) -> None:
    """Run the checks of all dataclasses in `value`, the innermost first."""
    if deeper == 0:
        raise BadAnswer(f"its answer is nested more than {_DEEPEST} deep")
    for part in _parts(value):
        _check(part, deeper - 1)
    again = getattr(value, "__post_init__", None)
    if is_dataclass(value) and callable(again):
        again()


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, tuple):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, one.name) for one in fields(value)]
    return ()


def _article(kind: type[object]) -> str:
    return f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}"
