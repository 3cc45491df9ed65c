"""Output of leaf values, a column at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from math import isfinite
from types import NoneType
from typing import Any, Final, TypeVar

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)
from graphql.pyutils import UndefinedType
from graphql.type.scalars import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT

Coerce = Callable[[Any], Any]
Check = Callable[[list[Any]], bool]
C = TypeVar("C", bound=Coerce)

MOST_KNOWN: Final = 1_000
"""How many values an enum is known by; custom enums may accept without end."""

FEW: Final = 10
"""So many values of an enum are looked up one by one."""


def passes_text(serialize: C) -> C:
    """Mark the serializer of a scalar: a `str` is its own output, so that SQL can give it ready."""
    serialize.passes_text = True  # type: ignore[attr-defined]
    return serialize


class LeafColumn:
    """How a column of one leaf type is written."""

    __slots__ = ("_check", "_known", "_ready_kinds", "coerces")

    def __init__(self, leaf: GraphQLLeafType) -> None:
        self.coerces: Coerce = leaf.coerce_output_value
        self._ready_kinds, self._check = _ready(leaf)
        self._known: dict[tuple[type, Hashable], Any] | None = {} if isinstance(leaf, GraphQLEnumType) else None

    def written(self, kinds: set[type], values: list[Any]) -> list[Any] | None:
        """The outputs, null for null; None where one of the values has none. Raises what a serializer raises.

        `kinds` are the types of the values.
        """
        if kinds <= self._ready_kinds and (self._check is None or self._check(values)):
            return values
        if self._known is not None and len(kinds - {NoneType}) == 1:
            outputs = self._named(kinds, values)
        elif NoneType in kinds:
            outputs = [None if value is None else self.coerces(value) for value in values]
        else:
            outputs = list(map(self.coerces, values))
        written = set(map(type, outputs))
        if UndefinedType in written or (NoneType in written and outputs.count(None) != values.count(None)):
            return None
        return outputs

    def _named(self, kinds: set[type], values: list[Any]) -> list[Any]:
        """Outputs of an enum: a name is looked up once for each value there is."""
        known = self._known
        assert known is not None
        if len(kinds) == 1 and len(values) <= FEW:
            (kind,) = kinds
            few = [known.get((kind, value)) for value in values]
            if None not in few:
                return few
        (kind,) = kinds - {NoneType}
        names: dict[Any, Any] = {None: None}
        for value in set(values):
            if value is not None:
                name = known.get((kind, value))
                if name is None:
                    name = self.coerces(value)
                    if name is not None and len(known) < MOST_KNOWN:
                        known[kind, value] = name
                names[value] = name
        return [names[value] for value in values]


def _ready(leaf: GraphQLLeafType) -> tuple[frozenset[type], Check | None]:
    """The types of values that are their own output, and what else must hold of them."""
    coerce = leaf.coerce_output_value
    for known, kind, check in _SPECIFIED:
        if coerce is known.coerce_output_value:
            return frozenset((kind, NoneType)), check
    if coerce is str or getattr(coerce, "passes_text", False):
        return frozenset((str, NoneType)), None
    return frozenset(), None


def _small(values: list[Any]) -> bool:
    present = [value for value in values if value is not None]
    return not present or (min(present) >= GRAPHQL_MIN_INT and max(present) <= GRAPHQL_MAX_INT)


def _finite(values: list[Any]) -> bool:
    return all(value is None or isfinite(value) for value in values)


_SPECIFIED: Final[tuple[tuple[Any, type, Check | None], ...]] = (
    (GraphQLString, str, None),
    (GraphQLID, str, None),
    (GraphQLBoolean, bool, None),
    (GraphQLInt, int, _small),
    (GraphQLFloat, float, _finite),
)
