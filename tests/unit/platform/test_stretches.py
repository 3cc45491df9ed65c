"""Long computations leave the loop to others."""

from __future__ import annotations

import asyncio

import pytest

from quotaloom.platform.stretches import Turns, each_in_turn, in_stretches
from tests.turns import counted_turns


@pytest.mark.parametrize(("count", "pieces"), [(0, []), (3, [3]), (4, [4]), (5, [4, 1]), (12, [4, 4, 4])])
async def test_rows_come_in_pieces_with_turns_between(count: int, pieces: list[int]) -> None:
    """Four at a time, in order; a task that is ready runs between two pieces, and not before the first."""
    seen: list[str] = []
    rows: list[int] = []
    task: asyncio.Task[None] | None = None

    async def other() -> None:
        seen.append("other")

    async for some in in_stretches(range(count), 4):
        seen.append(str(len(some)))
        rows += some
        task = asyncio.create_task(other())
    assert rows == list(range(count))
    assert seen == [
        one for number, length in enumerate(pieces) for one in (["other"] if number else []) + [str(length)]
    ]
    if task is not None:
        await task


async def test_what_is_made_of_each_row_comes_in_turns() -> None:
    """Ten rows, four at a time, are made in three turns of somebody else, in their order."""
    async with counted_turns() as turns:
        turns.clear()
        made = await each_in_turn(range(10), lambda row: (row, len(turns)), 4)
    assert [row for row, _ in made] == list(range(10))
    assert [sum(turn == one for _, turn in made) for one in range(3)] == [4, 4, 2]


async def test_turns_go_by_the_work_that_is_done() -> None:
    """Others have one after more than ten, whatever the parts are; what was done before is not counted again."""
    giving, seen = Turns(10), []
    async with counted_turns() as turns:
        turns.clear()
        for work in (4, 6, 1, 10, 1, 25, 3):
            await giving.done(work)
            seen.append(len(turns))
    assert seen == [0, 0, 1, 1, 2, 3, 3]
