"""Requests that are cut off where nothing is torn by it, and run on where something would be."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from quotaloom.platform.unbroken import Breakable, to_the_end, unbroken


def breakable(work: Coroutine[Any, Any, Any]) -> Breakable:
    return Breakable(work, loop=asyncio.get_running_loop())


async def test_whoever_only_waits_is_cut_off() -> None:
    """As a task is that is cancelled."""
    task = breakable(asyncio.sleep(60))
    await asyncio.sleep(0)
    assert task.break_off("the server ends")
    with pytest.raises(asyncio.CancelledError, match="the server ends"):
        await task


async def test_what_runs_to_its_end_is_not_cut_off() -> None:
    """Nor what is within it; before and after it is the same task, and may be cut off."""
    go_on, seen, tasks = asyncio.Event(), list[bool](), set[object]()

    async def inner() -> None:
        tasks.add(asyncio.current_task())
        seen.append(unbroken())
        await go_on.wait()
        raise KeyError("inner")

    async def outer() -> str:
        with pytest.raises(KeyError):
            await to_the_end(inner())
        seen.append(unbroken())
        return "done"

    async def request() -> None:
        seen.append(unbroken())
        assert await to_the_end(outer()) == "done"
        seen.append(unbroken())
        await asyncio.sleep(60)

    task = breakable(request())
    await asyncio.sleep(0)
    for _ in range(3):
        assert not task.break_off()
        await asyncio.sleep(0)
    go_on.set()
    await asyncio.sleep(0.01)
    assert seen == [False, True, True, False]
    assert tasks == {task}
    assert task.break_off()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_time_limits_within_still_hold() -> None:
    """They cancel the task from inside, which is nobody's else."""

    async def work() -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)
        except TimeoutError:
            return "over"
        return "not over"

    assert await breakable(to_the_end(work())) == "over"
