"""What the database is doing at this moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from quotaloom.platform.database import credentials
from quotaloom.platform.readers import WAIT
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


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
    """How many connections of the application are in a transaction, but for those that wait for the next snapshot."""
    await asyncio.sleep(5 * WAIT)
    admin = await asyncpg.connect(**credentials(admin_url))
    try:
        found: int = await admin.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND state LIKE 'idle in transaction%'"
        )
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
