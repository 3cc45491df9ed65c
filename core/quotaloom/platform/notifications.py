"""What other processes tell through PostgreSQL's NOTIFY, on one connection that comes back when it is lost.

A notification that is sent while the connection is away is missed: use it to warm what is read from the database
anyway, or read anew whenever listening begins.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from quotaloom.platform.awaiting import comes
from quotaloom.platform.database import credentials

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds between attempts to come back: doubled each time."""

SILENCE, PATIENCE = 30.0, 10.0
"""Seconds after which the database is asked whether it is still there, and for how long an answer is awaited."""

_ANY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Whatever goes wrong with the connection: it is made anew."""

_log = logging.getLogger(__name__)

Tellers = Mapping[str, Callable[[str], object]]
"""Who is told the payload of each notification, by channel."""


@asynccontextmanager
async def listening(
    database_url: str, tellers: Tellers, began: Callable[[], object] = lambda: None
) -> AsyncIterator[None]:
    """Listen on all channels of `tellers` while the block runs.

    `began` is called whenever listening begins, the first time and after each loss of the connection: what was sent
    before was missed. What the tellers raise is logged.
    """
    task = asyncio.create_task(_listen(database_url, tellers, began))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _listen(database_url: str, tellers: Tellers, began: Callable[[], object]) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            connection = await asyncpg.connect(**credentials(database_url))
        except _ANY:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            continue
        pause = FIRST_PAUSE
        await _until_lost(connection, tellers, began)


async def _until_lost(connection: Any, tellers: Tellers, began: Callable[[], object]) -> None:
    lost = asyncio.Event()

    def told(_: object, __: int, channel: str, payload: str) -> None:
        try:
            tellers[channel](payload)
        except Exception:
            _log.exception("a notification on %s was not understood: %s", channel, payload)

    connection.add_termination_listener(lambda _: lost.set())
    try:
        with suppress(*_ANY):
            for channel in tellers:
                await connection.add_listener(channel, told)
            began()
            await _watched(connection, lost)
    finally:
        with suppress(*_ANY):
            await connection.close(timeout=2)


async def _watched(connection: Any, lost: asyncio.Event) -> None:
    """Return, or raise, once the connection is lost; one that breaks without a word is found out by asking."""
    while not lost.is_set():
        if not await comes(lost, SILENCE):
            await connection.execute("SELECT 1", timeout=PATIENCE)
