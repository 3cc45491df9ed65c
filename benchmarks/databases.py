"""An empty, migrated database for every round, so that no round finds what another one left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import asyncpg

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.embedded import SUPERUSER, EmbeddedServer
from quotaloom.platform.migrating import migrate

ROLE = "quotaloom"
TEMPLATE = "benchmark_template"

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class FreshDatabase:
    """A database as the product sees it, a plain connection of the superuser for floors, and its two addresses."""

    database: Database
    plain: asyncpg.Connection
    url: str
    admin_url: str


async def make_template(server: EmbeddedServer) -> None:
    """Make the database that the others are copied from."""
    async with _connected(server, "postgres") as connection:
        await connection.execute(f"CREATE DATABASE {TEMPLATE}")
    await migrate(server.url(TEMPLATE, SUPERUSER), application_role=ROLE)


@asynccontextmanager
async def fresh_database(server: EmbeddedServer) -> AsyncIterator[FreshDatabase]:
    """A new database, dropped at the end."""
    name = f"benchmark_{next(_numbers)}"
    async with _connected(server, "postgres") as postgres:
        await postgres.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        try:
            async with _connected(server, name) as plain:
                url, admin_url = server.url(name, ROLE), server.url(name, SUPERUSER)
                database = Database(url)
                await database.connect()
                try:
                    yield FreshDatabase(database, plain, url, admin_url)
                finally:
                    await database.close()
        finally:
            await postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def _connected(server: EmbeddedServer, database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(**credentials(server.url(database, SUPERUSER)))
    try:
        yield connection
    finally:
        await connection.close()
