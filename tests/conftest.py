"""A real PostgreSQL for the run, a migrated template, clones of it, and one clone that most tests have in turn."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from tortoise.apps import Apps

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.embedded import SUPERUSER, EmbeddedServer, temporary_postgres
from quotaloom.platform.migrating import migrate
from quotaloom_server.command import GARBAGE
from tests import counted
from tests.kept_database import KeptDatabase
from tests.left_out import pytest_terminal_summary as pytest_terminal_summary  # a hook of pytest
from tests.places import throwaway_folder
from tests.progress import SHOWN, Progress, silent

APPLICATION_ROLE = "quotaloom"
TEMPLATE = "quotaloom_template"

_numbers = count(1)

gc.set_threshold(*GARBAGE)  # as the product's own processes have it: collecting the tests loads everything there is

_work_out = Apps._build_initial_querysets


def _work_out_once(apps: Apps) -> None:
    """What Tortoise works out of the models is of the models alone: once for all databases of this process."""
    if not _worked_out:
        _work_out(apps)
        _worked_out.append(apps)


_worked_out: list[Apps] = []
Apps._build_initial_querysets = _work_out_once  # type: ignore[assignment, method-assign]


def pytest_configure(config: pytest.Config) -> None:
    """Have the end of a run say how much some of its tests tried."""
    config.pluginmanager.register(counted, "counted")


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """An embedded server of this test process, with a migrated template database."""
    with temporary_postgres(within=throwaway_folder()) as server:
        asyncio.run(_make_template(server))
        yield server


async def _make_template(server: EmbeddedServer) -> None:
    await _as_admin(server, f"CREATE DATABASE {TEMPLATE}")
    await migrate(server.url(TEMPLATE, SUPERUSER), application_role=APPLICATION_ROLE)


@asynccontextmanager
async def cloned(server: EmbeddedServer) -> AsyncIterator[str]:
    """The name of an empty, migrated database, which is dropped at the end."""
    name = await _clone(server)
    yield name
    await _drop(server, name)


async def _clone(server: EmbeddedServer) -> str:
    name = f"test_{next(_numbers)}"
    # Without fsync copying the files is faster than logging each page of them.
    await _as_admin(server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    return name


async def _drop(server: EmbeddedServer, name: str) -> None:
    await _as_admin(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _as_admin(server: EmbeddedServer, statement: str) -> None:
    connection = await asyncpg.connect(**credentials(server.url("postgres", SUPERUSER)))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def database_name(postgres: EmbeddedServer) -> AsyncIterator[str]:
    """The name of an empty, migrated database of this test's own."""
    async with cloned(postgres) as name:
        yield name


@pytest.fixture
def database_url(postgres: EmbeddedServer, database_name: str) -> str:
    """The URL of the test's database for the application's role."""
    return postgres.url(database_name, APPLICATION_ROLE)


@pytest.fixture
def admin_url(postgres: EmbeddedServer, database_name: str) -> str:
    """The URL of the test's database for the role that bypasses row-level security."""
    return postgres.url(database_name, SUPERUSER)


@pytest.fixture(scope="session")
async def kept_database(postgres: EmbeddedServer) -> AsyncIterator[KeptDatabase]:
    """What lends tests the one database that they have in turn."""

    async def make() -> tuple[str, str]:
        name = await _clone(postgres)
        return postgres.url(name, APPLICATION_ROLE), postgres.url(name, SUPERUSER)

    kept = KeptDatabase(make, lambda url: _drop(postgres, credentials(url)["database"]))
    yield kept
    await kept.close()


@pytest.fixture
def own_url(request: pytest.FixtureRequest) -> str | None:
    """The URL of a database of the test's own, for whoever asks for a URL or a name, or loads a whole data set."""
    asks = {"database_name", "database_url", "admin_url"} & set(request.fixturenames)
    large = request.node.get_closest_marker("dataset") is not None
    return request.getfixturevalue("database_url") if asks or large else None


@pytest.fixture
async def database(kept_database: KeptDatabase, own_url: str | None) -> AsyncIterator[Database]:
    """A database without rows, connected as the application.

    It is the test's own for whoever has `own_url`, and the one that was emptied after the last test for all others.
    """
    if own_url is None:
        async with kept_database.lend() as database:
            yield database
        return
    database = Database(own_url)
    await database.connect()
    yield database
    await database.close()


@pytest.fixture
def progress(request: pytest.FixtureRequest) -> Progress:
    """Tells whoever waits for `make soak` how far a long test is."""
    return request.config.stash.get(SHOWN, silent)


@pytest.fixture(scope="session")
def folder_of_acme() -> Iterator[Path]:
    """A data folder with the company `acme`, for tests that copy it and start servers on the copy."""
    from tests.data_folders import folder_with_acme  # it needs the whole server, as few tests do

    with folder_with_acme() as made:
        yield made
