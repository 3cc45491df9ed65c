"""What a case shows of a policy."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from quotaloom_sdk.errors import InvalidResult, Negative, NotFinite, WrongLength, WrongType
from quotaloom_sdk.testing.conformance.calling import told
from quotaloom_sdk.testing.conformance.findings import Finding, FindingKind
from quotaloom_sdk.texts import words_of

_FINAL = frozenset({FindingKind.TOO_SLOW, FindingKind.TOO_MUCH_MEMORY})


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """A finding in the making; `where` tells apart those of one kind that have different causes."""

    kind: FindingKind
    message: str
    sample: str
    where: str = ""

    @property
    def key(self) -> Hashable:
        """What it is, whatever the case."""
        return self.kind, self.where

    @property
    def size(self) -> int:
        """How big the case is."""
        return len(self.sample)

    @property
    def final(self) -> bool:
        """Whether more of it would cost too much."""
        return self.kind in _FINAL

    def finding(self, policy: str) -> Finding:
        """The finding for people."""
        return Finding(policy, self.kind, self.message, self.sample)


def fault_of(error: BaseException, sample: str) -> PolicyFault:
    """The fault that an answer that is refused, or an exception, stands for."""
    match error:
        case NotFinite():
            return PolicyFault(FindingKind.NOT_FINITE, words_of(error), sample)
        case Negative():
            return PolicyFault(FindingKind.NEGATIVE, words_of(error), sample)
        case WrongLength():
            return PolicyFault(FindingKind.WRONG_LENGTH, words_of(error), sample)
        case WrongType():
            return PolicyFault(FindingKind.WRONG_TYPE, words_of(error), sample)
        case InvalidResult():
            return PolicyFault(FindingKind.WRONG_ANSWER, words_of(error), sample)
        case MemoryError():
            return PolicyFault(FindingKind.TOO_MUCH_MEMORY, "it wanted more memory than it may have", sample)
        case _:
            words = told(error)
            return PolicyFault(FindingKind.EXCEPTION, f"it raised {words}", sample, _cause(error))


def refused(error: Exception) -> InvalidResult:
    """What judging an answer raised, as a refusal of the answer."""
    if isinstance(error, InvalidResult):
        return error
    return InvalidResult(f"it cannot be checked: {type(error).__name__}: {words_of(error)}")


def _cause(error: BaseException) -> str:
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return f"{type(error).__name__} {None if step is None else step.tb_lineno}"
