"""From objects to the values of a field: by columns, by batches, or by a resolver for each object."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from types import NoneType
from typing import Any, Final, cast

from graphql import GraphQLSchema
from graphql.execution.values import get_argument_values
from graphql.type import GraphQLResolveInfo

from strawberry_breadth.arriving import Arrival
from strawberry_breadth.aside import aside
from strawberry_breadth.awaiting import not_our_own
from strawberry_breadth.completing import Completing, are_plain
from strawberry_breadth.failures import NONE, Column, Failures
from strawberry_breadth.gathering import Gathering
from strawberry_breadth.places import FieldPlace, Part, Place
from strawberry_breadth.plans import FieldPlan
from strawberry_breadth.readers import BatchReader, Reader
from strawberry_breadth.strands import AT_A_STRETCH
from strawberry_breadth.texts import Texts


class Resolved:
    """A count of what this process has resolved by columns and batches, each field once a level."""

    __slots__ = ("fields",)

    def __init__(self) -> None:
        self.fields = 0


DESCRIBED: Final = 4
"""To describe a part of a schema takes as long as to write so many values."""

RESOLVED: Final = Resolved()
"""An object of its own: Python forgets what it knows of a class whenever an attribute of it is set, which here would be
with every field."""


class Resolving(Completing):
    """The part of the engine that resolves one field for all objects."""

    converts_aside = False
    """Whether there are so many values in the variables that arguments are converted in a thread."""

    _gathering: Gathering
    _written: int

    def _plain_column(self, field: FieldPlan, sources: Sequence[Any]) -> Column | None:
        """The column of a field that needs no more than the objects and whose values are ready; None for others."""
        leaf, reader = field.shape.leaf, field.column
        if leaf is None or reader is None:
            return None
        try:
            values = reader.all(sources)
            if values is None:
                return None
            kinds: set[type] = {str} if isinstance(values, Texts) else set(map(type, values))
            if (NoneType in kinds and field.shape.required) or not are_plain(kinds):
                return None
            outputs = leaf.written(kinds, values)
        except Exception:
            return None  # one of them fails: they are gone through one by one
        if outputs is None:
            return None
        RESOLVED.fields += 1
        return outputs, NONE

    async def _field(self, field: FieldPlan, sources: Sequence[Any], above: Place) -> Column:
        RESOLVED.fields += 1
        place = FieldPlace(above, field.name, field.ordinal, field.parent_type.name)
        reader = field.reader
        values: list[Any] | Arrival
        if field.introspects:
            values = await self._introspected(field, sources, place)
        elif reader is None:
            values = self._resolved(field, sources, place)
        elif field.batch is not None:
            values = await self._batch(field, field.batch, sources, place)
        else:
            values = self._read(field, cast("Reader", reader), sources, place)
        try:
            if isinstance(values, Arrival):
                return await self._arrived(field, values, place)
            return await self._positions(field, field.shape, values, place)
        except RecursionError as error:
            return self._too_deep(field, len(sources), place, error)

    async def _arrived(self, field: FieldPlan, arrival: Arrival, place: Place) -> Column:
        """Complete values as they arrive."""
        outputs: list[Any] = [None] * arrival.count
        failures: Failures = {}
        while (column := await arrival.column()) is not None:
            indices, values = column
            found, failed = await self._positions(field, field.shape, values, Part(place, indices))
            for index, output in zip(indices, found, strict=True):
                outputs[index] = output
            failures.update({indices[number]: failure for number, failure in failed.items()})
        return outputs, failures or NONE

    def _too_deep(self, field: FieldPlan, count: int, place: Place, error: RecursionError) -> Column:
        """What is nested too deeply below a field is the error of the innermost that has room to tell of it."""
        failures = {index: self._failure(field, place, index, error) for index in range(count)}
        if not (field.shape.required and self.error_propagation):
            for index, failure in failures.items():
                self._null(place, index, failure)
            failures = NONE
        return [None] * count, failures

    def _read(self, field: FieldPlan, reader: Reader, sources: Sequence[Any], place: Place) -> list[Any]:
        """The values that follow from the objects; an exception stands for what an object raises."""
        try:
            values = reader.all(sources)
        except Exception:
            values = []
            for source in sources:
                try:
                    values.append(reader.one(source))
                except Exception as error:
                    values.append(error)
        return self._resolved(field, sources, place) if values is None else values

    def _resolved(self, field: FieldPlan, sources: Sequence[Any], place: Place) -> list[Any]:
        """The values of a resolver that is called for each object; an exception stands for what it raises."""
        resolve: Callable[..., Any] = self.resolver_aside(field) if self.converts_aside else field.resolve
        if self.middleware_manager:
            resolve = self.middleware_manager.get_field_resolver(resolve)
        values: list[Any] = []
        for index, source in enumerate(sources):
            try:
                values.append(resolve(source, self._info(field, place, index), **self._arguments(field)))
            except Exception as error:
                values.append(error)
        return values

    def resolver_aside(self, field: FieldPlan) -> Callable[..., Any]:
        """The resolver of a field, which converts its arguments in a thread if it can."""
        return field.resolve

    async def _introspected(self, field: FieldPlan, sources: Sequence[Any], place: Place) -> list[Any]:
        """The values of a field of the schema's own description: the same resolver and arguments for all, by turns."""
        try:
            resolve: Callable[..., Any] = field.resolve
            info, arguments = self._info(field, place, 0), self._arguments(field)
            values: list[Any] = []
            for source in sources:
                values.append(resolve(source, info, **arguments))
                self._written += DESCRIBED
                if self._written > AT_A_STRETCH:
                    await self._strands.breathe()
                    self._written = 0
        except Exception as error:
            return [error] * len(sources)
        return values

    def _info(self, field: FieldPlan, place: Place, index: int) -> GraphQLResolveInfo[Any]:
        path = place.path(index)
        assert path is not None
        return self.build_resolve_info(field.definition, field.nodes, field.parent_type, path)

    def _arguments(self, field: FieldPlan) -> dict[str, Any]:
        """The arguments of one call, which may change them."""
        if not (field.definition.args or field.node.arguments):
            return {}
        scope = field.details[0].fragment_variable_values
        return get_argument_values(field.definition, field.node, self.variable_values, scope, self.hide_suggestions)

    async def _batch(
        self, field: FieldPlan, reader: BatchReader, sources: Sequence[Any], place: Place
    ) -> list[Any] | Arrival:
        """The values of a relation, or how they arrive; an exception stands for an object's error."""
        asking = _Asking(self, field, place)
        converting = self.converts_aside and field.varies
        if converting:
            await self._strands.pause(reader.pause)
        try:
            arguments = field.arguments
            if arguments is None:
                convert = partial(reader.converted, self._arguments(field), asking)
                arguments = await aside(convert) if converting else convert()
                if not field.varies and all(map(_is_for_good, arguments.values())):
                    field.arguments = arguments
            reading = reader.read(sources, asking, arguments, field.asked(self._below), self._gathering)
        except Exception as error:
            return [error] * len(sources)
        if reading is None:
            return reader.nothing(sources)
        try:
            if self._strands.stepping:
                await self._strands.pause(reader.pause)
        except GeneratorExit:
            if asyncio.iscoroutine(reading):
                reading.close()
            raise
        try:
            return await reading
        except Exception as error:
            return [error] * len(sources)
        except asyncio.CancelledError as error:
            return [not_our_own(error)] * len(sources)


class _Asking:
    """One field of one operation; see `Asking`."""

    __slots__ = ("_executor", "_field", "_place")

    def __init__(self, executor: Resolving, field: FieldPlan, place: Place) -> None:
        self._executor, self._field, self._place = executor, field, place

    @property
    def context(self) -> Any:
        return self._executor.context_value

    @property
    def schema(self) -> GraphQLSchema:
        return self._executor.schema

    @property
    def info(self) -> GraphQLResolveInfo[Any]:
        return self._executor._info(self._field, self._place, 0)


def _is_for_good(value: object) -> bool:
    """Whether a loader cannot change the value, which the next request would then be given: lists and inputs it can."""
    try:
        hash(value)
    except TypeError:
        return False
    return True
