"""A disk that is full, cannot be written to, or does not keep what it was told to."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from errno import EIO, ENOSPC
from functools import partial

import asyncpg
import pytest

from quotaloom.platform.database import credentials
from quotaloom.platform.embedded import EmbeddedServer
from tests.acceptance.crashes.disks import Disk
from tests.acceptance.crashes.installation import Installation
from tests.acceptance.crashes.postgres_processes import recoveries
from tests.acceptance.crashes.wholeness import assert_jobs_done, assert_whole
from tests.acceptance.crashes.writers import Clients, Record, record
from tests.integration.server.processes import wait_for
from tests.progress import Progress, stepwise

CHECKPOINT = "CHECKPOINT"
"""Has PostgreSQL write everything that it has in memory."""

NEXT_LOG = "SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal() FROM generate_series(1, 8)"
"""Has PostgreSQL need more files for its log, without which nothing is committed."""


async def run(installation: Installation, statement: str) -> None:
    """Run a statement that may be PostgreSQL's end."""
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection = await asyncpg.connect(**credentials(installation.admin_url))
        await connection.execute(statement)
        await connection.close()


@pytest.mark.parametrize("times", [6, pytest.param(50, marks=pytest.mark.soak)])
async def test_nothing_is_lost_where_the_disk_takes_no_more(
    installation: Installation,
    disk: Disk,
    times: int,
    record_property: Record,
    progress: Progress,
    durable_postgres: EmbeddedServer,
) -> None:
    """Whether there is no room for a table, no room for the log, which is PostgreSQL's end for as long, or the disk
    cannot be written to, clients hear `UNAVAILABLE` and nothing worse; afterwards writes go on by themselves, and what
    was acknowledged is there, whole."""
    clients, before = Clients(installation), recoveries(durable_postgres)
    living = [await asyncio.to_thread(installation.start, kind) for kind in ("server", "worker")]
    async with clients.writing(jobs=True) as memory:
        for number in stepwise(progress, range(times), "the disk takes no more"):
            await clients.until_acknowledged(5)
            disk.tell("full", (ENOSPC, ENOSPC, EIO)[number % 3])
            if number % 3 == 1:
                await run(installation, NEXT_LOG)
            await clients.until_told("unavailable", 3)
            disk.tell("full", 0)
            await clients.until_acknowledged(5)
            await assert_whole(installation, memory)
    assert disk.refused >= times
    recovered = recoveries(durable_postgres) - before
    assert recovered > 0, "its log always had room"
    assert memory.answers["cut off"] == 0, "the server goes on"
    await assert_jobs_done(installation, memory)
    for number in living:
        installation.send(number, signal.SIGKILL)
    record(record_property, memory, "disk took no more", times)
    record_property("PostgreSQL gave up and recovered", recovered)


@pytest.mark.parametrize("times", [2, pytest.param(50, marks=pytest.mark.soak)])
async def test_nothing_is_lost_where_the_disk_fails_to_keep_something(
    installation: Installation, disk: Disk, times: int, record_property: Record, progress: Progress
) -> None:
    """Where `fsync` fails, for a commit or a checkpoint, PostgreSQL gives up and recovers: what was acknowledged before
    is there, and what was not kept was not acknowledged."""
    clients = Clients(installation)
    server = await asyncio.to_thread(installation.start, "server")
    async with clients.writing() as memory:
        for number in stepwise(progress, range(times), "the disk fails to keep something"):
            await clients.until_acknowledged(5)
            failed = disk.failed
            disk.tell("failing_syncs", 1)
            if number % 2:
                await run(installation, CHECKPOINT)
            await asyncio.to_thread(wait_for, partial(lambda before: disk.failed > before, failed))
            await clients.until_acknowledged(5)
            await assert_whole(installation, memory)
    assert memory.answers["unavailable"] > 0
    assert memory.answers["cut off"] == 0, "the server goes on"
    installation.send(server, signal.SIGKILL)
    record(record_property, memory, "failed syncs", times)
