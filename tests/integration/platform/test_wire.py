"""The first statement of a snapshot goes out with the message that begins its transaction."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import asyncpg
import pytest

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import InputError, Unavailable
from quotaloom.platform.unit_of_work import PremiseFell
from quotaloom.platform.wire import Wire
from tests.database_activity import busy
from tests.founding import found
from tests.integration.platform.ways import way_to

FALLS = "DO $$ BEGIN RAISE EXCEPTION 'no more' USING ERRCODE = 'serialization_failure'; END $$"
STANDS = "SELECT 1"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
async def test_answers_are_told_apart_however_they_come(database: Database, database_url: str, size: int) -> None:
    """Whether what was supposed stands or falls, and whether the first statement has to be prepared or not."""
    acme = await found(database)
    async with way_to(database_url, crumbs=size) as way:
        slow = Database(way.url, pool_size=1)
        await slow.connect()
        for number in range(4):
            async with slow.snapshot(acme.company.id) as snapshot:
                assert snapshot.suppose(STANDS)
                rows = await snapshot.fetch("SELECT id, $1::int AS number FROM company", number)
                assert [tuple(row) for row in rows] == [(acme.company.id, number)]
                assert await snapshot.stands()
            async with slow.snapshot(acme.company.id) as snapshot:
                assert snapshot.suppose(FALLS)
                with pytest.raises(PremiseFell):
                    await snapshot.fetch("SELECT id FROM company")
                assert not await snapshot.stands()
        await slow.close()


async def test_where_it_falls_nothing_is_read(database: Database, admin_url: str) -> None:
    """Everybody who reads is told so, those who come later without asking PostgreSQL; the connection is handed on."""
    acme = await found(database)
    async with database.snapshot(acme.company.id) as snapshot:
        assert snapshot.suppose(FALLS)
        reads = [snapshot.fetch("SELECT id FROM company") for _ in range(5)]
        found_by = await asyncio.gather(*reads, return_exceptions=True)
        assert [type(one) for one in found_by] == [PremiseFell] * 5
        assert snapshot.statements == 1
    async with database.snapshot(acme.company.id) as snapshot:
        assert [row["id"] for row in await snapshot.fetch("SELECT id FROM company")] == [acme.company.id]
    assert await busy(admin_url) == 0


async def test_what_was_read_of_a_moment_before_is_no_premise(database: Database) -> None:
    """Only the first read of a snapshot can find out; later on nobody may suppose anything."""
    acme = await found(database)
    async with database.snapshot(acme.company.id) as snapshot:
        await snapshot.fetch("SELECT id FROM company")
        assert not snapshot.suppose(FALLS)
        assert await snapshot.stands()


@pytest.mark.parametrize(("premise", "stands"), [(STANDS, True), (FALLS, False), ("", True)])
async def test_postgres_is_asked_where_nothing_was_read(database: Database, premise: str, stands: bool) -> None:
    """No statement is counted for that."""
    acme = await found(database)
    async with database.snapshot(acme.company.id) as snapshot:
        if premise:
            assert snapshot.suppose(premise)
        assert await snapshot.stands() is stands
        assert snapshot.statements == 0


async def test_a_message_that_postgres_cannot_read_begins_nothing(database: Database, admin_url: str) -> None:
    """The statement after it runs in whatever there is; what it gives is given to nobody."""
    acme = await found(database)
    for _ in range(3):
        async with database.snapshot(acme.company.id) as snapshot:
            assert snapshot.suppose("SELEKT 1")
            with pytest.raises(asyncpg.PostgresSyntaxError):
                await snapshot.fetch("SELECT 1 AS one")
        async with database.snapshot(acme.company.id) as snapshot:
            assert [row["id"] for row in await snapshot.fetch("SELECT id FROM company")] == [acme.company.id]
    assert await busy(admin_url) == 0


async def test_what_asyncpg_refuses_to_send_leaves_no_transaction(database: Database, admin_url: str) -> None:
    """By then the transaction has begun, which asyncpg does not know."""
    acme = await found(database)
    for argument, error in (("\ud800", InputError), (object(), asyncpg.DataError)):
        async with database.snapshot(acme.company.id) as snapshot:
            with pytest.raises(error):
                await snapshot.fetch("SELECT $1::text AS said", argument)
            row = await snapshot.fetch_one("SELECT current_setting('quotaloom.company_id') AS company")
            assert row is not None
            assert row["company"] == str(acme.company.id)
    assert await busy(admin_url) == 0
    async with database.client.acquire_connection() as connection:
        assert await connection.fetchval("SELECT current_setting('quotaloom.company_id', true)") in (None, "")


async def test_a_statement_that_fails_tells_its_own_error(database: Database) -> None:
    """What began the transaction did well."""
    acme = await found(database)
    async with database.snapshot(acme.company.id) as snapshot:
        assert snapshot.suppose(STANDS)
        with pytest.raises(asyncpg.DivisionByZeroError):
            await snapshot.fetch("SELECT 1 / $1::int", 0)
        assert await snapshot.stands()
        assert [row["one"] for row in await snapshot.fetch("SELECT 1 AS one")] == [1]


async def test_notices_and_notifications_are_asyncpgs(database: Database, database_url: str) -> None:
    """They may come before the answer to what went out ahead."""
    said: list[Any] = []
    connection = await asyncpg.connect(**credentials(database_url))
    connection.add_log_listener(lambda _, notice: said.append(notice.message))
    await connection.add_listener("wire", lambda *told: said.append(told[-1]))
    wire = Wire.of(connection)
    assert Wire.of(connection) is wire
    wire.send_ahead("NOTIFY wire, 'first'; DO $$ BEGIN RAISE NOTICE 'second'; END $$; SELECT 3")
    assert await connection.fetchval("SELECT 4") == 4
    assert wire.refusal is None
    for _ in range(100):
        await asyncio.sleep(0.01)
        if len(said) == 2:
            break
    assert sorted(said) == ["first", "second"]
    await connection.close()


async def test_a_reader_who_leaves_early_gets_nothing_mixed_up(database: Database, admin_url: str) -> None:
    """Cancelled at any moment: whoever reads next gets what he asked for."""
    acme = await found(database)

    async def read(number: int) -> int:
        async with database.snapshot(acme.company.id) as snapshot:
            snapshot.suppose(STANDS)
            rows = await snapshot.fetch("SELECT $1::int AS number FROM generate_series(1, 3)", number)
        assert [row["number"] for row in rows] == [number] * 3
        return number

    for turns in range(60):
        reading = [asyncio.create_task(read(number)) for number in range(8)]
        for _ in range(turns % 12):
            await asyncio.sleep(0)
        for task in reading[::2]:
            task.cancel()
        found_by = await asyncio.gather(*reading, return_exceptions=True)
        assert found_by[1::2] == [1, 3, 5, 7]
    assert await busy(admin_url) == 0


async def test_a_way_that_breaks_is_told_once(database: Database, admin_url: str, caplog: Any) -> None:
    """The backend ends in the middle of the first statement: that is told as it is, and nothing is logged."""
    acme = await found(database)
    with caplog.at_level(logging.ERROR):
        async with database.snapshot(acme.company.id) as snapshot:
            snapshot.suppose(STANDS)
            with pytest.raises(Unavailable):
                await snapshot.fetch("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)")
    assert caplog.records == []
    async with database.snapshot(acme.company.id) as snapshot:
        assert [row["one"] for row in await snapshot.fetch("SELECT 1 AS one")] == [1]
    assert await busy(admin_url) == 0
