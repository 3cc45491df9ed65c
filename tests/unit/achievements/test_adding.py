"""Amounts of many periods are added up in turns."""

from __future__ import annotations

import pytest

from quotaloom.achievements.adding import ADDED, added
from quotaloom.platform.stretches import Turns
from tests.turns import counted_turns


@pytest.mark.parametrize(
    ("lists", "length", "given"), [(1, 3, 0), (3, 2, 0), (301, ADDED // 100, 1), (3, ADDED * 2, 2)]
)
async def test_lists_are_added_place_by_place(lists: int, length: int, given: int) -> None:
    """Each list has 1 at its first place and 2 at the others. Three hundred lists of a thousand amounts are added to
    the first in three parts, and others have their turn once that makes more than 100,000: after the second. Of longer
    lists each is a part of its own."""
    async with counted_turns() as turns:
        turns.clear()
        total = await added([[1, *[2] * (length - 1)]] * lists, Turns(ADDED))
        assert len(turns) == given
    assert total == [lists, *[2 * lists] * (length - 1)]
