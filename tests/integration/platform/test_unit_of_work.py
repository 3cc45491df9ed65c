"""Units of work on a real database."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import InputError, Unavailable
from quotaloom.platform.unit_of_work import Transaction
from tests.founding import found


async def test_a_company_sees_its_own_rows_only(database: Database) -> None:
    """Row-level security shows a unit of work the rows of its company and no others."""
    acme = await found(database, key="acme")
    other = await found(database, key="other")
    async with acme.snapshot() as snapshot:
        assert [row["key"] for row in await snapshot.fetch("SELECT key FROM company")] == ["acme"]
    async with other.snapshot() as snapshot:
        assert [row["key"] for row in await snapshot.fetch("SELECT key FROM company")] == ["other"]


async def test_a_write_carries_its_audit_entry(database: Database) -> None:
    """What a command records stands in the audit table with the writer and the moment."""
    acme = await found(database)
    async with acme.snapshot() as snapshot:
        entry = await snapshot.fetch_one("SELECT * FROM audit_entry")
    assert entry is not None
    assert (entry["action"], entry["actor"], entry["at"]) == ("company.create", "tests", acme.now)


async def test_history_cannot_be_rewritten(database: Database, admin_url: str) -> None:
    """Even the administrator's role is refused an UPDATE of an append-only table."""
    await found(database)
    connection = await asyncpg.connect(**credentials(admin_url))
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await connection.execute("UPDATE audit_entry SET actor = 'somebody else'")
    await connection.close()


async def test_cancelled_readers_and_writers_leak_no_connection(database: Database) -> None:
    """A hundred cancelled units of work leave the pool able to serve."""
    acme = await found(database)

    async def read() -> None:
        async with acme.snapshot() as snapshot:
            await snapshot.fetch("SELECT pg_sleep(0.01)")

    async def write(transaction: Transaction) -> None:
        await transaction.execute("SELECT pg_sleep(0.01)")

    for number in range(100):
        task = asyncio.ensure_future(read() if number % 2 else acme.write(write))
        await asyncio.sleep(0.0005 * (number % 7))
        task.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(*(read() for _ in range(20)))


async def test_a_lost_connection_is_told_of_and_comes_back(database: Database, admin_url: str) -> None:
    """Backends that are ended in mid-query raise `Unavailable`; what follows is served by new connections."""
    acme = await found(database)
    administrator = await asyncpg.connect(**credentials(admin_url))

    async def slow() -> None:
        async with acme.snapshot() as snapshot:
            await snapshot.fetch("SELECT pg_sleep(5)")

    async def slow_write(transaction: Transaction) -> None:
        await transaction.execute("SELECT pg_sleep(5)")

    tasks = [asyncio.ensure_future(slow()), asyncio.ensure_future(acme.write(slow_write))]
    await asyncio.sleep(0.3)
    await administrator.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'quotaloom' AND datname = current_database()"
    )
    await administrator.close()
    for task in tasks:
        with pytest.raises(Unavailable):
            await task
    async with acme.snapshot() as snapshot:
        assert await snapshot.fetch("SELECT 1")


async def test_a_statement_has_a_time_limit(database_url: str) -> None:
    """What runs longer is ended and told of; the connection serves on."""
    hasty = Database(database_url, statement_timeout_ms=100)
    await hasty.connect()
    acme = await found(hasty)
    async with acme.snapshot() as snapshot:
        with pytest.raises(InputError, match="given up after"):
            await snapshot.fetch("SELECT pg_sleep(5)")
    async with acme.snapshot() as snapshot:
        assert await snapshot.fetch("SELECT 1")
    await hasty.close()


async def test_texts_that_postgres_cannot_keep_are_refused(database: Database) -> None:
    """NUL and half of a surrogate pair, whatever command they reach a statement by; the connection serves on."""
    acme = await found(database)
    for text in ("a\0b", "\ud800"):
        async with acme.snapshot() as snapshot:
            with pytest.raises(InputError) as caught:
                await snapshot.fetch("SELECT $1::text AS said", text)
        assert caught.value.code == "BAD_TEXT"
    async with acme.snapshot() as snapshot:
        assert await snapshot.fetch("SELECT 1")


async def test_what_is_read_after_a_failure_is_refused(database: Database) -> None:
    """A statement that failed ends what its snapshot can read, unless it was the first; the caller is told so."""
    work = await found(database)
    async with database.snapshot(work.company.id) as snapshot:
        with pytest.raises(InputError):
            await snapshot.fetch("SELECT $1::text AS text", "\0")
        assert await snapshot.fetch("SELECT 1")
        for asked, code in (("\0", "BAD_TEXT"), ("fine", "NOT_READ")):
            with pytest.raises(InputError) as caught:
                await snapshot.fetch("SELECT $1::text AS text", asked)
            assert caught.value.code == code


async def test_a_snapshot_leaves_nothing_on_its_connection(database_url: str) -> None:
    """Whoever gets the connection next is in no transaction, in no company and without a time limit of its own."""
    database = Database(database_url, pool_size=1, statement_timeout_ms=4321)
    await database.connect()
    acme = await found(database)
    seen = (
        "SELECT current_setting('quotaloom.company_id', true) AS company, current_setting('statement_timeout') AS most"
    )
    async with acme.snapshot() as snapshot:
        within = await snapshot.fetch_one(seen)
    async with database.client.acquire_connection() as connection:
        after = await connection.fetchrow(seen)
        assert not connection.is_in_transaction()
    await database.close()
    assert within is not None
    assert (within["company"], within["most"]) == (str(acme.company.id), "4321ms")
    assert (after["company"], after["most"]) == ("", "0")


async def test_a_torn_transaction_ends_with_its_connection(database_url: str) -> None:
    """A connection that is given back within a transaction is in none for whoever gets it next."""
    database = Database(database_url, pool_size=1)
    await database.connect()
    async with database.client.acquire_connection() as connection:
        await connection.execute("BEGIN; SET LOCAL quotaloom.company_id = '7'")
    async with database.client.acquire_connection() as connection:
        company = await connection.fetchval("SELECT current_setting('quotaloom.company_id', true)")
    await database.close()
    assert company == ""
