"""Lists: the items of all lists of a column are completed as one column, and large ones written early."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from graphql import GraphQLError, GraphQLObjectType
from graphql.execution.executor import collect_iterator_awaitables
from graphql.pyutils import is_iterable

from strawberry_breadth.awaiting import Dropped
from strawberry_breadth.failures import NONE, Column, Failure, Failures
from strawberry_breadth.places import Items, Place
from strawberry_breadth.plans import OBJECT, FieldPlan, SelectionPlan, Shape
from strawberry_breadth.strands import AT_A_STRETCH, Strands
from strawberry_breadth.tables import Rows, is_table, joined
from strawberry_breadth.texts import JSONWriter, Texts

if TYPE_CHECKING:
    from graphql.execution import Executor

    Base = Executor[Any]
else:
    Base = object

MANY_ROWS: Final = 64
"""So many rows of nothing but texts are written without being made into objects."""

MANY_TEXTS: Final = 65_536
"""So many texts are written before others may have the event loop: a few milliseconds."""

MANY_LISTS: Final = 64
"""Lists of so many objects are written before the rest of the answer is there."""


class Listing(Base):
    """The part of the engine that completes lists."""

    _strands: Strands
    _json_writer: JSONWriter | None

    async def _positions(self, field: FieldPlan, shape: Shape, values: Sequence[Any], place: Place) -> Column:
        raise NotImplementedError

    async def _by_base(self, field: FieldPlan, output_type: Any, values: Sequence[Any], place: Place) -> Column:
        raise NotImplementedError

    def _plain_column(self, field: FieldPlan, sources: Sequence[Any]) -> Column | None:
        raise NotImplementedError

    def _below(self, field: FieldPlan, object_type: GraphQLObjectType) -> SelectionPlan:
        raise NotImplementedError

    def _failure(self, field: FieldPlan, place: Place, index: int, error: Exception) -> Failure:
        raise NotImplementedError

    async def _lists(self, field: FieldPlan, shape: Shape, values: Sequence[Any], place: Place) -> Column:
        """Complete lists, the items of all of them as one column."""
        kinds = set(map(type, values))
        are_lists = kinds <= _LISTS
        if field.by_base or (not are_lists and any(map(self.is_async_iterable, values))):
            return await self._by_base(field, shape.type, values, place)
        failures: Failures = NONE
        lists: Sequence[Any] = values
        if not are_lists:
            lists, failures = self._materialized(field, values, place)
        inner = shape.inner
        assert inner is not None
        items = joined(lists) if kinds == _ROWS else list(chain.from_iterable(lists))
        if len(items) > AT_A_STRETCH:
            await self._strands.breathe()
        writer = self._json_writer if len(items) >= MANY_ROWS else None
        if writer is not None and (texts := await self._as_texts(field, inner, items)) is not None:
            rows = iter(texts)
            return [writer.of_text(f"[{','.join(islice(rows, len(one)))}]") for one in lists], failures
        counts = list(map(len, lists))
        below = Items(place, counts)
        outputs, failed = await self._positions(field, inner, items, below)
        if len(items) > AT_A_STRETCH:
            await self._strands.breathe()
        rest = iter(outputs)
        written: list[Any] = [outputs] if len(lists) == 1 else [list(islice(rest, count)) for count in counts]
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

    async def _as_texts(self, field: FieldPlan, shape: Shape, items: Sequence[Any]) -> list[str] | None:
        """The JSON of each object, where all that is asked of them are texts that stand in a table."""
        if shape.kind != OBJECT or not is_table(items) or not is_told(shape.type):
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
        step = max(1, MANY_TEXTS // len(columns))
        if len(items) <= step:
            return plan.rows_of_texts(columns)
        texts: list[str] = []
        for begun in range(0, len(items), step):
            texts += plan.rows_of_texts([Texts(one[begun : begun + step]) for one in columns])
            await self._strands.breathe()
        return texts

    def _materialized(
        self, field: FieldPlan, values: Sequence[Any], place: Place
    ) -> tuple[list[Sequence[Any]], Failures]:
        """Lists and tuples as they are, other iterables as lists; an empty list stands for what is none."""
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


_LISTS: Final = frozenset((list, tuple, Rows))
_ROWS: Final = frozenset((Rows,))


def is_told(object_type: GraphQLObjectType) -> bool:
    """Whether objects are of this type without being asked."""
    return object_type.is_type_of is None or getattr(object_type.is_type_of, "takes_all", False)
