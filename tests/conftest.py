"""A real PostgreSQL for the run, a migrated template, and a clone of it per test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count

import asyncpg
import pytest
from tortoise.apps import Apps

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.embedded import SUPERUSER, EmbeddedServer, temporary_postgres
from quotaloom.platform.migrating import migrate
from tests.places import throwaway_folder

APPLICATION_ROLE = "quotaloom"
TEMPLATE = "quotaloom_template"

_numbers = count(1)

_work_out = Apps._build_initial_querysets


def _work_out_once(apps: Apps) -> None:
    """What Tortoise works out of the models is of the models alone: once for all databases of this process."""
    if not _worked_out:
        _work_out(apps)
        _worked_out.append(apps)


_worked_out: list[Apps] = []
Apps._build_initial_querysets = _work_out_once  # type: ignore[assignment, method-assign]


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """An embedded server of this test process, with a migrated template database."""
    with temporary_postgres(within=throwaway_folder()) as server:
        asyncio.run(_make_template(server))
        yield server


async def _make_template(server: EmbeddedServer) -> None:
    await _as_admin(server, f"CREATE DATABASE {TEMPLATE}")
    await migrate(server.url(TEMPLATE, SUPERUSER), application_role=APPLICATION_ROLE)


async def _as_admin(server: EmbeddedServer, statement: str) -> None:
    connection = await asyncpg.connect(**credentials(server.url("postgres", SUPERUSER)))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def database_name(postgres: EmbeddedServer) -> AsyncIterator[str]:
    """The name of an empty, migrated database of this test's own."""
    name = f"test_{next(_numbers)}"
    # Without fsync copying the files is faster than logging each page of them.
    await _as_admin(postgres, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    yield name
    await _as_admin(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(postgres: EmbeddedServer, database_name: str) -> str:
    """The URL of the test's database for the application's role."""
    return postgres.url(database_name, APPLICATION_ROLE)


@pytest.fixture
def admin_url(postgres: EmbeddedServer, database_name: str) -> str:
    """The URL of the test's database for the role that bypasses row-level security."""
    return postgres.url(database_name, SUPERUSER)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The test's database, connected as the application."""
    database = Database(database_url)
    await database.connect()
    yield database
    await database.close()
