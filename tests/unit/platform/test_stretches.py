"""Long computations leave the loop to others."""

from __future__ import annotations

import asyncio

import pytest

from quotaloom.platform.stretches import in_stretches


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
