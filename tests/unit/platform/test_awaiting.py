"""Waiting for an event with a limit of time."""

from __future__ import annotations

import asyncio

import pytest

from quotaloom.platform.awaiting import comes


@pytest.mark.parametrize("steps", range(5))
async def test_whoever_is_cancelled_ends_though_the_event_comes_in_the_same_moment(steps: int) -> None:
    """He who waits in a loop for one event after the other, too; with `wait_for` he would go on."""
    event = asyncio.Event()

    async def looks() -> None:
        while True:
            await comes(event, 60)
            event.clear()

    looking = asyncio.create_task(looks())
    for _ in range(3):
        await asyncio.sleep(0)
    event.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    looking.cancel()
    done, _ = await asyncio.wait({looking}, timeout=5)
    assert done == {looking}
    assert looking.cancelled()


@pytest.mark.parametrize("comes_at_all", [True, False])
async def test_it_is_told_whether_it_came(*, comes_at_all: bool) -> None:
    """Within the time, or not."""
    event = asyncio.Event()
    if comes_at_all:
        asyncio.get_running_loop().call_later(0.01, event.set)
    assert await comes(event, 60 if comes_at_all else 0.01) is comes_at_all
