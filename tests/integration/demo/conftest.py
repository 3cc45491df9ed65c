"""One database with the demo company loaded, for the tests that only read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import pytest

from quotaloom.demo.loading import DemoCompany, load_demo
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.embedded import SUPERUSER, EmbeddedServer
from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost
from tests.conftest import APPLICATION_ROLE, TEMPLATE

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

_NAME = "loaded_demo"


@dataclass(frozen=True)
class Loaded:
    """A database with the demo company, what loading it returned, and the progress it told."""

    url: str
    demo: DemoCompany
    told: list[tuple[str, int, int]]


@pytest.fixture(scope="session")
def policies() -> PolicyHost:
    """The policies that ship with the product."""
    return PolicyHost(discover(strict=True))


@pytest.fixture(scope="session")
def loaded(postgres: EmbeddedServer, policies: PolicyHost) -> Iterator[Loaded]:
    """The demo company, loaded once for the run."""
    url = postgres.url(_NAME, APPLICATION_ROLE)
    asyncio.run(_as_admin(postgres, f"CREATE DATABASE {_NAME} TEMPLATE {TEMPLATE}"))
    yield asyncio.run(_load(url, policies))
    asyncio.run(_as_admin(postgres, f"DROP DATABASE {_NAME} WITH (FORCE)"))


@pytest.fixture
async def demo_database(loaded: Loaded) -> AsyncIterator[Database]:
    """The database with the demo company; tests that write use one of their own."""
    database = Database(loaded.url)
    await database.connect()
    yield database
    await database.close()


@pytest.fixture
def demo(loaded: Loaded) -> DemoCompany:
    """The demo company as loading it told."""
    return loaded.demo


async def _load(url: str, policies: PolicyHost) -> Loaded:
    told: list[tuple[str, int, int]] = []
    database = Database(url)
    await database.connect()
    try:
        demo = await load_demo(database, policies, now=NOW, progress=lambda *step: told.append(step))
        return Loaded(url, demo, told)
    finally:
        await database.close()


async def _as_admin(server: EmbeddedServer, statement: str) -> None:
    connection = await asyncpg.connect(**credentials(server.url("postgres", SUPERUSER)))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
