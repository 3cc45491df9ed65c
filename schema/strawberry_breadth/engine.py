"""The breadth-first executor: for a list of objects, each field is resolved once for the whole list."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain, islice
from types import GeneratorType, NoneType
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from graphql import GraphQLError, GraphQLField, GraphQLObjectType, located_error
from graphql.execution.collect_fields import DeferUsage, FieldDetails, GroupedFieldSet
from graphql.execution.executor import default_field_resolver, invalid_return_type_error
from graphql.execution.values import get_argument_values
from graphql.pyutils import Undefined, UndefinedType, is_iterable
from graphql.pyutils.is_awaitable import is_awaitable
from graphql.type import GraphQLResolveInfo
from strawberry.execution import optimized_is_awaitable

from strawberry_breadth.documents import kept_operation
from strawberry_breadth.failures import NONE, Failure, Failures, Report
from strawberry_breadth.places import FieldPlace, Items, Part, Place, Root
from strawberry_breadth.plans import LEAF, LIST, OBJECT, FieldPlan, SelectionPlan, Shape
from strawberry_breadth.readers import BatchReader, Constant, Default, Reader
from strawberry_breadth.strands import Done, Paused, Strands, resume

if TYPE_CHECKING:
    from graphql.execution import Executor

    Base = Executor[Any]
else:
    Base = object

AT_A_STRETCH: Final = 8_192
"""How many values are written before others may have the event loop: a few milliseconds."""

Column = tuple[list[Any], Failures]
"""Outputs in the order of the objects, null where one failed, and the failures that null what is above them."""

_BY_TYPE = (is_awaitable, optimized_is_awaitable)


class BreadthFirst(Base):
    """A mixin for graphql-core's executors, to be put before one of them.

    What it has no columns for it leaves to the executor behind it: operations with an abort signal or `@defer`,
    lists with `@stream`, asynchronous iterables.
    """

    fields_resolved: ClassVar[int] = 0
    """How many fields this process has resolved so, each counted once a level."""

    _report: Report
    _strands: Strands
    _told: dict[tuple[str | int, ...], tuple[int, ...]]
    _written: int

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        new_defer_usages: Sequence[DeferUsage],
    ) -> Any:
        """The answer's data; raises the error that leaves none. See graphql-core's `Executor`."""
        if self.abort_signal is not None or new_defer_usages:
            return super().execute_collected_root_fields(
                root_type, root_value, grouped_field_set, serially, new_defer_usages
            )
        self._report, self._strands, self._told, self._written = Report(), Strands(), {}, 0
        plan = self._root_plan(root_type, grouped_field_set)
        outcome = self._strands.step(self._root(plan, root_value, serially))
        if isinstance(outcome, Done):
            return self._closed(*outcome.result)
        return self._finished(outcome)

    async def _finished(self, paused: Paused[Column]) -> dict[str, Any]:
        self._strands.in_loop = True
        return self._closed(*await resume(paused.strand))

    def _closed(self, objects: list[Any], failures: Failures) -> dict[str, Any]:
        """Hand the errors over in document order; raises the one that nulled everything."""
        fatal = failures.get(0)
        errors = self.collected_errors.errors
        self._take_from_base(errors)
        errors[:] = self._report.errors(fatal)
        if fatal is not None:
            raise fatal.error
        return cast("dict[str, Any]", objects[0])

    def _take_from_base(self, errors: list[GraphQLError]) -> None:
        """Errors below what was left to the base class stand where it was left."""
        for number, error in enumerate(errors):
            path = tuple(error.path or ())
            key = next((self._told[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self._told), ())
            self._report.add((*key, number), Failure((*key, number), error))

    # Plans

    def _root_plan(self, root_type: GraphQLObjectType, grouped: GroupedFieldSet) -> SelectionPlan:
        kept = kept_operation(self.operation)
        manager = self.middleware_manager
        if kept is None or (manager is not None and manager.middlewares):
            return self._selection(root_type, grouped)
        return kept.plan(self.variable_values.coerced, lambda: self._selection(root_type, grouped))

    def _selection(self, object_type: GraphQLObjectType, grouped: GroupedFieldSet) -> SelectionPlan:
        fields: list[FieldPlan] = []
        for name, details in grouped.items():
            definition = self.schema.get_field(object_type, details[0].node.name.value)
            if definition:
                fields.append(self._field_plan(name, len(fields), details, definition, object_type))
        return SelectionPlan(object_type, fields)

    def _field_plan(
        self,
        name: str,
        ordinal: int,
        details: list[FieldDetails],
        definition: GraphQLField,
        parent_type: GraphQLObjectType,
    ) -> FieldPlan:
        resolve = definition.resolve or self.field_resolver
        manager = self.middleware_manager
        reader: Reader | BatchReader | None = None
        if manager is None or not manager.middlewares:
            reader = self.reader(parent_type, details[0].node.name.value, definition)
        return FieldPlan(name, ordinal, details, definition, parent_type, reader, resolve)

    def reader(
        self, parent_type: GraphQLObjectType, field_name: str, definition: GraphQLField
    ) -> Reader | BatchReader | None:
        """How a field is read for all objects at once; None where its resolver is called for each."""
        if field_name == "__typename":
            return Constant(parent_type.name)
        if definition.resolve is None and self.field_resolver is default_field_resolver:
            return Default(field_name)
        return None

    def _below(self, field: FieldPlan, object_type: GraphQLObjectType) -> SelectionPlan:
        found = field.selections.get(object_type)
        if found is None:
            grouped, deferred, _ = self.collect_subfields(object_type, field.details)
            found = self._selection(object_type, grouped)
            found.by_base = bool(deferred)
            field.selections[object_type] = found
        return found

    # Objects and fields

    async def _root(self, plan: SelectionPlan, root_value: Any, serially: bool) -> Column:
        if not serially:
            return await self._objects(plan, [root_value], Root())
        data: dict[str, Any] = {}
        for field in plan.fields:
            values, failures = await self._field(field, [root_value], Root())
            if failures:
                return [None], failures
            data[field.name] = values[0]
        return [data], NONE

    async def _objects(self, plan: SelectionPlan, sources: Sequence[Any], place: Place) -> Column:
        """The objects of one type at a place, all of their fields included."""
        columns: list[Column | None] = []
        paused: list[Paused[Column]] = []
        waiting: list[int] = []
        for field in plan.fields:
            column = self._plain_column(field, sources)
            if column is None:
                outcome = self._strands.step(self._field(field, sources, place))
                if isinstance(outcome, Done):
                    column = outcome.result
                else:
                    waiting.append(len(columns))
                    paused.append(outcome)
            columns.append(column)
            self._written += len(sources)
            if self._written > AT_A_STRETCH and self._strands.in_loop:
                self._written = 0
                await self._strands.breathe()
        if paused:
            for index, column in zip(waiting, await self._strands.all(paused), strict=True):
                columns[index] = column
        return await self._assembled(plan, cast("list[Column]", columns), len(sources))

    async def _assembled(self, plan: SelectionPlan, columns: list[Column], count: int) -> Column:
        failures: Failures = NONE
        for _, failed in columns:
            if failed:
                failures = {**failed, **failures}  # the first field's error is the one that is told
        if not columns:
            return [{} for _ in range(count)], NONE
        rows = plan.assemble([values for values, _ in columns])
        if count <= AT_A_STRETCH:
            objects: list[Any] = list(rows)
        else:
            objects = []
            while len(objects) < count:
                objects += islice(rows, AT_A_STRETCH)
                await self._strands.breathe()
        for index in failures:
            objects[index] = None
        return objects, failures

    def _plain_column(self, field: FieldPlan, sources: Sequence[Any]) -> Column | None:
        """The column of a field that needs no more than the objects and whose values are ready; None for others."""
        leaf, reader = field.shape.leaf, field.reader
        if leaf is None or reader is None or hasattr(reader, "read"):
            return None
        try:
            values = reader.all(sources)
            if values is None:
                return None
            kinds = set(map(type, values))
            if (NoneType in kinds and field.shape.required) or not _are_plain(kinds):
                return None
            outputs = leaf.written(kinds, values)
        except Exception:
            return None  # one of them fails: they are gone through one by one
        if outputs is None:
            return None
        BreadthFirst.fields_resolved += 1
        return outputs, NONE

    async def _field(self, field: FieldPlan, sources: Sequence[Any], above: Place) -> Column:
        BreadthFirst.fields_resolved += 1
        place = FieldPlace(above, field.name, field.ordinal, field.parent_type.name)
        reader = field.reader
        if reader is None:
            values = self._resolved(field, sources, place)
        elif hasattr(reader, "read"):
            values = await self._batch(field, cast(BatchReader, reader), sources, place)
        else:
            values = self._read(field, reader, sources, place)
        return await self._positions(field, field.shape, values, place)

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
        resolve: Callable[..., Any] = field.resolve
        if self.middleware_manager:
            resolve = self.middleware_manager.get_field_resolver(resolve)
        values: list[Any] = []
        for index, source in enumerate(sources):
            try:
                values.append(resolve(source, self._info(field, place, index), **self._arguments(field)))
            except Exception as error:
                values.append(error)
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

    async def _batch(self, field: FieldPlan, reader: BatchReader, sources: Sequence[Any], place: Place) -> list[Any]:
        """The values of a relation; an exception stands for an object's error."""
        try:
            info = self._info(field, place, 0)
            arguments = field.arguments
            if arguments is None:
                arguments = reader.converted(self._arguments(field), info)
                if not field.varies:
                    field.arguments = arguments
            reading = reader.read(sources, info, arguments, field.asked(self._below))
        except Exception as error:
            return [error] * len(sources)
        if reading is None:
            return reader.nothing(sources)
        await self._strands.pause(beside=not reader.in_turn)
        try:
            return await reading
        except Exception as error:
            return [error] * len(sources)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            failure = RuntimeError("a batch field ended with CancelledError")
            failure.__cause__ = error
            return [failure] * len(sources)

    # Values

    async def _positions(self, field: FieldPlan, shape: Shape, values: list[Any], place: Place) -> Column:
        """Complete values of a type that may be non-null; what failed is null here, or above."""
        outputs, failures = await self._values(field, shape, values, place)
        if shape.required and NoneType in set(map(type, outputs)):
            failures = {**failures}
            for index, output in enumerate(outputs):
                if output is None and index not in failures:
                    message = f"Cannot return null for non-nullable field {field.parent_type}.{field.node.name.value}."
                    failures[index] = self._failure(field, place, index, TypeError(message))
        if not failures or (shape.required and self.error_propagation):
            return outputs, failures
        for index, failure in failures.items():
            self._report.add(place.key(index), failure)
        return outputs, NONE

    async def _values(self, field: FieldPlan, shape: Shape, values: list[Any], place: Place) -> Column:
        kinds = set(map(type, values))
        if not _are_plain(kinds) and self._any_awaitable(kinds, values):
            values = await self._settled(values)
            kinds = set(map(type, values))
        failures: Failures = NONE
        if not kinds <= _PLAIN and any(issubclass(kind, (Exception, UndefinedType)) for kind in kinds):
            values, failures = self._without_errors(field, values, place)
            kinds = set(map(type, values))
        if NoneType not in kinds or shape.kind == LEAF:
            outputs, failed = await self._present(field, shape, values, place)
        elif len(kinds) == 1:
            return values, failures
        else:
            outputs, failed = await self._among_nulls(field, shape, values, place)
        return outputs, {**failures, **failed} if failed else failures

    async def _among_nulls(self, field: FieldPlan, shape: Shape, values: list[Any], place: Place) -> Column:
        present = [index for index, value in enumerate(values) if value is not None]
        found, failed = await self._present(field, shape, [values[index] for index in present], Part(place, present))
        outputs: list[Any] = [None] * len(values)
        for index, output in zip(present, found, strict=True):
            outputs[index] = output
        return outputs, {present[index]: failure for index, failure in failed.items()}

    async def _present(self, field: FieldPlan, shape: Shape, values: list[Any], place: Place) -> Column:
        """Complete values none of which is null, but those of leaves may be."""
        if shape.kind == LEAF:
            return self._leaves(field, shape, values, place)
        if not values:
            return [], NONE
        if shape.kind == LIST:
            return await self._lists(field, shape, values, place)
        if shape.kind == OBJECT:
            return await self._of_type(field, shape.type, values, place)
        return await self._of_abstract_type(field, shape, values, place)

    def _leaves(self, field: FieldPlan, shape: Shape, values: list[Any], place: Place) -> Column:
        leaf, kinds = shape.leaf, set(map(type, values))
        assert leaf is not None
        try:
            written = leaf.written(kinds, values)
        except Exception:
            written = None  # one of them fails: they are gone through one by one
        if written is not None:
            return written, NONE
        outputs: list[Any] = []
        failures: Failures = {}
        for index, value in enumerate(values):
            try:
                outputs.append(None if value is None else self.complete_leaf_value(shape.type, value))
            except Exception as error:
                outputs.append(None)
                failures[index] = self._failure(field, place, index, error)
        return outputs, failures

    async def _lists(self, field: FieldPlan, shape: Shape, values: list[Any], place: Place) -> Column:
        """Complete lists, the items of all of them as one column."""
        if field.by_base or any(self.is_async_iterable(value) for value in values if type(value) not in _LISTS):
            return await self._by_base(field, shape.type, values, place)
        lists, failures = self._materialized(field, values, place)
        inner = shape.inner
        assert inner is not None
        items = list(chain.from_iterable(lists))
        below = Items(place, list(map(len, lists)))
        outputs, failed = await self._positions(field, inner, items, below)
        rest = iter(outputs)
        written: list[Any] = [outputs] if len(lists) == 1 else [list(islice(rest, len(one))) for one in lists]
        if failed:
            failures = {**failures}
            for index in sorted(failed):
                failures.setdefault(below.owner(index)[0], failed[index])
        for index in failures:
            written[index] = None
        return written, failures

    def _materialized(self, field: FieldPlan, values: list[Any], place: Place) -> tuple[list[Sequence[Any]], Failures]:
        """Lists and tuples as they are, other iterables as lists; an empty list stands for what is none."""
        if set(map(type, values)) <= _LISTS:
            return values, NONE
        lists: list[Sequence[Any]] = []
        failures: Failures = {}
        for index, value in enumerate(values):
            try:
                if not is_iterable(value):
                    name = f"{field.parent_type}.{field.node.name.value}"
                    raise GraphQLError(f"Expected Iterable, but did not find one for field '{name}'.")
                lists.append(list(value))
            except Exception as error:
                lists.append(())
                failures[index] = self._failure(field, place, index, error)
        return lists, failures

    async def _of_type(
        self, field: FieldPlan, object_type: GraphQLObjectType, values: list[Any], place: Place
    ) -> Column:
        """Complete objects of one type."""
        plan = self._below(field, object_type)
        if plan.by_base:
            return await self._by_base(field, object_type, values, place)
        is_type_of = object_type.is_type_of
        if is_type_of is None or getattr(is_type_of, "takes_all", False):
            return await self._objects(plan, values, place)
        answers: list[Any] = []
        for index, value in enumerate(values):
            try:
                answers.append(is_type_of(value, self._info_of_value(field, place, index)))
            except Exception as error:
                answers.append(error)
        if self._any_awaitable(set(map(type, answers)), answers):
            answers = await self._settled(answers)
        failures: Failures = {}
        for index, answer in enumerate(answers):
            if isinstance(answer, Exception):
                failures[index] = self._failure(field, place, index, answer)
            elif not answer:
                wrong = invalid_return_type_error(object_type, values[index], field.details)
                failures[index] = self._failure(field, place, index, wrong)
        return await self._but_for(failures, field, plan, values, place)

    async def _but_for(
        self, failures: Failures, field: FieldPlan, plan: SelectionPlan, values: list[Any], place: Place
    ) -> Column:
        """Complete the objects that have not failed yet."""
        if not failures:
            return await self._objects(plan, values, place)
        kept = [index for index in range(len(values)) if index not in failures]
        outputs: list[Any] = [None] * len(values)
        if kept:
            found, failed = await self._objects(plan, [values[index] for index in kept], Part(place, kept))
            for index, output in zip(kept, found, strict=True):
                outputs[index] = output
            failures = {**failures, **{kept[index]: failure for index, failure in failed.items()}}
        return outputs, failures

    async def _of_abstract_type(self, field: FieldPlan, shape: Shape, values: list[Any], place: Place) -> Column:
        """Complete objects of an interface or a union: those of each type together."""
        resolve_type = shape.type.resolve_type or self.type_resolver
        named: list[Any] = []
        for index, value in enumerate(values):
            try:
                named.append(resolve_type(value, self._info_of_value(field, place, index), shape.type))
            except Exception as error:
                named.append(error)
        if self._any_awaitable(set(map(type, named)), named):
            named = await self._settled(named)
        by_type: dict[GraphQLObjectType, list[int]] = {}
        failures: Failures = {}
        for index, name in enumerate(named):
            try:
                if isinstance(name, Exception):
                    raise name
                info = self._info_of_value(field, place, index)
                found = self.ensure_valid_runtime_type(name, shape.type, field.details, info, values[index])
                by_type.setdefault(found, []).append(index)
            except Exception as error:
                failures[index] = self._failure(field, place, index, error)
        outputs: list[Any] = [None] * len(values)
        paused: list[Paused[Column]] = []
        columns: list[tuple[list[int], Column]] = []
        waiting: list[list[int]] = []
        for object_type, indices in by_type.items():
            sources = [values[index] for index in indices]
            outcome = self._strands.step(self._of_type(field, object_type, sources, Part(place, indices)))
            if isinstance(outcome, Done):
                columns.append((indices, outcome.result))
            else:
                waiting.append(indices)
                paused.append(outcome)
        if paused:
            columns += zip(waiting, await self._strands.all(paused), strict=True)
        for indices, (found_outputs, failed) in columns:
            for index, output in zip(indices, found_outputs, strict=True):
                outputs[index] = output
            failures.update({indices[index]: failure for index, failure in failed.items()})
        return outputs, failures

    def _info_of_value(self, field: FieldPlan, place: Place, index: int) -> GraphQLResolveInfo[Any]:
        """The info of the field that an item belongs to, as `is_type_of` and `resolve_type` are given it."""
        path = place.path(index)
        while path is not None and isinstance(path.key, int):
            path = path.prev
        assert path is not None
        return self.build_resolve_info(field.definition, field.nodes, field.parent_type, path)

    async def _by_base(self, field: FieldPlan, output_type: Any, values: list[Any], place: Place) -> Column:
        """Complete values one by one, as the executor behind this one does."""
        outputs: list[Any] = []
        for index, value in enumerate(values):
            path = place.path(index)
            assert path is not None
            self._told[tuple(path.as_list())] = place.key(index)
            try:
                info = self._info_of_value(field, place, index)
                outputs.append(super().complete_value(output_type, field.details, info, path, value, None))
            except Exception as error:
                outputs.append(error)
        if self._any_awaitable(set(map(type, outputs)), outputs):
            outputs = await self._settled(outputs)
        return self._without_errors(field, outputs, place)

    # What values may be besides values

    def _any_awaitable(self, kinds: set[type], values: Iterable[Any]) -> bool:
        if kinds <= _PLAIN:
            return False
        if self.is_awaitable in _BY_TYPE and GeneratorType not in kinds:
            return any(hasattr(kind, "__await__") for kind in kinds)
        return any(map(self.is_awaitable, values))

    async def _settled(self, values: list[Any]) -> list[Any]:
        """The values with what was awaitable among them awaited, all at the same time; exceptions are values."""
        await self._strands.pause(beside=True)
        settled = list(values)
        waiting = [index for index, value in enumerate(values) if self.is_awaitable(value)]
        if len(waiting) == 1:
            try:
                settled[waiting[0]] = await values[waiting[0]]
            except Exception as error:
                settled[waiting[0]] = error
            return settled
        found = await asyncio.gather(
            *(cast("Awaitable[Any]", values[index]) for index in waiting), return_exceptions=True
        )
        for index, result in zip(waiting, found, strict=True):
            if isinstance(result, BaseException) and not isinstance(result, Exception):
                raise result
            settled[index] = result
        return settled

    def _without_errors(self, field: FieldPlan, values: list[Any], place: Place) -> Column:
        """Null for exceptions and for `Undefined`, with the exceptions as failures."""
        outputs: list[Any] = []
        failures: Failures = {}
        for index, value in enumerate(values):
            if isinstance(value, Exception):
                failures[index] = self._failure(field, place, index, value)
                outputs.append(None)
            else:
                outputs.append(None if value is Undefined else value)
        return outputs, failures

    def _failure(self, field: FieldPlan, place: Place, index: int, error: Exception) -> Failure:
        path = place.path(index)
        return Failure(
            place.key(index), located_error(error, field.nodes, path.as_list() if path is not None else None)
        )


_LISTS: Final = frozenset((list, tuple))
_PLAIN: Final = frozenset((str, int, float, bool, NoneType, list, tuple, dict))
"""Types that are neither awaitable nor an error."""


def _are_plain(kinds: set[type]) -> bool:
    """Whether no value of these types is awaitable, an error or undefined."""
    return kinds <= _PLAIN or not any(
        hasattr(kind, "__await__") or issubclass(kind, (Exception, UndefinedType, GeneratorType)) for kind in kinds
    )
