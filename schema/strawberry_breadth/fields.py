"""Fields that are resolved for many parents at once.

An author names a loader, the key column of the parent and the grouping column of the rows, and writes only
the read. Until the breadth-first executor takes the fields over, a loader of Strawberry's gathers the parents
of one level; either way a field costs one call of its loader per level.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Hashable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from strawberry import Info
from strawberry.annotation import StrawberryAnnotation
from strawberry.dataloader import DataLoader
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

Load = Callable[..., Awaitable[Iterable[Any]]]


class BatchingContext(Protocol):
    """What batch fields need of a request's context: a place for the loaders of this request."""

    batches: MutableMapping[Hashable, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """A relation, declared once: how rows are loaded and how they find their parents.

    `load(keys, info, **arguments)` returns rows in the order in which each parent shall list its own; `key`
    is read from the parent, `by` from the row. Without `by` the loader is given the parents themselves and
    returns one result for each, in their order; an exception as a result is that parent's error.
    """

    load: Load
    key: str | None
    by: str | None
    one: bool

    async def results(self, keys: Sequence[Any], info: Info, arguments: dict[str, Any]) -> list[Any]:
        """One result per key, in the order of the keys."""
        found = await self.load(keys, info, **arguments)
        if self.by is None:
            ordered = list(found)
            if len(ordered) != len(keys):
                raise ValueError(f"{self.load.__name__} returned {len(ordered)} results for {len(keys)} parents")
            return ordered
        if self.one:
            by_key = {row[self.by]: row for row in found}
            return [by_key.get(key) for key in keys]
        groups: dict[Any, list[Any]] = {key: [] for key in keys}
        for row in found:
            groups[row[self.by]].append(row)
        return [groups[key] for key in keys]


class BatchField(StrawberryField):
    """A Strawberry field whose resolver takes all parents of a level at once."""

    batch: Batch

    def __copy__(self) -> BatchField:
        copied = super().__copy__()
        copied.batch = self.batch
        return copied

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        """What the loader of this field and level has for one parent, as an awaitable."""
        if info is None:
            raise TypeError("a batch field needs the request's info")
        batch = self.batch
        arguments = {name: value for name, value in kwargs.items() if name != "info"}
        key = source if batch.key is None else source[batch.key]
        if key is None:
            return None if batch.one else []
        return _loader(batch, info, arguments).load(key)


class ColumnField(StrawberryField):
    """A Strawberry field that is a function of one column of its parent."""

    column: str
    compute: Callable[[Any], Any]

    def __copy__(self) -> ColumnField:
        copied = super().__copy__()
        copied.column, copied.compute = self.column, self.compute
        return copied

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        """The function of the parent's column; null stays null."""
        value = source[self.column]
        return None if value is None else self.compute(value)


def batch(
    load: Load,
    *,
    key: str | None = None,
    by: str | None = None,
    one: bool = False,
    description: str,
    deprecation_reason: str | None = None,
) -> Any:
    """A relation that costs one call of `load` per level; its GraphQL arguments are those of `load` after `info`.

    With `one` a parent has one row or none, otherwise a list. A parent whose key is null has none.
    """
    field = BatchField(
        base_resolver=StrawberryResolver(_signature_of(load)),
        description=description,
        deprecation_reason=deprecation_reason,
    )
    field.batch = Batch(load, key, by, one)
    return field


def column(compute: Callable[[Any], Any], *, of: str, description: str) -> Any:
    """A field computed from one column of its parent; null stays null."""
    field = ColumnField(description=description)
    field.column, field.compute = of, compute
    return field


def attached(field: StrawberryField, name: str, annotation: Any) -> StrawberryField:
    """The field under a name (in snake_case) and a type that only the running program knows."""
    field.python_name = name
    field.type_annotation = StrawberryAnnotation(annotation)
    return field


def _signature_of(load: Load) -> Callable[..., Any]:
    """A resolver with the loader's arguments but for the first, the keys; only its signature is used."""

    def resolver(**_: Any) -> None:
        raise AssertionError("a batch field is resolved by its loader")

    parameters = list(inspect.signature(load).parameters.values())[1:]
    resolver.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # as inspect reads it
    resolver.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    resolver.__module__, resolver.__name__ = load.__module__, load.__name__
    return resolver


def _loader(batch: Batch, info: Info, arguments: dict[str, Any]) -> DataLoader[Any, Any]:
    batches: MutableMapping[Hashable, Any] = cast(BatchingContext, info.context).batches
    place = (id(batch), _response_names(info))
    loader = batches.get(place)
    if loader is None:

        async def load(keys: list[Any]) -> list[Any]:
            try:
                return await batch.results(keys, info, arguments)
            except Exception:
                raise
            except BaseException as error:  # Strawberry's loader would leave everybody waiting for ever
                raise RuntimeError(f"{batch.load.__name__} ended with {type(error).__name__}") from error

        identity = id if batch.key is None else None
        loader = batches[place] = DataLoader(load_fn=load, cache_key_fn=identity)
    return cast("DataLoader[Any, Any]", loader)


def _response_names(info: Info) -> tuple[str, ...]:
    names: list[str] = []
    path: Any = info.path
    while path is not None:
        if isinstance(path.key, str):
            names.append(path.key)
        path = path.prev
    return tuple(names)
