"""How a field gets its values from the objects of a column, where no resolver has to be called for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Protocol

from graphql import GraphQLResolveInfo, GraphQLSchema

from strawberry_breadth.arriving import Arrival
from strawberry_breadth.gathering import Gathering
from strawberry_breadth.strands import Pause
from strawberry_breadth.tables import is_table
from strawberry_breadth.texts import Texts


class Reader(Protocol):
    """Values of a field that follow from the objects alone."""

    columns: frozenset[str] | None
    """What it reads of an object; None where that is not known."""

    def all(self, sources: Sequence[Any]) -> list[Any] | None:
        """The value of each object, in their order; None where a resolver has to be called after all.

        Raises whatever one of them raises; they are then read one by one.
        """
        ...

    def one(self, source: Any) -> Any:
        """The value of one object."""
        ...


class Constant:
    """The same text for every object, as `__typename` is, which GraphQL's grammar keeps plain."""

    __slots__ = ("_value",)
    columns: frozenset[str] | None = frozenset()

    def __init__(self, value: str) -> None:
        self._value = value

    def all(self, sources: Sequence[Any]) -> list[Any]:
        """The value, as often as there are objects."""
        return Texts([self._value] * len(sources))

    def one(self, source: Any) -> Any:
        """The value."""
        return self._value


def column_of(sources: Sequence[Any], name: str) -> list[Any]:
    """The item of this name of each object; the list is not to be changed."""
    return sources.column(name) if is_table(sources) else list(map(itemgetter(name), sources))


class Item:
    """`source[name]`."""

    __slots__ = ("_get", "_name", "columns")

    def __init__(self, name: str) -> None:
        self._name = name
        self._get = itemgetter(name)
        self.columns: frozenset[str] | None = frozenset((name,))

    def all(self, sources: Sequence[Any]) -> list[Any]:
        """The item of each."""
        return sources.column(self._name) if is_table(sources) else list(map(self._get, sources))

    def one(self, source: Any) -> Any:
        """The item."""
        return self._get(source)


class Called:
    """A function of each object that needs nothing else; `columns` are what it reads of one, None for all."""

    __slots__ = ("_call", "columns")

    def __init__(self, call: Callable[[Any], Any], columns: frozenset[str] | None = None) -> None:
        self._call = call
        self.columns = columns

    def all(self, sources: Sequence[Any]) -> list[Any]:
        """What it gives for each."""
        return list(map(self._call, sources))

    def one(self, source: Any) -> Any:
        """What it gives for one."""
        return self._call(source)


class Computed:
    """A function of one item of each object; null stays null."""

    __slots__ = ("_compute", "_get", "_of", "columns")

    def __init__(self, compute: Callable[[Any], Any], of: str) -> None:
        self._compute = compute
        self._of = of
        self._get = itemgetter(of)
        self.columns: frozenset[str] | None = frozenset((of,))

    def all(self, sources: Sequence[Any]) -> list[Any]:
        """The function of the item of each."""
        compute = self._compute
        values = sources.column(self._of) if is_table(sources) else map(self._get, sources)
        return [None if value is None else compute(value) for value in values]

    def one(self, source: Any) -> Any:
        """The function of the item."""
        value = self._get(source)
        return None if value is None else self._compute(value)


class Default:
    """As graphql-core's `default_field_resolver`: an item of a mapping, else an attribute, called where it can be."""

    __slots__ = ("_name",)
    columns: frozenset[str] | None = None

    def __init__(self, name: str) -> None:
        self._name = name

    def all(self, sources: Sequence[Any]) -> list[Any] | None:
        """The item or attribute of each; None where one may have to be called with the request's info."""
        values = [self.one(source) for source in sources]
        return None if any(map(_may_be_called, set(map(type, values)))) else values

    def one(self, source: Any) -> Any:
        """The item or attribute."""
        return source.get(self._name) if isinstance(source, Mapping) else getattr(source, self._name, None)


def _may_be_called(kind: type) -> bool:
    return kind not in _VALUES and any("__call__" in base.__dict__ for base in kind.__mro__)


_VALUES = frozenset((str, int, float, bool, type(None), list, tuple, dict))


class Asking(Protocol):
    """An operation that asks for a relation at one place."""

    @property
    def context(self) -> Any:
        """The context of the operation."""
        ...

    @property
    def schema(self) -> GraphQLSchema:
        """The schema that it is executed in."""
        ...

    @property
    def info(self) -> GraphQLResolveInfo[Any]:
        """What a resolver would be told, of the first object; worked out for whoever looks at it."""
        ...


class BatchReader(Protocol):
    """A relation that is read for all objects of a level at once."""

    columns: frozenset[str] | None
    """What it reads of an object; None where it is given whole objects."""

    pause: Pause
    """When it is read: in its turn with its siblings, beside them, or last."""

    def converted(self, arguments: dict[str, Any], asking: Asking) -> dict[str, Any]:
        """The field's arguments as `read` takes them; kept with the document where they do not vary."""
        ...

    def read(
        self,
        sources: Sequence[Any],
        asking: Asking,
        arguments: dict[str, Any],
        asked: frozenset[str] | None,
        gathering: Gathering,
    ) -> Awaitable[list[Any] | Arrival] | None:
        """The value of each object, in their order, or how they arrive; None where there is nothing to ask.

        An exception as a value is the error of that object; a raised one is everybody's. `asked` are the columns
        that the operation reads of the rows; None stands for all. In `gathering` it may wait for other levels.
        """
        ...

    def nothing(self, sources: Sequence[Any]) -> list[Any]:
        """The values where `read` had nothing to ask."""
        ...
