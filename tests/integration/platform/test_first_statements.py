"""First statements that break: what is tried again and what is not, and what is certain after that."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import InputError, Unavailable
from quotaloom.platform.limits import Allowance, LimitExceeded, Limits
from quotaloom.platform.unit_of_work import PremiseFell
from quotaloom.platform.wire import Wire
from tests.database_activity import busy
from tests.founding import found

FALLS = "DO $$ BEGIN RAISE EXCEPTION 'no more' USING ERRCODE = 'serialization_failure'; END $$"
STANDS = "SELECT 1"


async def test_nothing_is_supposed_while_the_first_statement_is_on_its_way(database: Database) -> None:
    """It began without; what is supposed later on would be taken for certain."""
    acme = await found(database)
    async with database.snapshot(acme.company.id) as snapshot:
        reading = asyncio.create_task(snapshot.fetch("SELECT pg_sleep(0.05)"))
        await asyncio.sleep(0.01)
        supposed = snapshot.suppose(FALLS)
        await reading
        assert not (supposed and await snapshot.stands())


async def test_a_statement_that_ends_its_process_is_not_sent_to_the_next(database: Database, admin_url: str) -> None:
    """Somebody ended it by hand, or it takes more memory than there is."""
    acme = await found(database)
    snapshots = [database.snapshot(acme.company.id) for _ in range(4)]
    pids = set()
    for snapshot in snapshots:
        rows = await snapshot.fetch("SELECT pg_backend_pid() AS pid")
        pids.add(rows[0]["pid"])
    for snapshot in snapshots:
        await snapshot.__aexit__(None, None, None)
    async with database.snapshot(acme.company.id) as snapshot:
        with pytest.raises(Unavailable):
            await snapshot.fetch("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)")
    admin = await asyncpg.connect(**credentials(admin_url))
    left = await admin.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1::int[])", list(pids))
    await admin.close()
    assert (len(pids), left) == (4, 3)


async def test_a_connection_that_is_lost_before_anything_is_sent(database: Database) -> None:
    """The pool has it back as soon as it is lost, whoever holds it: as asyncpg says, it is gone."""
    async with database.client.acquire_connection() as connection:
        Wire.of(connection)
        connection.terminate()
        with pytest.raises(asyncpg.InterfaceError):
            Wire.of(connection)


async def test_whoever_reads_already_finds_out_for_all(database: Database) -> None:
    """What is supposed stands, though nobody has begun at the moment that it is asked for."""
    acme = await found(database)
    async with database.snapshot(acme.company.id) as snapshot:
        assert snapshot.suppose(STANDS)
        reading = asyncio.create_task(snapshot.fetch("SELECT pg_sleep(0.05)"))
        await asyncio.sleep(0.01)
        assert await snapshot.stands()
        await reading
    async with database.snapshot(acme.company.id) as snapshot:
        assert snapshot.suppose("SELECT pg_sleep(0.05);" + FALLS)
        reading = asyncio.create_task(snapshot.fetch("SELECT 1"))
        await asyncio.sleep(0.01)
        assert not await snapshot.stands()
        with pytest.raises(PremiseFell):
            await reading


@pytest.mark.parametrize("slow", ["premise", "statement"])
async def test_the_time_of_an_operation_ends_what_goes_out_together(
    database_url: str, admin_url: str, slow: str
) -> None:
    """Be it the message that begins or the statement: the only connection is whole afterwards."""
    database = Database(database_url, pool_size=1)
    await database.connect()
    acme = await found(database)
    sleep = "SELECT pg_sleep(5)"
    for _ in range(5):
        async with database.snapshot(acme.company.id) as snapshot:
            snapshot.allowance = Allowance(Limits(operation_seconds=0.05))
            snapshot.suppose(sleep if slow == "premise" else STANDS)
            with pytest.raises(LimitExceeded):
                await snapshot.fetch("SELECT 1" if slow == "premise" else sleep)
            with pytest.raises(LimitExceeded):
                await snapshot.stands()
        async with database.snapshot(acme.company.id) as snapshot:
            assert [row["id"] for row in await snapshot.fetch("SELECT id FROM company")] == [acme.company.id]
    assert await busy(admin_url) == 0
    await database.close()


@pytest.mark.parametrize("slow", ["premise", "statement"])
async def test_postgres_ends_what_takes_too_long(database_url: str, admin_url: str, slow: str) -> None:
    """Its own limit holds for what begins the transaction, from where it is set, and for the statement."""
    database = Database(database_url, pool_size=1, statement_timeout_ms=100)
    await database.connect()
    acme = await found(database)
    sleep = "SELECT pg_sleep(5)"
    for _ in range(3):
        async with database.snapshot(acme.company.id) as snapshot:
            snapshot.suppose(sleep if slow == "premise" else STANDS)
            with pytest.raises(InputError) as refused:
                await snapshot.fetch("SELECT 1" if slow == "premise" else sleep)
            assert refused.value.code == "TOO_SLOW"
        async with database.snapshot(acme.company.id) as snapshot:
            assert [row["id"] for row in await snapshot.fetch("SELECT id FROM company")] == [acme.company.id]
    assert await busy(admin_url) == 0
    await database.close()


async def test_what_was_prepared_before_a_migration(database_url: str, admin_url: str) -> None:
    """The first statement finds that its columns have changed: that is told, and the next time it is prepared anew."""
    database = Database(database_url, pool_size=1)
    await database.connect()
    acme = await found(database)
    admin = await asyncpg.connect(**credentials(admin_url))
    await admin.execute("CREATE TABLE moved (one int); INSERT INTO moved VALUES (1); GRANT SELECT ON moved TO PUBLIC")
    try:
        for column in ("two", "three"):
            for _ in range(2):
                async with database.snapshot(acme.company.id) as snapshot:
                    snapshot.suppose(STANDS)
                    before = [dict(row) for row in await snapshot.fetch("SELECT * FROM moved")]
            await admin.execute(f"ALTER TABLE moved ADD COLUMN {column} int DEFAULT 2")
            async with database.snapshot(acme.company.id) as snapshot:
                snapshot.suppose(STANDS)
                with pytest.raises(Unavailable):
                    await snapshot.fetch("SELECT * FROM moved")
                assert await snapshot.stands()
                assert [dict(row) for row in await snapshot.fetch("SELECT * FROM moved")] == [{**before[0], column: 2}]
    finally:
        await admin.execute("DROP TABLE moved")
        await admin.close()
    assert await busy(admin_url) == 0
    await database.close()


@pytest.mark.parametrize("premise", [STANDS, FALLS])
async def test_types_that_asyncpg_has_never_seen(database_url: str, admin_url: str, premise: str) -> None:
    """It asks for them with statements of its own, between the beginning and the first statement."""
    database = Database(database_url, pool_size=1)
    await database.connect()
    acme = await found(database)
    admin = await asyncpg.connect(**credentials(admin_url))
    await admin.execute("CREATE TYPE pair AS (one int, two text); CREATE TYPE hue AS ENUM ('red', 'green')")
    sql = "SELECT ROW(1, 'x')::pair AS pair, $1::hue[] AS hues, current_setting('quotaloom.company_id') AS company"
    try:
        for given in (premise, STANDS, STANDS):
            async with database.snapshot(acme.company.id) as snapshot:
                snapshot.suppose(given)
                if given == FALLS:
                    with pytest.raises(PremiseFell):
                        await snapshot.fetch(sql, ["red"])
                else:
                    row = await snapshot.fetch_one(sql, ["red", "green"])
                    assert row is not None
                    assert (tuple(row["pair"]), row["hues"]) == ((1, "x"), ["red", "green"])
                    assert row["company"] == str(acme.company.id)
    finally:
        await admin.execute("DROP TYPE pair; DROP TYPE hue")
        await admin.close()
    assert await busy(admin_url) == 0
    await database.close()


async def test_a_first_statement_that_fills_the_socket(database: Database) -> None:
    """Sixteen megabytes go out behind the message that begins, and come back."""
    acme = await found(database)
    text = "x" * 2**24
    for premise in (STANDS, FALLS, STANDS):
        async with database.snapshot(acme.company.id) as snapshot:
            snapshot.suppose(premise)
            if premise == FALLS:
                with pytest.raises(PremiseFell):
                    await snapshot.fetch("SELECT $1::text AS said", text)
            else:
                row = await snapshot.fetch_one("SELECT $1::text AS said", text)
                assert row is not None
                assert row["said"] == text
