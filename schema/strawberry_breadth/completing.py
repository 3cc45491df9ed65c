"""From the values of a column to outputs: leaves, lists, objects, nulls and errors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from types import GeneratorType, NoneType
from typing import TYPE_CHECKING, Any, Final, TypeGuard, cast

from graphql import GraphQLError, GraphQLObjectType, located_error
from graphql.execution.executor import collect_iterator_awaitables, invalid_return_type_error
from graphql.pyutils import Undefined, UndefinedType, is_iterable
from graphql.pyutils.is_awaitable import is_awaitable
from graphql.type import GraphQLResolveInfo
from strawberry.execution import optimized_is_awaitable

from strawberry_breadth.awaiting import Dropped, awaited, drop_siblings
from strawberry_breadth.failures import NONE, Failure, Failures, Report
from strawberry_breadth.places import Items, Part, Place
from strawberry_breadth.plans import LEAF, LIST, OBJECT, FieldPlan, SelectionPlan, Shape
from strawberry_breadth.strands import AT_A_STRETCH, Done, Pause, Paused, Strands
from strawberry_breadth.tables import Rows, is_table, joined
from strawberry_breadth.texts import JSONWriter, Texts

if TYPE_CHECKING:
    from graphql.execution import Executor

    Base = Executor[Any]
else:
    Base = object

Column = tuple[list[Any], Failures]
"""Outputs in the order of the objects, null where one failed, and the failures that null what is above them."""

MANY_ROWS: Final = 64
"""So many rows of nothing but texts are written without being made into objects."""

MANY_LISTS: Final = 64
"""Lists of so many objects are written before the rest of the answer is there."""

_BY_TYPE = (is_awaitable, optimized_is_awaitable)


class Completing(Base):
    """The part of the engine that completes columns of values."""

    _report: Report
    _strands: Strands
    _json_writer: JSONWriter | None
    _told: dict[tuple[str | int, ...], tuple[int, ...]]

    async def _objects(self, plan: SelectionPlan, sources: Sequence[Any], place: Place) -> Column:
        raise NotImplementedError

    def _plain_column(self, field: FieldPlan, sources: Sequence[Any]) -> Column | None:
        raise NotImplementedError

    def _below(self, field: FieldPlan, object_type: GraphQLObjectType) -> SelectionPlan:
        raise NotImplementedError

    async def _positions(self, field: FieldPlan, shape: Shape, values: Sequence[Any], place: Place) -> Column:
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
            self._null(place, index, failure)
        return outputs, NONE

    def _null(self, place: Place, index: int, failure: Failure) -> None:
        """The position is null because of the failure; the base class tells nothing more of what is below it."""
        self._report.add(place.key(index), failure)
        self.collected_errors._error_positions.add(place.path(index))

    async def _values(self, field: FieldPlan, shape: Shape, values: Sequence[Any], place: Place) -> Column:
        if is_table(values):  # its rows are values, all of them
            return await self._present(field, shape, values, place)
        values = cast("list[Any]", values)
        kinds = set(map(type, values))
        if not are_plain(kinds) and self._any_awaitable(kinds, values):
            lists = place if isinstance(place, Items) and shape.required and self.error_propagation else None
            values = await self._settled(values, lists)
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

    async def _present(self, field: FieldPlan, shape: Shape, values: Sequence[Any], place: Place) -> Column:
        """Complete values none of which is null, but those of leaves may be."""
        if shape.kind == LEAF:
            return self._leaves(field, shape, cast("list[Any]", values), place)
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

    async def _lists(self, field: FieldPlan, shape: Shape, values: Sequence[Any], place: Place) -> Column:
        """Complete lists, the items of all of them as one column."""
        if field.by_base or any(self.is_async_iterable(value) for value in values if type(value) not in _LISTS):
            return await self._by_base(field, shape.type, values, place)
        lists, failures = self._materialized(field, cast("list[Any]", values), place)
        inner = shape.inner
        assert inner is not None
        items = joined(lists) if _are_rows(lists) else list(chain.from_iterable(lists))
        if len(items) > AT_A_STRETCH:
            await self._strands.breathe()
        writer = self._json_writer if len(items) >= MANY_ROWS else None
        if writer is not None and (texts := self._as_texts(field, inner, items)) is not None:
            rows = iter(texts)
            return [writer.of_text(f"[{','.join(islice(rows, len(one)))}]") for one in lists], failures
        below = Items(place, list(map(len, lists)))
        outputs, failed = await self._positions(field, inner, items, below)
        if len(items) > AT_A_STRETCH:
            await self._strands.breathe()
        rest = iter(outputs)
        written: list[Any] = [outputs] if len(lists) == 1 else [list(islice(rest, len(one))) for one in lists]
        if writer is not None and len(items) > len(lists) >= MANY_LISTS:
            await self._write(writer, written)
        if failed:
            failures = {**failures}
            for index in sorted(failed):
                if not isinstance(failed[index].error.original_error, Dropped):
                    failures.setdefault(below.owner(index)[0], failed[index])
        for index in failures:
            written[index] = None
        return written, failures

    async def _write(self, writer: JSONWriter, lists: list[Any]) -> None:
        """Put what the writer makes of lists in their place."""
        count = 0
        for number, one in enumerate(lists):
            lists[number] = writer.of_values(one)
            count += len(one)
            if count > AT_A_STRETCH:
                count = 0
                await self._strands.breathe()

    def _as_texts(self, field: FieldPlan, shape: Shape, items: Sequence[Any]) -> list[str] | None:
        """The JSON of each object, where all that is asked of them are texts that stand in a table."""
        if shape.kind != OBJECT or not is_table(items) or not _is_told(shape.type):
            return None
        plan = self._below(field, shape.type)
        if plan.by_base or not plan.fields or any(one.shape.leaf is None for one in plan.fields):
            return None
        columns: list[Texts] = []
        for one in plan.fields:
            column = self._plain_column(one, items)
            if column is None or not isinstance(column[0], Texts):
                return None
            columns.append(column[0])
        return plan.rows_of_texts(columns)

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
                lists.append(self._drained(value))
            except Exception as error:
                lists.append(())
                failures[index] = self._failure(field, place, index, error)
        return lists, failures

    def _drained(self, iterable: Iterable[Any]) -> list[Any]:
        """The items; where the iterable breaks off, what it has awaitable besides is awaited in the background."""
        iterator = iter(iterable)
        items: list[Any] = []
        try:
            items.extend(iterator)
        except Exception:
            self.track_async_work([*items, *collect_iterator_awaitables(iterator, self.is_awaitable)])
            raise
        return items

    async def _of_type(
        self, field: FieldPlan, object_type: GraphQLObjectType, values: Sequence[Any], place: Place
    ) -> Column:
        """Complete objects of one type."""
        plan = self._below(field, object_type)
        if plan.by_base:
            return await self._by_base(field, object_type, values, place)
        is_type_of = object_type.is_type_of
        if is_type_of is None or _is_told(object_type):
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
        self, failures: Failures, field: FieldPlan, plan: SelectionPlan, values: Sequence[Any], place: Place
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

    async def _of_abstract_type(self, field: FieldPlan, shape: Shape, values: Sequence[Any], place: Place) -> Column:
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
            found_columns = await self._strands.all(paused)
            columns += [(indices, found_columns[number]) for number, indices in enumerate(waiting)]
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

    async def _by_base(self, field: FieldPlan, output_type: Any, values: Sequence[Any], place: Place) -> Column:
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

    async def _settled(self, values: list[Any], lists: Items | None = None) -> list[Any]:
        """The values with what was awaitable among them awaited, all at the same time; exceptions are values.

        `lists` are those that an item without value nulls: its siblings are then not waited for.
        """
        settled = list(values)
        if lists is not None:
            self._drop_hopeless(settled, lists)
        waiting = [index for index, value in enumerate(settled) if self.is_awaitable(value)]
        if not waiting:
            return settled
        try:
            await self._strands.pause(Pause.BESIDE)
        except GeneratorExit:
            self.track_async_work(settled)
            raise
        if len(waiting) == 1:
            try:
                settled[waiting[0]] = await values[waiting[0]]
            except Exception as error:
                settled[waiting[0]] = error
            return settled
        # Each in a coroutine of its own: `gather` awaits what is equal but once, and needs it to have a hash.
        tasks = [asyncio.ensure_future(awaited(values[index])) for index in waiting]
        dropped = drop_siblings(tasks, [lists.owner(index)[0] for index in waiting]) if lists is not None else set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        for index, task, result in zip(waiting, tasks, found, strict=True):
            if task in dropped:
                settled[index] = Dropped()
            elif isinstance(result, BaseException) and not isinstance(result, Exception):
                raise result
            else:
                settled[index] = result
        return settled

    def _drop_hopeless(self, values: list[Any], lists: Items) -> None:
        """Await in the background alone what stands in a list that is null already, because an item has no value."""
        null = {
            lists.owner(index)[0]
            for index, value in enumerate(values)
            if value is None or value is Undefined or isinstance(value, Exception)
        }
        if not null:
            return
        for index, value in enumerate(values):
            if self.is_awaitable(value) and lists.owner(index)[0] in null:
                self.track_async_work([value])
                values[index] = Dropped()

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


_LISTS: Final = frozenset((list, tuple, Rows))
_PLAIN: Final = frozenset((str, int, float, bool, NoneType, list, tuple, dict))
"""Types that are neither awaitable nor an error."""


def _is_told(object_type: GraphQLObjectType) -> bool:
    """Whether objects are of this type without being asked."""
    return object_type.is_type_of is None or getattr(object_type.is_type_of, "takes_all", False)


def _are_rows(lists: Sequence[Sequence[Any]]) -> TypeGuard[Sequence[Rows]]:
    return set(map(type, lists)) == {Rows}


def are_plain(kinds: set[type]) -> bool:
    """Whether no value of these types is awaitable, an error or undefined."""
    return kinds <= _PLAIN or not any(
        hasattr(kind, "__await__") or issubclass(kind, (Exception, UndefinedType, GeneratorType)) for kind in kinds
    )
