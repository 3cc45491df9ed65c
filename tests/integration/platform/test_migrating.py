"""Migrations that meet others, that are broken off, and databases of other versions."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from subprocess import Popen
from typing import Any

import asyncpg
import pytest

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.embedded import EmbeddedServer
from quotaloom.platform.errors import InputError, Unavailable
from quotaloom.platform.migrating import LOCK_MS, migrate
from quotaloom.platform.schema_versions import known_migrations
from quotaloom.platform.settings import Settings
from quotaloom_server.databases import DatabaseUrls, connected
from tests.acceptance.crashes.update import LATER
from tests.conftest import APPLICATION_ROLE
from tests.database_activity import waiting_for
from tests.integration.backups.installations import Place, structure
from tests.integration.jobs.doing import until
from tests.integration.server.processes import Home
from tests.progress import Progress, stepwise

REFUSES_ITS_RECORD = """
CREATE TABLE tortoise_migrations (
    id serial PRIMARY KEY, app varchar(255), name varchar(255), applied_at timestamptz, CHECK (name NOT LIKE '0002%')
)
"""
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
POLICIES = "SELECT count(*) FROM pg_policies"

_BEGUN = "SELECT to_regclass('tortoise_migrations') IS NOT NULL"
_ALONE = "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def test_a_migration_and_its_record_are_one_transaction(postgres: EmbeddedServer) -> None:
    """Where the second cannot be recorded, as when the process is killed there, nothing of it stays, and the next run
    goes on from the first."""
    superuser = await asyncpg.connect(**credentials(postgres.url("postgres", postgres.superuser)))
    await superuser.execute("CREATE DATABASE broken_off TEMPLATE template0 STRATEGY file_copy")
    url = postgres.url("broken_off", postgres.superuser)
    connection = await asyncpg.connect(**credentials(url))
    await connection.execute(REFUSES_ITS_RECORD)
    with pytest.raises(Exception, match="tortoise_migrations"):
        await migrate(url, application_role=APPLICATION_ROLE)
    assert await connection.fetchval("SELECT string_agg(name, ' ') FROM tortoise_migrations") == "0001_initial"
    assert await connection.fetchval(TABLES) > 80
    assert await connection.fetchval(POLICIES) == 0
    await connection.execute("ALTER TABLE tortoise_migrations DROP CONSTRAINT tortoise_migrations_name_check")
    await migrate(url, application_role=APPLICATION_ROLE)
    assert await connection.fetchval(POLICIES) > 80
    await connection.close()
    await superuser.execute("DROP DATABASE broken_off")
    await superuser.close()


@pytest.mark.parametrize("kills", [4, pytest.param(60, marks=pytest.mark.soak)])
async def test_migrations_that_are_killed_are_done_or_are_not(
    postgres: EmbeddedServer,
    tmp_path: Path,
    kills: int,
    record_property: Callable[[str, object], None],
    progress: Progress,
) -> None:
    """`quotaloom migrate` on an empty database is killed: each migration is recorded and all there, or neither. The
    next run makes of it what one makes that nobody kills."""
    superuser = await asyncpg.connect(**credentials(postgres.url("postgres", postgres.superuser)))
    await superuser.execute("CREATE DATABASE undisturbed TEMPLATE template0 STRATEGY file_copy")
    place = Place(postgres.url("undisturbed", postgres.superuser), "")
    began = time.monotonic()
    await migrate(place.admin, application_role=APPLICATION_ROLE)
    longest, wanted = time.monotonic() - began, await structure(place)
    home, dice, recorded = Home(tmp_path), Random(kills), Counter[int]()
    for number in stepwise(progress, range(kills), "a migration is killed"):
        await superuser.execute("CREATE DATABASE killed TEMPLATE template0 STRATEGY file_copy")
        place = Place(postgres.url("killed", postgres.superuser), postgres.url("killed", APPLICATION_ROLE))
        connection = await asyncpg.connect(**credentials(place.admin))
        names = {"QUOTALOOM_DATABASE_URL": place.application, "QUOTALOOM_ADMIN_DATABASE_URL": place.admin}
        process = home.start("migrate", **names)
        await until(partial(_has_begun, connection, process))
        await asyncio.sleep(longest * (number + dice.random()) / kills)
        process.kill()
        process.communicate()
        await until(partial(connection.fetchval, _ALONE))
        done = await connection.fetchval("SELECT count(*) FROM tortoise_migrations")
        recorded[done] += 1
        assert (await connection.fetchval(TABLES) > 80) is (done >= 1)
        assert (await connection.fetchval(POLICIES) > 80) is (done >= 2)
        await migrate(place.admin, application_role=APPLICATION_ROLE)
        assert await structure(place) == wanted
        await connection.close()
        await superuser.execute("DROP DATABASE killed")
    assert min(recorded) < len(known_migrations()), "none was interrupted"
    await superuser.execute("DROP DATABASE undisturbed")
    await superuser.close()
    for done, times in sorted(recorded.items()):
        record_property(f"killed after {done}", times)


async def _has_begun(connection: asyncpg.Connection[Any], process: Popen[str]) -> bool:
    return process.poll() is not None or await connection.fetchval(_BEGUN)


async def test_a_list_of_migrations_that_is_held_is_waited_for(admin_url: str) -> None:
    """As while a back-up is restored: whoever migrates meanwhile is patient from the first look on."""
    holder = await asyncpg.connect(**credentials(admin_url))
    async with holder.transaction():
        await holder.execute("LOCK TABLE tortoise_migrations")
        migrating = asyncio.create_task(migrate(admin_url, application_role=APPLICATION_ROLE))
        await waiting_for(holder, "tortoise_migrations")
        await asyncio.sleep(2 * LOCK_MS / 1000)
        assert not migrating.done()
    await migrating
    await holder.close()


async def test_a_table_that_is_held_for_ever_is_told_of(admin_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its attempts a migration gives up, has changed nothing, and says what to do."""
    monkeypatch.setattr("quotaloom.platform.migrating.ATTEMPTS", 2)
    monkeypatch.setattr("quotaloom.platform.migrating.PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("quotaloom.platform.migrating.LOCK_MS", 50)
    holder = await asyncpg.connect(**credentials(admin_url))
    async with holder.transaction():
        await holder.execute("LOCK TABLE metric IN ACCESS SHARE MODE")
        with pytest.raises(InputError, match="End the long transaction") as error:
            await migrate(admin_url, application_role=APPLICATION_ROLE, migrations=LATER)
    assert error.value.code == "MIGRATION_BLOCKED"
    assert await holder.fetchval("SELECT to_regclass('later_fact')") is None
    assert await holder.fetchval("SELECT max(name) FROM tortoise_migrations") == known_migrations()[-1]
    await holder.close()


async def test_what_a_migration_waits_for_is_added_up(admin_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps the first table while it waits for the second, and whoever uses the first waits as well: half of its
    time spent on the first leaves half for the second."""
    monkeypatch.setattr("quotaloom.platform.migrating.ATTEMPTS", 1)
    monkeypatch.setattr("quotaloom.platform.migrating.LOCK_MS", 2_000)
    first, second = [await asyncpg.connect(**credentials(admin_url)) for _ in range(2)]
    async with second.transaction():
        await second.execute("LOCK TABLE metric IN ACCESS SHARE MODE")
        async with first.transaction():
            await first.execute("LOCK TABLE achievement_entry IN ACCESS SHARE MODE")
            migrating = asyncio.create_task(migrate(admin_url, application_role=APPLICATION_ROLE, migrations=LATER))
            await waiting_for(second, "achievement_entry")
            await asyncio.sleep(1)
        with pytest.raises(InputError, match="in all for several tables"):
            await migrating
    assert await second.fetchval("SELECT to_regclass('later_fact')") is None
    await migrate(admin_url, application_role=APPLICATION_ROLE, migrations=LATER)
    for connection in (first, second):
        await connection.close()


async def test_who_only_reads_may_come_again(database: Database, admin_url: str) -> None:
    """Where whoever changes tables and a reader wait for each other and PostgreSQL breaks the reader off, he hears
    `Unavailable`."""
    admin = await asyncpg.connect(**credentials(admin_url))
    await admin.execute("SET deadlock_timeout = '1min'")  # so that it is the reader whom PostgreSQL chooses
    async with admin.transaction():
        await admin.execute("LOCK TABLE metric")
        async with database.snapshot(1) as snapshot:
            await snapshot.fetch("SELECT FROM member")
            reading = asyncio.create_task(snapshot.fetch("SELECT FROM metric"))
            await waiting_for(admin, "metric")
            changing = asyncio.create_task(admin.execute("LOCK TABLE member"))
            with pytest.raises(Unavailable, match="a migration is changing what was asked for"):
                await reading
        await changing
    await admin.close()


async def test_a_database_that_is_newer_is_told_of_and_used(
    database_url: str, admin_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The old version names the migrations that it does not know, and goes on."""
    await migrate(admin_url, application_role=APPLICATION_ROLE, migrations=LATER)
    urls = DatabaseUrls(database_url, admin_url, embedded=False)
    async with connected(Settings(), urls) as database, database.snapshot(1) as snapshot:
        assert await snapshot.fetch("SELECT FROM company") == []
    told = " ".join(capsys.readouterr().err.split())
    assert "The database is newer than this version of Quotaloom: it has had 9001_widen." in told


async def test_a_database_that_is_older_is_refused(database_url: str, admin_url: str, tmp_path: Path) -> None:
    """A command that must not migrate says which migrations are missing, and how they are applied."""
    connection = await asyncpg.connect(**credentials(admin_url))
    await connection.execute("DELETE FROM tortoise_migrations WHERE name <> '0001_initial'")
    await connection.close()
    with pytest.raises(InputError) as error:
        async with connected(Settings(data_dir=tmp_path), DatabaseUrls(database_url, admin_url, embedded=False)):
            pass
    assert error.value.code == "DATABASE_OUTDATED"
    assert "it lacks 0002_companies_apart" in error.value.message
    assert "quotaloom migrate" in error.value.message
