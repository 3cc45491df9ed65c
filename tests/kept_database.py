"""One database that tests use one after another, emptied after each: its connections stay warm."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import asyncpg

from quotaloom.platform.database import Database, credentials

PATIENCE = 1.0
"""Seconds in which the last snapshots of a test give their connections back."""

EMPTY = """
CREATE FUNCTION pg_temp.empty() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE tables regclass[]; filled regclass;
BEGIN
    SELECT array_agg(c.oid) INTO tables FROM pg_class c
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.relname <> 'tortoise_migrations'
       AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
       AND pg_relation_size(c.oid) > 0;
    IF EXISTS (SELECT FROM unnest(tables) t WHERE pg_relation_size(t) > 1000000) THEN RETURN NULL; END IF;
    FOREACH filled IN ARRAY coalesce(tables, '{}') LOOP EXECUTE format('DELETE FROM %s', filled); END LOOP;
    PERFORM setval(s.seqrelid::regclass, s.seqstart, false) FROM pg_sequence s
      WHERE pg_sequence_last_value(s.seqrelid) IS NOT NULL
        AND s.seqrelid <> 'tortoise_migrations_id_seq'::regclass;
    RETURN (SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid());
END $$
"""


class KeptDatabase:
    """Lends a database that looks new; a test that leaves more than some rows behind costs the next one a new database.

    PostgreSQL learns tables, policies and plans anew for every connection, which takes longer than most tests do.
    What it has learned of small tables is wrong for large ones, and rows that are gone still fill the files: after a
    megabyte in one table a database is not used again.
    """

    def __init__(self, make: Callable[[], Awaitable[tuple[str, str]]], drop: Callable[[str], Awaitable[None]]) -> None:
        self._make = make
        self._drop = drop
        self._ready: Database | None = None
        self._admin: asyncpg.Connection | None = None
        self._url = ""

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Database]:
        """The database for one test; tasks that the test leaves behind end with it."""
        ready = self._ready or await self._open()
        tasks = asyncio.all_tasks()
        # A copy is another database for whatever remembers something of one.
        yield copy.copy(ready)
        await _end(asyncio.all_tasks() - tasks - {asyncio.current_task()})
        if not await self._emptied(ready):
            await self.close()

    async def close(self) -> None:
        """Give the connections up and drop the database."""
        ready, admin = self._ready, self._admin
        self._ready = self._admin = None
        if ready is not None and admin is not None:
            if ready.client._pool is not None:
                ready.client._pool.terminate()  # closing would wait for what a test keeps
            await ready.close()
            await admin.close()
            await self._drop(self._url)

    async def _open(self) -> Database:
        self._url, admin_url = await self._make()
        self._admin = await asyncpg.connect(**credentials(admin_url))
        # The ledger refuses that rows are deleted, and rows that others refer to are: not for a replica.
        await self._admin.execute("SET session_replication_role = replica; SET lock_timeout = '1s';" + EMPTY)
        self._ready = Database(self._url)
        await self._ready.connect()
        return self._ready

    async def _emptied(self, ready: Database) -> bool:
        """Whether everything is as it was at first: no row, no connection in use, none besides the pool's."""
        pool = ready.client._pool
        while await ready.client.readers.spare():
            pass
        if self._admin is None or pool is None or pool.is_closing() or not await _idle(pool):
            return False
        try:
            connections: int | None = await self._admin.fetchval("SELECT pg_temp.empty()")
        except asyncpg.PostgresError:
            return False
        return connections == pool.get_size()


async def _idle(pool: asyncpg.Pool) -> bool:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while pool.get_idle_size() < pool.get_size():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.001)
    return True


async def _end(tasks: Iterable[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
