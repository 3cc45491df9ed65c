"""What is awaited for an operation ends with its time."""

from __future__ import annotations

import asyncio
import time

import pytest

from quotaloom.platform.limits import Allowance, LimitExceeded, Limits
from quotaloom.platform.time_limits import in_time, operation_time, timed


async def test_what_is_awaited_is_cancelled_once_the_time_is_over() -> None:
    """It has ended when the error comes, which says of how many seconds; whoever has no operation waits for ever."""
    ended = asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with timed(Allowance(Limits(operation_seconds=0.02))), pytest.raises(LimitExceeded) as caught:
        async with in_time(operation_time()):
            await endless()
    assert ended.is_set()
    assert caught.value.extensions["allowed"] == 0.02
    assert operation_time() is None
    async with in_time(operation_time()):
        await asyncio.sleep(0.03)


async def test_time_that_is_over_already_lets_nothing_begin() -> None:
    """The time begins once, with whatever is waited for first."""
    with timed(Allowance(Limits(operation_seconds=0.02))):
        async with in_time(operation_time()):
            pass
        await asyncio.sleep(0.03)
        with pytest.raises(LimitExceeded):
            async with in_time(operation_time()):
                pytest.fail("it was begun")


async def test_what_computed_meanwhile_is_told_so_at_its_end() -> None:
    """Nothing interrupts it."""
    with timed(Allowance(Limits(operation_seconds=0.02))), pytest.raises(LimitExceeded):
        async with in_time(operation_time()):
            time.sleep(0.03)  # noqa: ASYNC251 (as if it computed)


async def test_a_time_limit_of_somebody_else_stays_his() -> None:
    """What is awaited may have one of its own."""
    with timed(Allowance(Limits(operation_seconds=60))), pytest.raises(TimeoutError):
        async with in_time(operation_time()), asyncio.timeout(0.01):
            await asyncio.Event().wait()
