"""Which attributes a policy asks for, found out by asking it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from quotaloom_sdk.attributes import AttributeKind, Attributes, Choice, Reference
from quotaloom_sdk.testing.conformance.values import Known

_KINDS: dict[type[object], AttributeKind] = {
    str: AttributeKind.TEXT,
    Decimal: AttributeKind.NUMBER,
    date: AttributeKind.DATE,
    Choice: AttributeKind.CHOICE,
    Reference: AttributeKind.REFERENCE,
}
_ROUNDS = 5


def wanted_attributes(ask: Callable[[Known], object]) -> tuple[tuple[str, AttributeKind], ...]:
    """What is read by key while `ask` has the policy asked with the attributes known so far, until no more come up."""
    known: dict[str, AttributeKind] = {}
    for _ in range(_ROUNDS):
        before = len(known)
        with _noted(known):
            ask(tuple(known.items()))
        if len(known) == before:
            break
    return tuple(known.items())


@contextmanager
def _noted(known: dict[str, AttributeKind]) -> Iterator[None]:
    original = Attributes._of

    def noting(self: Attributes, key: str, kind: Any) -> Any:
        if isinstance(key, str):
            known.setdefault(key, _KINDS[kind])
        return original(self, key, kind)

    Attributes._of = noting  # type: ignore[method-assign] # put back below
    try:
        yield
    finally:
        Attributes._of = original  # type: ignore[method-assign]
