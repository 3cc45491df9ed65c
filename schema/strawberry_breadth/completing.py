"""From the values of a column to outputs: leaves, lists, objects, nulls and errors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import lru_cache
from types import GeneratorType, NoneType
from typing import Any, Final, cast

from graphql import GraphQLObjectType, located_error
from graphql.execution.executor import invalid_return_type_error
from graphql.pyutils import Undefined, UndefinedType
from graphql.pyutils.is_awaitable import is_awaitable
from graphql.type import GraphQLResolveInfo
from strawberry.execution import optimized_is_awaitable

from strawberry_breadth.awaiting import Dropped, awaited, drop_siblings
from strawberry_breadth.failures import NONE, Column, Failure, Failures, Report
from strawberry_breadth.listing import Listing, is_told
from strawberry_breadth.places import Items, Part, Place
from strawberry_breadth.plans import LEAF, LIST, OBJECT, FieldPlan, SelectionPlan, Shape
from strawberry_breadth.strands import Done, Pause, Paused
from strawberry_breadth.tables import is_table

_BY_TYPE = (is_awaitable, optimized_is_awaitable)


class Completing(Listing):
    """The part of the engine that completes columns of values."""

    _report: Report
    _told: dict[tuple[str | int, ...], tuple[int, ...]]

    async def _objects(self, plan: SelectionPlan, sources: Sequence[Any], place: Place) -> Column:
        raise NotImplementedError

    async def _positions(self, field: FieldPlan, shape: Shape, values: Sequence[Any], place: Place) -> Column:
        """Complete values of a type that may be non-null; what failed is null here, or above."""
        plan = self._plan_of_objects(field, shape, values)
        if plan is not None:
            outputs, failures = await self._objects(plan, values, place)
        else:
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

    def _plan_of_objects(self, field: FieldPlan, shape: Shape, values: Sequence[Any]) -> SelectionPlan | None:
        """What is asked of values that are objects of one type, and nothing else; None where that is not known."""
        if shape.kind != OBJECT or not values or not is_told(shape.type):
            return None
        if not is_table(values):
            kinds = set(map(type, values))
            if NoneType in kinds or not are_plain(kinds):
                return None
        plan = self._below(field, shape.type)
        return None if plan.by_base else plan

    def _null(self, place: Place, index: int, failure: Failure) -> None:
        """The position is null because of the failure; the base class tells nothing more of what is below it."""
        self._report.add(place.key(index), failure)
        self.collected_errors._error_positions.add(place.path(index))

    async def _values(self, field: FieldPlan, shape: Shape, values: Sequence[Any], place: Place) -> Column:
        if is_table(values):  # its rows are values, all of them
            return await self._present(field, shape, values, place)
        values = cast("list[Any]", values)
        kinds = set(map(type, values))
        failures: Failures = NONE
        if not are_plain(kinds):
            if self._any_awaitable(kinds, values):
                lists = place if isinstance(place, Items) and shape.required and self.error_propagation else None
                values = await self._settled(values, lists)
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

    async def _of_type(
        self, field: FieldPlan, object_type: GraphQLObjectType, values: Sequence[Any], place: Place
    ) -> Column:
        """Complete objects of one type."""
        plan = self._below(field, object_type)
        if plan.by_base:
            return await self._by_base(field, object_type, values, place)
        is_type_of = object_type.is_type_of
        if is_type_of is None or is_told(object_type):
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


_PLAIN: Final = frozenset((str, int, float, bool, NoneType, list, tuple, dict))
"""Types that are neither awaitable nor an error."""


def are_plain(kinds: set[type]) -> bool:
    """Whether no value of these types is awaitable, an error or undefined."""
    return kinds <= _PLAIN or all(map(_is_plain, kinds))


@lru_cache(maxsize=256)
def _is_plain(kind: type) -> bool:
    return not (hasattr(kind, "__await__") or issubclass(kind, (Exception, UndefinedType, GeneratorType)))
