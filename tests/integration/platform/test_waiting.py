"""Those who wait for a connection of the pool: for how long, and for which database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from quotaloom.platform import engine
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Unavailable
from quotaloom.platform.limits import Allowance, LimitExceeded, Limits
from quotaloom.platform.time_limits import timed
from quotaloom.platform.unit_of_work import Writer
from tests.founding import NOON
from tests.integration.jobs.doing import until
from tests.integration.platform.ways import Way, way_to


@asynccontextmanager
async def pool_of(size: int, url: str) -> AsyncIterator[Database]:
    """A database with so many connections."""
    database = Database(url, pool_size=size)
    await database.connect()
    try:
        yield database
    finally:
        await database.close()


async def read(database: Database) -> int:
    """Read something; always 1."""
    async with database.snapshot(1) as snapshot:
        row = await snapshot.fetch_one("SELECT 1 AS number")
    assert row is not None
    number: int = row["number"]
    return number


async def write(database: Database) -> int:
    """Write nothing, in a transaction; always 1."""

    async def nothing(_: object) -> int:
        return 1

    return await database.write(1, Writer("tests", None, NOON), nothing)


async def test_nobody_waits_for_a_database_that_is_silent(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who wait for a connection are told so while the two that have one still wait for their answers, which come.

    All goes on once it speaks again.
    """
    monkeypatch.setattr(engine, "PATIENCE", 0.05)
    async with way_to(database_url) as way, pool_of(2, way.url) as database:
        async with database.snapshot(1) as one, database.snapshot(1) as other:
            for snapshot in (one, other):
                await snapshot.fetch("SELECT 1")
            way.speaks.clear()
            holding = [asyncio.create_task(snapshot.fetch("SELECT 1")) for snapshot in (one, other)]
            waiting = [read(database), write(database), read(database), write(database)]
            told = await asyncio.gather(*waiting, return_exceptions=True)
            assert [isinstance(error, Unavailable) for error in told] == [True] * 4
            assert [task.done() for task in holding] == [False, False]
            way.speaks.set()
            assert [len(rows) for rows in await asyncio.gather(*holding)] == [1, 1]
        assert await asyncio.gather(*(read(database) for _ in range(9)), write(database)) == [1] * 10


async def test_a_pool_that_is_busy_is_no_outage(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who wait do so however often they ask; who gives up gets no connection, and keeps none."""
    monkeypatch.setattr(engine, "PATIENCE", 0.02)
    async with pool_of(1, database_url) as database:
        async with database.snapshot(1) as holding:
            await holding.fetch("SELECT 1")
            waiting = [asyncio.create_task(one) for one in (read(database), write(database))]
            leaving = asyncio.create_task(read(database))
            await asyncio.sleep(0.2)
            leaving.cancel()
            assert [one.done() for one in waiting] == [False, False]
        assert await asyncio.gather(*waiting) == [1, 1]
        assert await read(database) == 1


async def test_waiting_for_a_connection_takes_of_the_time(database_url: str) -> None:
    """Once it is over, the operation waits no more, whether it reads or writes."""
    async with pool_of(1, database_url) as database:
        async with database.snapshot(1) as holding:
            await holding.fetch("SELECT 1")
            for doing in (read, write):
                with timed(Allowance(Limits(operation_seconds=0.05))), pytest.raises(LimitExceeded):
                    await doing(database)
        assert [await read(database), await write(database)] == [1, 1]


def has_ended(way: Way, known: int) -> bool:
    """Whether PostgreSQL has closed another connection than those of which we know."""
    return way.ended > known


async def end_others(database: Database) -> None:
    """Have PostgreSQL end all other connections to this database."""
    async with database.snapshot(1) as snapshot:
        await snapshot.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )


async def test_a_transaction_that_does_not_begin_keeps_no_connection(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL has said its last on a connection of the pool, and the network has not closed it: whoever begins a
    transaction on it finds out. However often that happens, the pool has as many as before.
    """
    monkeypatch.setattr("quotaloom.platform.database.SILENCE_SECONDS", 1.0)
    async with way_to(database_url) as way, pool_of(1, way.url) as database, pool_of(1, database_url) as other:
        way.lingers = True
        for _ in range(2):
            with timed(Allowance(Limits(operation_seconds=5))):
                assert await write(database) == 1
                ended = way.ended
                await end_others(other)
                await until(partial(has_ended, way, ended))
                await asyncio.sleep(0.05)  # until it was heard
                with pytest.raises(Unavailable):
                    await write(database)
        assert await write(database) == 1
        way.lingers = False
