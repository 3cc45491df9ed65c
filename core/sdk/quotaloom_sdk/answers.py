"""What a policy has answered, judged before anything is made of it: by the product, and by the conformance kit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from quotaloom_sdk.allocation import AllocationResult, AllocationRule
from quotaloom_sdk.crediting import CreditingResult, CreditingRule
from quotaloom_sdk.errors import InvalidResult, WrongType
from quotaloom_sdk.explanations import Explanation, require_explanation
from quotaloom_sdk.gating import GateResult, StageGate
from quotaloom_sdk.incentives import IncentiveResult, IncentiveRule
from quotaloom_sdk.listening import EventListener
from quotaloom_sdk.policies import PolicyDefinition
from quotaloom_sdk.pooling import PoolPolicy, PoolResult
from quotaloom_sdk.reviewing import ReviewResult, ReviewScorer
from quotaloom_sdk.texts import words_of

T = TypeVar("T")

_DEEPEST = 64
_MOST_PARTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """How policies of a kind are asked: the `function` of the definition, and the type of its answer."""

    function: str
    answer: type[Any]


ASKED: Mapping[type[PolicyDefinition], Asked] = MappingProxyType(
    {
        AllocationRule: Asked("allocate", AllocationResult),
        CreditingRule: Asked("credit", CreditingResult),
        IncentiveRule: Asked("reward", IncentiveResult),
        PoolPolicy: Asked("assign", PoolResult),
        StageGate: Asked("examine", GateResult),
        ReviewScorer: Asked("score", ReviewResult),
        EventListener: Asked("listen", type(None)),
    }
)
"""Each kind of definition that has a function of one request; additions to the graph have fields instead."""


def asked(definition: PolicyDefinition) -> Asked:
    """How this definition is asked. Raises `KeyError` for an addition to the graph."""
    for kind, way in ASKED.items():
        if isinstance(definition, kind):
            return way
    raise KeyError(definition.kind)


def judged(answer: object, kind: type[T], request: object) -> T:
    """`answer`, if it is sound and fits the request. Raises `InvalidResult`."""
    result = sound(answer, kind)
    check = getattr(result, "check", None)
    if callable(check):
        with refusing():
            check(request)
    return result


@contextmanager
def refusing() -> Iterator[None]:
    """Whatever a check stumbles over is `InvalidResult`: an answer of a worker may be put together in any way."""
    try:
        yield
    except InvalidResult:
        raise
    except Exception as error:
        raise InvalidResult(f"it cannot be checked: {type(error).__name__}: {words_of(error)}") from error


def sound(answer: object, kind: type[T]) -> T:
    """`answer`, if it is of this very type and everything in it passes its own checks again.

    An answer that came from a worker was put together without them. Raises `InvalidResult`.
    """
    if type(answer) is not kind:
        close = getattr(answer, "close", None)
        if callable(close):  # an awaitable that nobody awaits warns
            close()
        given = "None" if answer is None else type(answer).__name__
        raise WrongType(f"it answered with {given}, not with {_article(kind)}")
    if kind is not type(None):
        _require_sound(answer)
    return answer


def _require_sound(answer: object) -> None:
    with refusing():
        explanation: object = getattr(answer, "explanation", None)
        if not isinstance(explanation, Explanation):
            raise WrongType(f"explanation is of type {type(explanation).__name__}, not an Explanation")
        _Soundness().check(answer, _DEEPEST)


class _Soundness:
    """The checks of all dataclasses in an answer, which may hold the same part any number of times."""

    def __init__(self) -> None:
        self._left = _MOST_PARTS

    def check(self, value: object, deeper: int) -> None:
        """Run the checks of all dataclasses in `value`, the innermost first."""
        if deeper == 0:
            raise InvalidResult(f"its answer is nested more than {_DEEPEST} deep")
        self._left -= 1
        if self._left < 0:
            raise InvalidResult(f"its answer has more than {_MOST_PARTS:,} parts")
        if isinstance(value, Explanation):
            require_explanation("its explanation", value)
            return
        for part in _parts(value):
            self.check(part, deeper - 1)
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
    if kind is type(None):
        return "None"
    return f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}"
