"""What other processes tell through PostgreSQL's NOTIFY, on a connection that comes back when it is lost.

A notification that is sent while the connection is away is missed: use it to warm what is read from the database
anyway, never as the only word.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from quotaloom.platform.database import credentials

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds between attempts to come back: doubled each time."""

_ANY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""Whatever goes wrong with the connection: it is made anew."""

_log = logging.getLogger(__name__)


@asynccontextmanager
async def listening(database_url: str, channel: str, tell: Callable[[str], object]) -> AsyncIterator[None]:
    """Call `tell` with the payload of each notification on `channel` while the block runs.

    What `tell` raises is logged.
    """
    task = asyncio.create_task(_listen(database_url, channel, tell))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _listen(database_url: str, channel: str, tell: Callable[[str], object]) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            connection = await asyncpg.connect(**credentials(database_url))
        except _ANY:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            continue
        pause = FIRST_PAUSE
        await _until_lost(connection, channel, tell)


async def _until_lost(connection: Any, channel: str, tell: Callable[[str], object]) -> None:
    lost = asyncio.Event()

    def told(_: object, __: int, ___: str, payload: str) -> None:
        try:
            tell(payload)
        except Exception:
            _log.exception("a notification on %s was not understood: %s", channel, payload)

    connection.add_termination_listener(lambda _: lost.set())
    try:
        with suppress(*_ANY):
            await connection.add_listener(channel, told)
            await lost.wait()
    finally:
        with suppress(*_ANY):
            await connection.close(timeout=2)
