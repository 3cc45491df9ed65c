"""The breadth-first executor: for a list of objects, each field is resolved once for the whole list."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from contextvars import ContextVar
from typing import Any, Final, cast

from graphql import GraphQLError, GraphQLField, GraphQLObjectType, OperationType
from graphql.execution.collect_fields import DeferUsage, FieldDetails, GroupedFieldSet
from graphql.execution.executor import Executor, default_field_resolver
from graphql.type import GraphQLResolveInfoHelpers, introspection_types

from strawberry_breadth.documents import kept_operation
from strawberry_breadth.failures import NONE, Column, Failure, Failures, Report
from strawberry_breadth.gathering import Gathering
from strawberry_breadth.places import Place, Root
from strawberry_breadth.plans import FieldPlan, SelectionPlan
from strawberry_breadth.readers import BatchReader, Constant, Default, Reader
from strawberry_breadth.resolving import Resolving
from strawberry_breadth.strands import AT_A_STRETCH, Done, Paused, Strands, drop, resume

INTROSPECTION_TYPES: Final = frozenset(introspection_types)
"""The types that describe a schema."""

AWAITED: Final = ContextVar("AWAITED", default=False)
"""Whether whoever executes awaits the answer, so that it need not be there at once."""


class BreadthFirst(Resolving):
    """A mixin for graphql-core's executors, to be put before one of them.

    What it has no columns for it leaves to the executor behind it: operations with an abort signal or `@defer`,
    lists with `@stream`, asynchronous iterables, and all operations of an executor that executes fields in a way
    of its own.
    """

    @property
    def async_helpers(self) -> GraphQLResolveInfoHelpers:
        """What resolvers are given; made when it is wanted.

        graphql-core keeps it, and it holds the executor: a cycle that keeps all rows that were read until the garbage
        collector comes by.
        """
        return GraphQLResolveInfoHelpers(gather=self.gather_async_work, track=self.track_async_work)

    @async_helpers.setter
    def async_helpers(self, _: GraphQLResolveInfoHelpers) -> None:
        pass

    def execute_operation(self, serially: bool | None = None) -> Any:
        """The result of the operation; where its plan is kept its fields need not be collected. See `Executor`."""
        plan = self._kept_plan()
        if plan is None:
            return super().execute_operation(serially)
        in_turn = self.operation.operation is OperationType.MUTATION if serially is None else serially
        try:
            data = self._started(plan, self.root_value, in_turn)
        except GraphQLError as error:
            return self._failed(error)
        return self.build_response(data) if isinstance(data, dict) else self._response(data)

    async def executed(self) -> Any:
        """The same for whoever awaits it anyway, so that nothing need be found out before."""
        plan = self._kept_plan()
        if plan is None or self.operation.operation is not OperationType.QUERY:
            result = self.execute_operation()
            return await result if self.is_awaitable(result) else result
        self._begin()
        self._strands.in_loop = True
        try:
            return self.build_response(self._closed(*await self._objects(plan, [self.root_value], Root())))
        except GraphQLError as error:
            return self._failed(error)
        except Exception:
            await self._give_up()
            raise
        finally:
            self._gathering.end()

    def _kept_plan(self) -> SelectionPlan | None:
        kept = kept_operation(self.operation)
        if kept is None or not self._is_ours() or self._has_middleware:
            return None
        return kept.found(self.variable_values.coerced)

    async def _response(self, running: Awaitable[dict[str, Any]]) -> Any:
        try:
            return self.build_response(await running)
        except GraphQLError as error:
            return self._failed(error)
        except Exception:
            await self._give_up()
            raise

    async def _give_up(self) -> None:
        await self.cancel_incremental_work()
        self.run_async_work_finished_hook()

    def _failed(self, error: GraphQLError) -> Any:
        self.collected_errors.add(error, None)
        return self.build_response(None)

    def _is_ours(self) -> bool:
        return self.abort_signal is None and type(self).execute_field is Executor.execute_field

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        new_defer_usages: Sequence[DeferUsage],
    ) -> Any:
        """The answer's data; raises the error that leaves none. See graphql-core's `Executor`."""
        if new_defer_usages or not self._is_ours():
            return super().execute_collected_root_fields(
                root_type, root_value, grouped_field_set, serially, new_defer_usages
            )
        return self._started(self._root_plan(root_type, grouped_field_set), root_value, serially)

    def _started(
        self, plan: SelectionPlan, root_value: Any, serially: bool
    ) -> dict[str, Any] | Awaitable[dict[str, Any]]:
        """The data, at once or later; raises the error that leaves none."""
        self._begin()
        outcome = self._strands.step(self._root(plan, root_value, serially))
        if isinstance(outcome, Done):
            return self._closed(*outcome.result)
        return self._finished(outcome)

    def _begin(self) -> None:
        self._report, self._strands, self._gathering = Report(), Strands(), Gathering()
        self._told, self._written = {}, 0
        self._strands.in_loop = AWAITED.get()
        self._json_writer = getattr(self.context_value, "json_writer", None)

    async def _finished(self, paused: Paused[Column]) -> dict[str, Any]:
        self._strands.in_loop = True
        try:
            return self._closed(*await resume(paused.strand))
        finally:
            self._gathering.end()

    def _closed(self, objects: list[Any], failures: Failures) -> dict[str, Any]:
        """Hand the errors over in document order; raises the one that nulled everything."""
        if not (failures or self._report.has_errors or self.collected_errors.errors):
            return cast("dict[str, Any]", objects[0])
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
        if kept is None or self._has_middleware:
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
        reader = None if self._has_middleware else self.reader(parent_type, details[0].node.name.value, definition)
        plan = FieldPlan(name, ordinal, details, definition, parent_type, reader, resolve)
        plan.introspects = parent_type.name in INTROSPECTION_TYPES and reader is None and not self._has_middleware
        return plan

    @property
    def _has_middleware(self) -> bool:
        """Whether something wants to see every field of every object; Strawberry always passes a manager."""
        return self.middleware_manager is not None and bool(self.middleware_manager.middlewares)

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
            kept = kept_operation(self.operation)
            if kept is not None:
                kept.grown(len(found.fields))
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
        alone = None if self._strands.stepping else plan.alone
        for field in plan.fields:
            if len(sources) > AT_A_STRETCH and type(sources) is list:
                column = await self._long_column(field, sources)
            else:
                column = self._plain_column(field, sources)
            if column is None and field is alone and not paused:  # nothing could go on beside it
                column = await self._field(field, sources, place)
            elif column is None:
                outcome = self._strands.step(self._field(field, sources, place))
                if isinstance(outcome, Done):
                    column = outcome.result
                else:
                    waiting.append(len(columns))
                    paused.append(outcome)
            columns.append(column)
            self._written += len(sources)
            if self._written > AT_A_STRETCH and self._strands.in_loop:
                await self._strands.breathe()
                self._written = 0  # not before: where it is stepped, whoever steps it shall breathe as well
        if paused:
            await self._awaited_columns(columns, waiting, paused, len(sources))
        count = len(sources)
        failures: Failures = NONE
        lists: list[list[Any]] = []
        for values, failed in cast("list[Column]", columns):
            lists.append(values)
            if failed:
                failures = {**failed, **failures}  # the first field's error is the one that is told
        if not lists:
            return [{} for _ in range(count)], NONE
        objects = plan.assemble(lists) if count <= AT_A_STRETCH else await self._assembled(plan, lists, count)
        for index in failures:
            objects[index] = None
        return objects, failures

    async def _long_column(self, field: FieldPlan, sources: list[Any]) -> Column | None:
        """A plain column of many objects, each of which may take its time: others have the loop in between."""
        values: list[Any] = []
        for start in range(0, len(sources), AT_A_STRETCH):
            if start:
                await self._strands.breathe()
            column = self._plain_column(field, sources[start : start + AT_A_STRETCH])
            if column is None:
                return None
            values += column[0]
        return values, NONE

    async def _awaited_columns(
        self, columns: list[Column | None], waiting: list[int], paused: list[Paused[Column]], count: int
    ) -> None:
        """Fill in the columns that have to be waited for; none is needed once every object is null already."""

        def nulls_all(column: Column) -> bool:
            return len(column[1]) == count

        if any(column is not None and nulls_all(column) for column in columns):
            drop(paused)
            found: dict[int, Column] = {}
        else:
            found = await self._strands.all(paused, nulls_all)
        for number, index in enumerate(waiting):
            columns[index] = found.get(number) or ([None] * count, NONE)

    async def _assembled(self, plan: SelectionPlan, columns: Sequence[list[Any]], count: int) -> list[Any]:
        """Objects that are too many to be made at a stretch."""
        objects: list[Any] = []
        for begun in range(0, count, AT_A_STRETCH):
            objects += plan.assemble([values[begun : begun + AT_A_STRETCH] for values in columns])
            await self._strands.breathe()
        return objects
