"""What the database is doing at this moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from quotaloom.platform.database import credentials
from quotaloom.platform.readers import WAIT
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

LOOKS = 100
"""How often is looked again whether something has come to its end, some milliseconds apart."""


async def waiting_for(admin: asyncpg.Connection, *tables: str, least: int = 1) -> None:
    """Wait until so many wait for one of these tables, in whatever mode."""
    while True:
        waiting = await admin.fetchval(
            "SELECT count(DISTINCT pid) FROM pg_locks WHERE relation = ANY($1::text[]::regclass[]) AND NOT granted",
            tables,
        )
        if waiting >= least:
            return
        await asyncio.sleep(0.01)


async def somebody_waits(admin: asyncpg.Connection) -> None:
    """Wait until a statement waits for what another transaction holds."""
    while True:
        waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        if await admin.fetchval(waits):
            return
        await asyncio.sleep(0.01)


async def busy(admin_url: str) -> int:
    """How many connections of the application stay in a transaction, though nobody waits for the next snapshot.

    On a busy machine those that have waited for it may take a while to come back.
    """
    admin = await asyncpg.connect(**credentials(admin_url))
    try:
        for _ in range(LOOKS):
            await asyncio.sleep(5 * WAIT)
            found: int = await admin.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND state LIKE 'idle in transaction%'"
            )
            if not found:
                break
        return found
    finally:
        await admin.close()


async def overtaken(
    admin_url: str,
    work: Work,
    hold: Callable[[Transaction], Awaitable[object]],
    asks: Callable[[], Awaitable[object]],
    happens: Callable[[], Awaitable[object]] | None = None,
) -> asyncio.Future[object]:
    """What was asked for, which had to wait for what a transaction holds; what happens meanwhile comes before it."""
    admin = await asyncpg.connect(**credentials(admin_url))

    async def busy(transaction: Transaction) -> asyncio.Future[object]:
        await hold(transaction)
        waiting = asyncio.ensure_future(asks())
        await somebody_waits(admin)
        if happens is not None:
            await happens()
        return waiting

    try:
        return await work.write(busy)
    finally:
        await admin.close()
