"""Rows in the order of their columns: whatever has no value comes last, and the given order decides among equals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from quotaloom.platform.errors import InputError, Path

R = TypeVar("R")
C = TypeVar("C", bound=StrEnum)

MOST_SORTS: Final = 5


@dataclass(frozen=True, slots=True)
class SortBy:
    """A column by which rows are ordered: the least value first, or the greatest with `descending`.

    `metric` is the key of the metric whose figures decide, None standing for the report's first one.
    """

    column: str
    descending: bool = False
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class SortKey(Generic[C]):
    """A column and the place of its metric."""

    column: C
    metric: int
    descending: bool


def ordered(rows: Sequence[R], keys: Sequence[tuple[Callable[[R], Any], bool]]) -> list[R]:
    """The rows by the first key, among equals by the second, and so on, each with whether it is descending.

    A key that is None comes last in both directions. Where all keys are equal the given order stays, so that the
    order is total wherever the given one is.
    """
    found = list(rows)
    for key, descending in reversed(keys):
        valued = [(value, row) for row in found if (value := key(row)) is not None]
        without = [row for row in found if key(row) is None] if len(valued) < len(found) else []
        valued.sort(key=lambda pair: pair[0], reverse=descending)
        found = [*(row for _, row in valued), *without]
    return found


def sort_keys(sort: Sequence[SortBy], metrics: Sequence[str], columns: type[C]) -> tuple[SortKey[C], ...]:
    """What `sort` names among the columns and metrics of a report.

    Raises `InputError` TOO_MANY_SORTS, BAD_COLUMN and UNKNOWN_METRIC.
    """
    if len(sort) > MOST_SORTS:
        raise InputError("TOO_MANY_SORTS", f"order by {MOST_SORTS} columns at the most", ("sort",))
    found = []
    for place, by in enumerate(sort):
        (column,) = columns_named(columns, [by.column], ("sort", place, "column"))
        if by.metric is not None and by.metric not in metrics:
            message = f"the report has no metric {by.metric[:60]!r}; it has {', '.join(metrics)}"
            raise InputError("UNKNOWN_METRIC", message, ("sort", place, "metric"))
        found.append(SortKey(column, 0 if by.metric is None else metrics.index(by.metric), by.descending))
    return tuple(found)


def columns_named(columns: type[C], names: Sequence[str], path: Path = ("columns",)) -> list[C]:
    """The columns of these names; raises `InputError` BAD_COLUMN for what is none."""
    known = {column.value: column for column in columns}
    for name in names:
        if name not in known:
            message = f"{name[:60]!r} is no column of this report; there are {', '.join(known)}"
            raise InputError("BAD_COLUMN", message, path)
    return [known[name] for name in names]
