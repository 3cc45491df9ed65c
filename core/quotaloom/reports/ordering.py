"""Rows in the order of their columns: whatever has no value comes last, and the given order decides among equals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from quotaloom.platform.errors import InputError

R = TypeVar("R")

MOST_SORTS: Final = 5


@dataclass(frozen=True, slots=True)
class SortBy:
    """A column by which rows are ordered: the least value first, or the greatest with `descending`.

    `metric` is the key of the metric whose figures decide, None standing for the report's first one.
    """

    column: str
    descending: bool = False
    metric: str | None = None


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


def refuse_many_sorts(sort: Sequence[SortBy]) -> None:
    """Raise `InputError` TOO_MANY_SORTS for more columns than anybody needs."""
    if len(sort) > MOST_SORTS:
        raise InputError("TOO_MANY_SORTS", f"order by {MOST_SORTS} columns at the most", ("sort",))
