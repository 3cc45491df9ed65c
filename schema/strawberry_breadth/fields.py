"""Fields that are resolved for many parents at once.

An author names a loader, the key column of the parent and the grouping column of the rows, and writes only
the read. The breadth-first executor calls it once per level; under another executor a loader of Strawberry's
gathers the parents of one level, so that either way a field costs one call of its loader per level.
"""

from __future__ import annotations

import inspect
from asyncio import shield
from collections.abc import Awaitable, Callable, Hashable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol, TypeVar, cast

from graphql import GraphQLResolveInfo
from strawberry import Info
from strawberry.annotation import StrawberryAnnotation
from strawberry.dataloader import DataLoader
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from strawberry_breadth.arriving import Arrival, Arriving, Pieces
from strawberry_breadth.gathering import Gathering, Results
from strawberry_breadth.readers import Asking, column_of
from strawberry_breadth.strands import Pause
from strawberry_breadth.tables import is_table

Load = Callable[..., Awaitable[Iterable[Any] | Pieces]]
F = TypeVar("F", bound=Callable[..., bool])


class BatchingContext(Protocol):
    """What batch fields need of a request's context: a place for the loaders of this request."""

    batches: MutableMapping[Hashable, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """A relation, declared once: how rows are loaded and how they find their parents.

    `load(keys, info, **arguments)` returns rows in the order in which each parent shall list its own; `key`
    is read from the parent, `by` from the row. Without `by` the loader returns one result for each key, in
    their order; an exception as a result is that parent's error. Without `key` it is given the parents
    themselves, and `reads` names the columns that it wants of them.
    """

    load: Load
    key: str | None
    by: str | None
    one: bool
    reads: frozenset[str] | None = None
    in_turn: bool = True
    whole: bool = False
    across: bool = False

    async def results(self, keys: Sequence[Any], info: Info, arguments: dict[str, Any]) -> list[Any]:
        """One result per key, in the order of the keys."""
        found = await self.load(keys, info, **arguments)
        return await self._of_pieces(found, keys) if isinstance(found, Pieces) else self.grouped(found, keys)

    async def arriving(
        self, keys: Sequence[Any], info: Info, arguments: dict[str, Any], gathering: Gathering
    ) -> Arriving | list[Any]:
        """The same, or where the results arrive if the loader reads them in pieces."""
        found = await self.load(keys, info, **arguments)
        if isinstance(found, Pieces) and len(found.parts) > 1:
            return gathering.begin(Arriving(found, self.grouped))
        return await self._of_pieces(found, keys) if isinstance(found, Pieces) else self.grouped(found, keys)

    async def _of_pieces(self, found: Pieces, keys: Sequence[Any]) -> list[Any]:
        results = await found.results(self.grouped)
        return [results[key] if key in results else self.nothing() for key in keys]

    def nothing(self) -> Any:
        """The result of a key that has no rows."""
        return None if self.one else []

    def grouped(self, found: Iterable[Any], keys: Sequence[Any]) -> list[Any]:
        """One result per key, in the order of the keys, out of what the loader found for all of them."""
        if self.by is None:
            ordered = list(found)
            if len(ordered) != len(keys):
                raise ValueError(f"{self.load.__name__} returned {len(ordered)} results for {len(keys)} parents")
            return ordered
        if is_table(found):
            grouped = found.grouped(self.by, keys)
            return [rows[0] if rows else None for rows in grouped] if self.one else list(grouped)
        if self.one:
            by_key = {row[self.by]: row for row in found}
            return [by_key.get(key) for key in keys]
        groups: dict[Any, list[Any]] = {key: [] for key in keys}
        for key, rows in groupby(found, itemgetter(self.by)):
            groups[key] += rows
        return [groups[key] for key in keys]


class BatchField(StrawberryField):
    """A Strawberry field whose resolver takes all parents of a level at once.

    It takes no permission classes and no field extensions, which would be asked once for each parent.
    """

    batch: Batch

    def reader(self) -> BatchFieldReader:
        """How the breadth-first executor reads it; raises `TypeError` where something else has a say in it."""
        if self.extensions:
            raise TypeError(
                f"batch field {self.python_name!r} has permission classes or field extensions, which would be asked"
                " once for each parent: let its loader check instead"
            )
        return BatchFieldReader(self)

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
        if key is None and batch.key is not None:
            return None if batch.one else []
        # Others may wait for the same key, while graphql-core cancels what one of them has no use for any more.
        return shield(_loader(batch, info, arguments).load(key))


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


class BatchFieldReader:
    """A batch field as the breadth-first executor reads it."""

    __slots__ = ("_batch", "_field", "columns", "pause")

    def __init__(self, field: BatchField) -> None:
        self._field, self._batch = field, field.batch
        self.columns = field.batch.reads if field.batch.key is None else frozenset((field.batch.key,))
        self.pause = Pause.LAST if field.batch.across else Pause.IN_TURN if field.batch.in_turn else Pause.BESIDE

    def converted(self, arguments: dict[str, Any], asking: Asking) -> dict[str, Any]:
        """The arguments as the loader takes them."""
        schema = _schema_of(asking)
        registry = schema.schema_converter.scalar_registry
        field = self._field
        return convert_arguments(arguments, field.arguments, registry, schema.config, self._info(asking, None))

    def read(
        self,
        sources: Sequence[Any],
        asking: Asking,
        arguments: dict[str, Any],
        asked: frozenset[str] | None,
        gathering: Gathering,
    ) -> Awaitable[list[Any] | Arrival] | None:
        """The rows of each parent; the loader is asked for each key once."""
        batch = self._batch
        if batch.whole:
            asked = None
        elif batch.by is not None and asked is not None:
            asked |= {batch.by}
        if batch.key is None:
            parents = list(sources) if is_table(sources) else sources  # whose rows are made when looked at
            return batch.results(parents, self._info(asking, asked), arguments)
        keys = column_of(sources, batch.key)
        distinct = dict.fromkeys(keys)
        distinct.pop(None, None)
        if not distinct:
            return None
        if batch.across:
            return self._across(keys, distinct, self._info(asking, asked), arguments, gathering)
        return self._of_keys(keys, list(distinct), self._info(asking, asked), arguments, gathering)

    def nothing(self, sources: Sequence[Any]) -> list[Any]:
        """Null or an empty list for each: none of them has a key."""
        return [self._batch.nothing()] * len(sources)

    async def _of_keys(
        self, keys: Sequence[Any], distinct: list[Any], info: Info, arguments: dict[str, Any], gathering: Gathering
    ) -> list[Any] | Arrival:
        results = await self._batch.arriving(distinct, info, arguments, gathering)
        if isinstance(results, list) and len(distinct) == len(keys):
            return results
        return self._of_each(keys, _by_key(distinct, results))

    def _across(
        self, keys: Sequence[Any], distinct: Iterable[Any], info: Info, arguments: dict[str, Any], gathering: Gathering
    ) -> Awaitable[list[Any] | Arrival]:
        try:
            reading = gathering.join((self._batch, frozenset(arguments.items()), asked(info)), distinct)
        except TypeError:  # of arguments that are lists or inputs
            return self._of_keys(keys, list(distinct), info, arguments, gathering)

        async def load(all_keys: list[Any]) -> Results:
            return _by_key(all_keys, await self._batch.arriving(all_keys, info, arguments, gathering))

        async def of_these() -> list[Any] | Arrival:
            return self._of_each(keys, await reading.results(load))

        return of_these()

    def _of_each(self, keys: Sequence[Any], results: Results) -> list[Any] | Arrival:
        nothing = self._batch.nothing()
        if isinstance(results, Arriving):
            return Arrival(results, keys, nothing)
        return [nothing if key is None else results[key] for key in keys]

    def _info(self, asking: Asking, asked: frozenset[str] | None) -> Info:
        kind = _schema_of(asking).config.info_class
        made = _LateInfo(self._field, asking) if kind is Info else kind(_raw_info=asking.info, _field=self._field)
        made.__dict__[_ASKED] = asked
        return made


class _LateInfo(Info):
    """Strawberry's info, which is worked out once somebody looks at it: most loaders want no more than the context."""

    def __init__(self, field: StrawberryField, asking: Asking) -> None:
        self._field, self._asking = field, asking

    @cached_property
    def _raw_info(self) -> GraphQLResolveInfo[Any]:  # type: ignore[override]
        return self._asking.info

    @property
    def context(self) -> Any:
        """The context of the request."""
        return self._asking.context


def _schema_of(asking: Asking) -> Any:
    return asking.schema._strawberry_schema  # type: ignore[attr-defined]  # set by Strawberry


def _by_key(keys: Sequence[Any], results: list[Any] | Arriving) -> Results:
    return results if isinstance(results, Arriving) else dict(zip(keys, results, strict=True))


_ASKED = "_asked"


def asked(info: Info) -> frozenset[str] | None:
    """The columns of the rows that the operation reads, for a loader that fetches no others; None stands for all.

    They are those of plain fields (by their name in Python), of column fields, the keys of batch fields below, what
    batch fields without a key say that they read, and the column by which the rows find their parents.
    """
    found: frozenset[str] | None = info.__dict__.get(_ASKED)
    return found


def batch(
    load: Load,
    *,
    key: str | None = None,
    by: str | None = None,
    one: bool = False,
    reads: Iterable[str] | None = None,
    in_turn: bool = True,
    whole: bool = False,
    across: bool = False,
    description: str,
    deprecation_reason: str | None = None,
    directives: Iterable[object] = (),
) -> Any:
    """A relation that costs one call of `load` per level; its GraphQL arguments are those of `load` after `info`.

    With `one` a parent has one row or none, otherwise a list. A parent whose key is null has none. A loader without
    `key` is given the parents; `reads` names the columns that it wants of them, which are all if it is not given.
    Batch fields of one level are loaded one after the other, as they share the request's connection; one that waits
    for something else says so by `in_turn=False` and is loaded beside the others. A loader that uses its rows for more
    than the answer says so by `whole`: then `asked` never names columns to it. With `across` the keys of several levels
    are loaded by one call where their arguments and the columns asked are the same: for what a tree is asked of each
    of its units. `directives` are those of the schema, as `strawberry.field` takes them.
    """
    field = BatchField(
        base_resolver=StrawberryResolver(_signature_of(load)),
        description=description,
        deprecation_reason=deprecation_reason,
        directives=[*directives],
    )
    field.batch = Batch(load, key, by, one, None if reads is None else frozenset(reads), in_turn, whole, across)
    return field


def column(compute: Callable[[Any], Any], *, of: str, description: str) -> Any:
    """A field computed from one column of its parent; null stays null."""
    field = ColumnField(description=description)
    field.column, field.compute = of, compute
    return field


def takes_all(is_type_of: F) -> F:
    """Mark an `is_type_of` that is true of whatever it is asked about: it need not be called for each object."""
    is_type_of.takes_all = True  # type: ignore[attr-defined]
    return is_type_of


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
