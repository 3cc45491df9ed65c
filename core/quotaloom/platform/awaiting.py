"""Waiting for an event that may not come."""

from __future__ import annotations

import asyncio


async def comes(event: asyncio.Event, seconds: float) -> bool:
    """Whether an event is set within so many seconds.

    Python 3.11's `asyncio.wait_for` forgets that it was cancelled where what it waits for comes in the same moment: who
    was told to end then never does.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
