"""Rows that are columns from the beginning.

A loader may return a `Table` instead of rows, such as PostgreSQL gives it with `array_agg`: no object is made for a
row then, neither by the driver nor here, and plain fields are there already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, compress, count, islice, pairwise, starmap
from operator import itemgetter, ne
from typing import Any, TypeGuard, final, overload

from strawberry_breadth.texts import Texts


class TableRow:
    """One row of a table, read by `row["name"]`."""

    __slots__ = ("_index", "_table")

    def __init__(self, table: Table, index: int) -> None:
        self._table, self._index = table, index

    def __getitem__(self, name: str) -> Any:
        return self._table.column(name)[self._index]


@final  # so that its type tells it: `isinstance` asks the abstract class, which takes its time
class Table(Sequence[TableRow]):
    """Columns of equal length, by name, which are not changed afterwards. As a sequence it is that of its rows."""

    __slots__ = ("_columns", "_length", "_order", "_source")

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        lengths = set(map(len, columns.values()))
        if len(lengths) != 1:
            raise ValueError(f"the columns of a table are equally long, not {sorted(lengths)}")
        self._columns: dict[str, list[Any]] = {
            name: values if isinstance(values, list) else list(values) for name, values in columns.items()
        }
        self._length: int = lengths.pop()
        self._source: Table | None = None
        self._order: Sequence[int] = ()

    def column(self, name: str) -> list[Any]:
        """The values of a column, which are not to be changed. Raises `KeyError` for one that it does not have."""
        found = self._columns.get(name)
        if found is None:
            if self._source is None:
                raise KeyError(name)
            found = self._columns[name] = _ordered(self._source.column(name), self._order)
        return found

    def in_order(self, order: Sequence[int]) -> Table:
        """The rows with these numbers, in this order."""
        made = Table.__new__(Table)
        made._columns, made._length, made._source, made._order = {}, len(order), self, order
        return made

    def grouped(self, by: str, keys: Sequence[Any]) -> list[Rows]:
        """The rows of each key, in the order of the keys; rows of one key follow each other."""
        values = self.column(by)
        begins = [0, *compress(count(1), map(ne, values, islice(values, 1, None)))]
        spans: dict[Any, tuple[int, int]] = {}
        for begin, end in zip(begins, [*begins[1:], len(values)], strict=True):
            if begin != end and spans.setdefault(values[begin], (begin, end)) != (begin, end):
                raise ValueError(f"the rows of {by} {values[begin]!r} do not follow each other")
        return [Rows(self, *spans.get(key, (0, 0))) for key in keys]

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> TableRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TableRow]: ...
    def __getitem__(self, index: int | slice) -> TableRow | Sequence[TableRow]:
        if isinstance(index, slice):
            return [TableRow(self, number) for number in range(*index.indices(self._length))]
        return TableRow(self, range(self._length)[index])

    def __iter__(self) -> Iterator[TableRow]:
        return (TableRow(self, index) for index in range(self._length))


def _ordered(values: list[Any], order: Sequence[int]) -> list[Any]:
    if isinstance(order, range):
        ordered = values[order.start : order.stop]
    else:
        ordered = list(itemgetter(*order)(values)) if len(order) > 1 else [values[index] for index in order]
    return Texts(ordered) if isinstance(values, Texts) else ordered


@final
class Rows(Sequence[TableRow]):
    """Rows of a table that follow each other."""

    __slots__ = ("begin", "end", "table")

    def __init__(self, table: Table, begin: int, end: int) -> None:
        self.table, self.begin, self.end = table, begin, end

    def __len__(self) -> int:
        return self.end - self.begin

    @overload
    def __getitem__(self, index: int) -> TableRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TableRow]: ...
    def __getitem__(self, index: int | slice) -> TableRow | Sequence[TableRow]:
        if isinstance(index, slice):
            return self.table[self.begin : self.end][index]
        return TableRow(self.table, range(self.begin, self.end)[index])


def is_table(values: object) -> TypeGuard[Table]:
    """Whether these are rows of a table."""
    return type(values) is Table


def joined(lists: Sequence[Rows]) -> Sequence[Any]:
    """The rows of all lists, one after the other: a table where all are of the same one."""
    table = lists[0].table
    for rows in lists:
        if rows.table is not table:
            return list(chain.from_iterable(lists))
    spans = [(rows.begin, rows.end) for rows in lists if rows.begin != rows.end]
    if all(end == begin for (_, end), (begin, _) in pairwise(spans)):
        begin, end = (spans[0][0], spans[-1][1]) if spans else (0, 0)
        return table if end - begin == len(table) else table.in_order(range(begin, end))
    return table.in_order(list(chain.from_iterable(starmap(range, spans))))
