"""Connections that snapshots hand on: nothing of one is there in the next, and nobody waits for them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import InputError, Unavailable
from quotaloom.platform.limits import Allowance, LimitExceeded, Limits
from quotaloom.platform.readers import WAIT
from quotaloom.platform.time_limits import timed
from quotaloom.platform.unit_of_work import Transaction
from tests.founding import found

SEEN = """SELECT pg_backend_pid() AS backend, current_setting('quotaloom.company_id', true) AS company,
current_setting('statement_timeout') AS most, (SELECT count(*) FROM company) AS companies,
pg_current_snapshot() AS moment"""


@pytest.fixture
async def small(database_url: str) -> AsyncIterator[Database]:
    """A pool of two."""
    database = Database(database_url, pool_size=2)
    await database.connect()
    yield database
    await database.close()


async def seen(database: Database, company_id: int) -> asyncpg.Record:
    """What a snapshot sees of its connection."""
    async with database.snapshot(company_id) as snapshot:
        row = await snapshot.fetch_one(SEEN)
    assert row is not None
    return row


def idle(database: Database) -> bool:
    """Whether every connection is back in the pool."""
    pool = database.client._pool
    assert pool is not None
    return pool.get_idle_size() == pool.get_size()


async def test_the_next_snapshot_has_the_same_connection_and_nothing_else(small: Database) -> None:
    """Of another company, of a later moment; a company that is none sees none."""
    acme, beta = await found(small), await found(small, key="beta")
    rows = [await seen(small, number) for number in (acme.company.id, beta.company.id, 99, acme.company.id)]
    assert len({row["backend"] for row in rows}) == 1
    assert [row["company"] for row in rows] == [str(acme.company.id), str(beta.company.id), "99", str(acme.company.id)]
    assert [row["companies"] for row in rows] == [1, 1, 0, 1]

    async def rename(transaction: Transaction) -> None:
        await transaction.execute("UPDATE company SET name = 'Later', version = version + 1")

    before = await seen(small, acme.company.id)
    await acme.write(rename)
    async with small.snapshot(acme.company.id) as snapshot:
        row = await snapshot.fetch_one("SELECT name, pg_current_snapshot() AS moment FROM company")
    assert row is not None
    assert (row["name"], row["moment"] == before["moment"]) == ("Later", False)


async def test_a_connection_waits_but_a_moment(small: Database) -> None:
    """Then it is in the pool, and in no transaction."""
    acme = await found(small)
    await seen(small, acme.company.id)
    assert not idle(small)
    await asyncio.sleep(5 * WAIT)
    assert idle(small)
    async with small.client.acquire_connection() as connection:
        assert not connection.is_in_transaction()


async def test_whoever_writes_is_given_one_that_waits(database_url: str) -> None:
    """The only connection waits for a snapshot: a write takes it, and is not in the transaction that was."""
    database = Database(database_url, pool_size=1)
    await database.connect()
    acme = await found(database)
    for _ in range(20):
        await seen(database, acme.company.id)
        assert await acme.write(_in_no_snapshot) == "read committed"
    await database.close()


async def _in_no_snapshot(transaction: Transaction) -> Any:
    row = await transaction.fetch_one("SELECT current_setting('transaction_isolation') AS isolation")
    assert row is not None
    return row["isolation"]


async def test_snapshots_that_follow_each_other_let_others_in(small: Database) -> None:
    """Twenty readers who never pause share two connections: a write among them still gets its turn."""
    acme = await found(small)
    reading = True

    async def keep_reading() -> int:
        count = 0
        while reading:
            await seen(small, acme.company.id)
            count += 1
        return count

    readers = [asyncio.ensure_future(keep_reading()) for _ in range(20)]
    for _ in range(10):
        await asyncio.wait_for(acme.write(_in_no_snapshot), 5)
    reading = False
    assert min(await asyncio.gather(*readers)) > 0
    await asyncio.sleep(5 * WAIT)
    assert idle(small)


async def test_whoever_is_passed_by_while_one_is_rolled_back_for_him_is_still_waited_for(database_url: str) -> None:
    """A snapshot takes the only connection, which was meant for a write: those that follow do not keep it for ever."""
    database = Database(database_url, pool_size=1)
    await database.connect()
    acme = await found(database)
    await seen(database, acme.company.id)
    writing = asyncio.ensure_future(acme.write(_in_no_snapshot))
    for _ in range(100):
        if database.client.readers._waiting:
            await asyncio.sleep(0)
    read = 0
    while not writing.done() and read < 100:
        await seen(database, acme.company.id)
        read += 1
    assert await writing == "read committed"
    assert read < 10
    await database.close()


async def test_one_that_was_lost_while_it_waited_is_not_handed_on(small: Database, admin_url: str) -> None:
    """Whether asyncpg has heard of it or not: the next snapshot has another, and nobody is told."""
    acme = await found(small)
    administrator = await asyncpg.connect(**credentials(admin_url))
    for _ in range(10):
        before = await seen(small, acme.company.id)
        await administrator.execute("SELECT pg_terminate_backend($1)", before["backend"])
        after = await seen(small, acme.company.id)
        assert after["backend"] != before["backend"]
    await administrator.close()
    await asyncio.sleep(5 * WAIT)
    assert idle(small)


@pytest.mark.parametrize("premise", ["", "SELECT 1"])
@pytest.mark.parametrize("begins", [False, True])
async def test_one_that_the_pool_has_heard_to_be_lost_is_not_handed_on(
    small: Database, admin_url: str, premise: str, begins: bool
) -> None:
    """asyncpg then takes it away from whoever holds it, and says so at each use of it."""
    acme = await found(small)
    admin = await asyncpg.connect(**credentials(admin_url))
    for _ in range(5):
        async with small.snapshot(acme.company.id) as snapshot:
            pid = (await snapshot.fetch("SELECT pg_backend_pid() AS pid"))[0]["pid"]
        (waiting,) = small.client.readers._waiting
        await admin.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        while not waiting.is_lost:  # noqa: ASYNC110 (asyncpg tells nobody)
            await asyncio.sleep(0.001)
        waiting.waits_until = float("inf")  # until it is taken
        small.client.readers._waiting[:] = [waiting]
        async with small.snapshot(acme.company.id) as snapshot:
            if premise:
                assert snapshot.suppose(premise)
            if begins:
                assert await snapshot.begin_where("SELECT 1")
            assert await snapshot.fetch("SELECT 1")
    await admin.close()


async def test_one_that_does_not_answer_keeps_nobody_longer_than_his_operation_may_take(database_url: str) -> None:
    """Neither who reads, and is given it, nor who writes, and waits for it; it is there again when it answers."""
    database = Database(database_url, pool_size=1)
    await database.connect()
    acme = await found(database)
    for asking in (lambda: seen(database, acme.company.id), lambda: acme.write(_in_no_snapshot)):
        backend = (await seen(database, acme.company.id))["backend"]
        os.kill(backend, signal.SIGSTOP)
        try:
            with timed(Allowance(Limits(operation_seconds=0.2))), pytest.raises(LimitExceeded):
                await asyncio.wait_for(asking(), 5)
        finally:
            os.kill(backend, signal.SIGCONT)
        assert await asyncio.wait_for(seen(database, acme.company.id), 5)
    await database.close()


async def test_one_on_which_something_failed_goes_back_to_the_pool(database_url: str) -> None:
    """A statement that fails, and one that is cut off by its time."""
    database = Database(database_url, pool_size=1, statement_timeout_ms=200)
    await database.connect()
    acme = await found(database)
    for sql, error in (("SELECT 1 / 0", asyncpg.DivisionByZeroError), ("SELECT pg_sleep(20)", InputError)):
        async with database.snapshot(acme.company.id) as snapshot:
            with pytest.raises(error):
                await snapshot.fetch(sql)
        assert await seen(database, acme.company.id)
    await database.close()


async def test_a_database_that_closes_takes_them_along(database_url: str) -> None:
    """At once, though one has just begun to wait."""
    database = Database(database_url)
    await database.connect()
    acme = await found(database)
    await seen(database, acme.company.id)
    await asyncio.wait_for(database.close(), 5)


async def test_a_snapshot_may_outlive_the_pool(database_url: str) -> None:
    """The pool waited in vain and took its connections away: there is none to be given back, and nothing goes wrong."""
    database = Database(database_url, pool_size=2)
    await database.connect()
    readers = database.client.readers
    async with database.snapshot(1) as snapshot:
        await snapshot.fetch("SELECT 1")
        assert database.client._pool is not None
        database.client._pool.terminate()  # as it does by itself after ten seconds
        await database.close()
    leaving = list(readers._leaving)
    assert await asyncio.gather(*leaving, return_exceptions=True) == [None]


async def test_a_snapshot_that_outlives_the_pool_is_told_that_nobody_answers(database_url: str) -> None:
    """By a statement that was prepared, and by one that was not: whoever reads on is told nothing of our inside."""
    database = Database(database_url, pool_size=2)
    await database.connect()
    async with database.snapshot(1) as snapshot:
        await snapshot.fetch("SELECT 1")
        assert database.client._pool is not None
        database.client._pool.terminate()
        for sql in ("SELECT 1", "SELECT 2"):
            with pytest.raises(Unavailable):
                await snapshot.fetch(sql)
    await database.close()
