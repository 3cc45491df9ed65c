"""Rows in the order of their columns."""

from __future__ import annotations

from itertools import pairwise
from operator import itemgetter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from quotaloom.reports.ordering import ordered

ROWS = st.lists(st.tuples(st.none() | st.integers(0, 3), st.none() | st.sampled_from("abc")), max_size=20)
DIRECTIONS = st.tuples(st.booleans(), st.booleans())


def test_who_has_nothing_comes_last_in_both_directions() -> None:
    """2, 1 and nothing down; 1, 2 and nothing up; among equals the second key decides, then the given order."""
    rows = [("x", None, 1), ("y", 1, 2), ("z", 2, 3), ("v", 1, 9)]
    first, second = itemgetter(1), itemgetter(2)
    assert [row[0] for row in ordered(rows, [(first, True)])] == ["z", "y", "v", "x"]
    assert [row[0] for row in ordered(rows, [(first, False)])] == ["y", "v", "z", "x"]
    assert [row[0] for row in ordered(rows, [(first, False), (second, True)])] == ["v", "y", "z", "x"]


@settings(max_examples=60)
@given(ROWS, DIRECTIONS)
def test_an_order_is_total_whatever_the_rows_are(
    given_rows: list[tuple[int | None, str | None]], down: tuple[bool, bool]
) -> None:
    """No row is lost or doubled, ordering again changes nothing, and no neighbours stand the wrong way round."""
    rows = [(*row, place) for place, row in enumerate(given_rows)]
    keys = [(itemgetter(0), down[0]), (itemgetter(1), down[1])]
    found = ordered(rows, keys)
    assert sorted(row[2] for row in found) == list(range(len(rows)))
    assert ordered(found, keys) == found
    for one, other in pairwise(found):
        assert _in_turn(one, other, down)


def _in_turn(one: tuple[Any, ...], other: tuple[Any, ...], down: tuple[bool, bool]) -> bool:
    """Whether two neighbours stand in their order: by either column, what is nothing last, then as they were given."""
    for column in (0, 1):
        if one[column] != other[column]:
            if None in (one[column], other[column]):
                return other[column] is None
            return bool((one[column] > other[column]) is down[column])
    return bool(one[2] < other[2])
