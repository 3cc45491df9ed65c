"""How often others have the event loop while something runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def counted_turns() -> AsyncIterator[list[int]]:
    """A list that grows by one with each turn of the loop while the block runs; empty it to count anew."""
    turns: list[int] = []

    async def other() -> None:
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await asyncio.sleep(0)
    try:
        yield turns
    finally:
        task.cancel()
