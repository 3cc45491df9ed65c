"""Work that is given up when nobody waits for it."""

from __future__ import annotations

import asyncio

import pytest

from quotaloom.platform.callers import answering, while_awaited
from quotaloom.platform.errors import CallerGone


class Leaving:
    """A caller who goes away when the test says so."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def gone(self) -> None:
        await self.left.wait()


async def seven() -> int:
    await asyncio.sleep(0)
    return 7


async def test_work_for_nobody_in_particular_runs_to_its_end() -> None:
    """Such as that of an import."""
    assert await while_awaited(seven()) == 7


async def test_work_for_a_caller_who_stays_gives_its_result_or_its_error() -> None:
    """As if it had been awaited alone."""

    async def failing() -> int:
        raise LookupError("nothing there")

    with answering(Leaving()):
        assert await while_awaited(seven()) == 7
        with pytest.raises(LookupError, match="nothing there"):
            await while_awaited(failing())


async def test_work_for_a_caller_who_goes_away_is_cancelled() -> None:
    """It has ended when the error comes; in what is begun outside, nobody has gone."""
    caller, ended = Leaving(), asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with answering(caller):
        asyncio.get_running_loop().call_soon(caller.left.set)
        with pytest.raises(CallerGone):
            await while_awaited(endless())
    assert ended.is_set()
    assert await while_awaited(seven()) == 7


async def test_work_is_cancelled_with_whoever_awaits_it() -> None:
    """A cancellation from outside reaches it."""
    ended = asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with answering(Leaving()):
        waiting = asyncio.ensure_future(while_awaited(endless()))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert ended.is_set()
