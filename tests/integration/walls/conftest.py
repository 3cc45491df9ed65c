"""The three companies: made once a process, and a copy of their database for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import asyncpg
import pytest

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.embedded import SUPERUSER, EmbeddedServer
from tests.conftest import APPLICATION_ROLE, TEMPLATE
from tests.integration.walls.asking import Asking, moved
from tests.integration.walls.planting import Walls, build

COMPANIES = "walls_template"

_built: list[Walls] = []
_numbers = count(1)


async def _copied(server: EmbeddedServer, name: str, template: str) -> None:
    connection = await asyncpg.connect(**credentials(server.url("postgres", SUPERUSER)))
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    finally:
        await connection.close()


@pytest.fixture
async def walls_name(postgres: EmbeddedServer) -> str:
    """The name of a database with the three companies, of this test's own."""
    if not _built:
        await _copied(postgres, COMPANIES, TEMPLATE)
        database = Database(postgres.url(COMPANIES, APPLICATION_ROLE))
        await database.connect()
        _built.append(await build(database, postgres.url(COMPANIES, SUPERUSER)))
        await database.close()
    name = f"walls_{next(_numbers)}"
    await _copied(postgres, name, COMPANIES)
    return name


@pytest.fixture
async def asking(postgres: EmbeddedServer, walls_name: str) -> AsyncIterator[Asking]:
    """A process that serves the three companies."""
    database = Database(postgres.url(walls_name, APPLICATION_ROLE))
    await database.connect()
    yield Asking(moved(_built[0], database), database)
    await database.close()


@pytest.fixture
async def admin(postgres: EmbeddedServer, walls_name: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection of the administrator, whom nothing keeps from any row."""
    connection = await asyncpg.connect(**credentials(postgres.url(walls_name, SUPERUSER)))
    yield connection
    await connection.close()
