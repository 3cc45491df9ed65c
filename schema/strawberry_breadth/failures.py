"""Errors of a level are data beside its columns; here they are put into document order at the end."""

from __future__ import annotations

from typing import Any, NamedTuple

from graphql import GraphQLError

from strawberry_breadth.places import Key


class Failure(NamedTuple):
    """An error on its way to the nearest position that may be null."""

    key: Key
    error: GraphQLError


Failures = dict[int, Failure]
"""Failures by the index of the value that they take the place of."""

NONE: Failures = {}
"""No failures; never written to."""

Column = tuple[list[Any], Failures]
"""Outputs in the order of the objects, null where one failed, and the failures that null what is above them."""


class Report:
    """All errors of one operation.

    A specified server may tell of one error alone where several null the same position. This one tells of those
    that a server would have met which walks the document depth first: what comes before the error that nulled
    the position, and nothing of the position after it.
    """

    def __init__(self) -> None:
        self._found: list[Failure] = []
        self._nulled: dict[Key, Key] = {}

    @property
    def has_errors(self) -> bool:
        """Whether there is anything to be told."""
        return bool(self._found)

    def add(self, position: Key, failure: Failure) -> None:
        """The position is null because of the failure."""
        self._found.append(failure)
        if position != failure.key:
            before = self._nulled.get(position)
            self._nulled[position] = failure.key if before is None else min(before, failure.key)

    def errors(self, fatal: Failure | None = None) -> list[GraphQLError]:
        """What is to be told, in document order; `fatal` nulled the whole answer, and is not among them."""
        if fatal is not None:
            self._nulled[()] = fatal.key
        if not self._found:
            return []
        self._found.sort(key=lambda failure: failure.key)
        return [failure.error for failure in self._found if not self._covered(failure.key)]

    def _covered(self, key: Key) -> bool:
        if not self._nulled:
            return False
        causes = (self._nulled.get(key[:length]) for length in range(len(key)))
        return any(cause is not None and cause < key for cause in causes)
