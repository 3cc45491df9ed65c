"""Installations on a PostgreSQL that keeps what it acknowledges: fsync is on, as it is not for other tests."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from quotaloom.platform.database import credentials
from quotaloom.platform.embedded import EmbeddedServer, temporary_postgres
from tests.acceptance.crashes.disks import Disk, faulty_disk
from tests.acceptance.crashes.installation import Installation, installed
from tests.left_out import leave_out
from tests.places import throwaway_folder


@pytest.fixture(scope="package")
def any_disk() -> Iterator[Disk | str]:
    """The disk of the server, which can be told to fail, or why it cannot."""
    with faulty_disk() as disk:
        yield disk


@pytest.fixture
def disk(any_disk: Disk | str, durable_postgres: EmbeddedServer) -> Iterator[Disk]:
    """A disk that can be told to fail, and is well again afterwards."""
    if isinstance(any_disk, str):
        leave_out("a disk that fails", any_disk)
    assert any_disk.loaded > 0, "PostgreSQL does not use it"
    yield any_disk
    any_disk.tell("full", 0)
    any_disk.tell("failing_syncs", 0)


@pytest.fixture(scope="package")
def durable_postgres(any_disk: Disk | str) -> Iterator[EmbeddedServer]:
    """A server with fsync."""
    with temporary_postgres(fsync=True, within=throwaway_folder()) as server:
        asyncio.run(_make_database(server))
        yield server


@pytest.fixture
def installation(lasting_installation: Installation) -> Iterator[Installation]:
    """The company `acme`, nothing of which runs between tests, however one ends."""
    yield lasting_installation
    lasting_installation.kill_all()


@pytest.fixture(scope="package")
def lasting_installation(durable_postgres: EmbeddedServer) -> Iterator[Installation]:
    """The company `acme` for all tests."""
    with tempfile.TemporaryDirectory() as home, installed(durable_postgres, Path(home)) as found:
        yield found


async def _make_database(server: EmbeddedServer) -> None:
    connection = await asyncpg.connect(**credentials(server.url("postgres", server.superuser)))
    await connection.execute("CREATE DATABASE quotaloom ENCODING 'UTF8' TEMPLATE template0")
    await connection.close()
