"""First statements that break: what is tried again and what is not, and what is certain after that."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from quotaloom.platform import engine
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import BeyondLimit, Unavailable
from quotaloom.platform.limits import Allowance, LimitExceeded, Limits
from quotaloom.platform.unit_of_work import PremiseFell, Transaction
from quotaloom.platform.wire import Wire
from tests.database_activity import busy
from tests.founding import found
from tests.integration.platform.ways import way_to

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
            with pytest.raises(BeyondLimit) as refused:
                await snapshot.fetch("SELECT 1" if slow == "premise" else sleep)
            told = refused.value.extensions
            assert (told["code"], told["limit"], told["allowed"]) == ("TOO_SLOW", "statement_timeout_ms", 100)
            assert 100 <= told["found"] < 5_000
        async with database.snapshot(acme.company.id) as snapshot:
            assert [row["id"] for row in await snapshot.fetch("SELECT id FROM company")] == [acme.company.id]
    assert await busy(admin_url) == 0
    await database.close()


async def test_a_write_is_told_which_limit_its_statement_met(database_url: str) -> None:
    """PostgreSQL gives it up after a tenth of a second, and nothing stands of what came before it."""
    database = Database(database_url, pool_size=1, statement_timeout_ms=100)
    await database.connect()
    acme = await found(database)

    async def slow(transaction: Transaction) -> None:
        await transaction.execute("UPDATE company SET name = 'Other'")
        await transaction.execute("SELECT pg_sleep(5)")

    with pytest.raises(BeyondLimit) as refused:
        await acme.write(slow)
    told = refused.value.extensions
    assert told == {"code": "TOO_SLOW", "limit": "statement_timeout_ms", "allowed": 100, "found": 100}
    async with database.snapshot(acme.company.id) as snapshot:
        assert [row["name"] for row in await snapshot.fetch("SELECT name FROM company")] == ["Acme"]
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


def certificate(folder: Path) -> Path:
    """One that names nobody, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    nobody = x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(nobody, nobody, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    path = folder / "server.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(plain + made.public_bytes(Encoding.PEM))
    return path


async def test_a_way_that_is_encrypted(database: Database, database_url: str, admin_url: str, tmp_path: Path) -> None:
    """What goes out ahead goes the same way as all else, and so do its answers."""
    acme = await found(database)
    text = "x" * 2**20
    async with way_to(database_url, certificate=certificate(tmp_path)) as way:
        far = Database(way.url, pool_size=1)
        await far.connect()
        for number in range(3):
            async with far.snapshot(acme.company.id) as snapshot:
                assert snapshot.suppose(STANDS)
                rows = await snapshot.fetch("SELECT id, $1::int AS number, $2::text AS said FROM company", number, text)
                assert [tuple(row) for row in rows] == [(acme.company.id, number, text)]
            async with far.snapshot(acme.company.id) as snapshot:
                assert snapshot.suppose(FALLS)
                with pytest.raises(PremiseFell):
                    await snapshot.fetch("SELECT id, $1::text AS said FROM company", text)
        await far.close()
    assert await busy(admin_url) == 0


async def test_one_alone_waits_to_be_let_in(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database is away and nobody knows whether what was supposed stands, the next are told so at once."""
    monkeypatch.setattr(engine, "PATIENCE", 0.05)
    async with way_to(database_url) as way:
        database = Database(way.url, pool_size=1)
        await database.connect()
        async with database.snapshot(1) as holding:
            await holding.fetch("SELECT 1")
            way.speaks.clear()
            async with database.snapshot(1) as snapshot:
                assert snapshot.suppose(STANDS)
                told = await asyncio.gather(*(snapshot.fetch("SELECT 1") for _ in range(3)), return_exceptions=True)
                assert isinstance(told[0], Unavailable)
                assert [isinstance(error, PremiseFell) for error in told] == [False, True, True]
                assert not await snapshot.stands()
            async with database.snapshot(1) as snapshot:
                for _ in range(2):
                    with pytest.raises(Unavailable) as refused:
                        await snapshot.fetch("SELECT 1")
                    assert not isinstance(refused.value, PremiseFell)
            way.speaks.set()
        await database.close()


async def test_rows_are_copied_on_a_connection_that_was_read_on(database_url: str) -> None:
    """Ten megabytes, for which asyncpg waits until PostgreSQL takes more: it is told when."""
    database = Database(database_url, pool_size=1)
    await database.connect()
    acme = await found(database)
    for premise in (STANDS, FALLS):
        async with database.snapshot(acme.company.id) as snapshot:
            snapshot.suppose(premise)
            with suppress(PremiseFell):
                await snapshot.fetch("SELECT 1")

        async def copy(transaction: Transaction) -> int:
            await transaction.execute("CREATE TEMPORARY TABLE copied (said text) ON COMMIT DROP")
            await transaction.copy("copied", ["said"], [("x" * 1000,)] * 10_000)
            row = await transaction.fetch_one("SELECT sum(length(said)) AS length FROM copied")
            assert row is not None
            length: int = row["length"]
            return length

        assert await acme.write(copy) == 10_000_000
    await database.close()
