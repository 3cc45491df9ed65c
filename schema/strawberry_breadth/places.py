"""Where the values of a column stand in the response.

A column holds the values of one field, or of the items of its lists, for all parents at once. Paths and keys are
worked out only for a value that needs one: an error, or a resolver that is asked for one object.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Protocol

from graphql.pyutils import Path

Key = tuple[int, ...]
"""A position in document order: the place of a field among its siblings, or of an item in its list, from the root."""


class Place(Protocol):
    """The positions of one column."""

    def path(self, index: int) -> Path | None:
        """The response path of a value; None stands for the root."""
        ...

    def key(self, index: int) -> Key:
        """The position of a value in document order."""
        ...


class Root:
    """The root of the response, a column of one value."""

    __slots__ = ()

    def path(self, index: int) -> None:
        """The root has no path."""
        return

    def key(self, index: int) -> Key:
        """What every key begins with."""
        return ()


class FieldPlace:
    """A field of each object of a column."""

    __slots__ = ("above", "name", "ordinal", "type_name")

    def __init__(self, above: Place, name: str, ordinal: int, type_name: str) -> None:
        self.above = above
        self.name = name
        self.ordinal = ordinal
        self.type_name = type_name

    def path(self, index: int) -> Path:
        """The object's path, and the field's name in the response."""
        return Path(self.above.path(index), self.name, self.type_name)

    def key(self, index: int) -> Key:
        """The object's key, and which of the fields it is."""
        return (*self.above.key(index), self.ordinal)


class Items:
    """The items of all lists of a column, one list after the other."""

    __slots__ = ("_above", "_ends")

    def __init__(self, above: Place, counts: Sequence[int]) -> None:
        self._above = above
        self._ends = list(accumulate(counts))

    def owner(self, index: int) -> tuple[int, int]:
        """Which list the item belongs to, and which item of it it is."""
        owner = bisect_right(self._ends, index)
        return owner, index - (self._ends[owner - 1] if owner else 0)

    def path(self, index: int) -> Path:
        """The list's path, and the item's index."""
        owner, position = self.owner(index)
        return Path(self._above.path(owner), position, None)

    def key(self, index: int) -> Key:
        """The list's key, and the item's index."""
        owner, position = self.owner(index)
        return (*self._above.key(owner), position)


class Part:
    """Some of a column's values."""

    __slots__ = ("_above", "_indices")

    def __init__(self, above: Place, indices: Sequence[int]) -> None:
        self._above = above
        self._indices = indices

    def path(self, index: int) -> Path | None:
        """The path of the same value in the whole column."""
        return self._above.path(self._indices[index])

    def key(self, index: int) -> Key:
        """The key of the same value in the whole column."""
        return self._above.key(self._indices[index])
