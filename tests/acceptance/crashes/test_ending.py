"""Servers and workers that are told to end while clients write, as when a new version takes over."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from quotaloom.platform.database import credentials
from tests.acceptance.crashes.installation import Installation
from tests.acceptance.crashes.wholeness import assert_jobs_done, assert_whole
from tests.acceptance.crashes.writers import WRITERS, Clients, Record, record
from tests.database_activity import waiting_for
from tests.integration.server.processes import wait_for
from tests.progress import Progress, stepwise

UNDER_WAY = "SELECT count(*) AS number FROM quotaloom_jobs.job WHERE status = 'picked'"


async def ended(installation: Installation, number: int) -> None:
    """Tell a process to end, unless it has ended, and wait until it has."""
    with suppress(ProcessLookupError):
        installation.send(number, signal.SIGTERM)
    await asyncio.to_thread(wait_for, lambda: installation.is_gone(number))


async def under_way(installation: Installation) -> int:
    """How many jobs somebody holds."""
    database = await installation.connected()
    async with database.snapshot(installation.planted.company_id) as snapshot:
        row = await snapshot.fetch_one(UNDER_WAY)
    await database.close()
    assert row is not None
    number: int = row["number"]
    return number


@asynccontextmanager
async def held_up(installation: Installation) -> AsyncIterator[None]:
    """Every client has sent an order that is under way all the time, and comes through at the end."""
    connection = await asyncpg.connect(**credentials(installation.admin_url))
    async with connection.transaction():
        await connection.execute("LOCK TABLE achievement_entry IN SHARE ROW EXCLUSIVE MODE")
        await waiting_for(connection, "achievement_entry", least=WRITERS)
        yield
    await connection.close()


@pytest.mark.parametrize("ends", [4, pytest.param(200, marks=pytest.mark.soak)])
async def test_an_end_drops_no_write(
    installation: Installation, ends: int, record_property: Record, progress: Progress
) -> None:
    """Servers replace each other under load: what was written is what was acknowledged, no more and no less. By turns
    an end comes at any time and while every client waits for his answer, which all of them get. Workers finish or give
    back: no job is held by one that has ended."""
    clients = Clients(installation)
    living = {kind: await asyncio.to_thread(installation.start, kind) for kind in ("server", "worker")}
    async with clients.writing(jobs=True, members=False) as memory:
        for number in stepwise(progress, range(ends), "a server and a worker end"):
            await clients.until_acknowledged(8)
            await ended(installation, living["worker"])
            assert await under_way(installation) == 0
            following = await asyncio.to_thread(installation.start, "server")
            if number % 2:
                cut_off = memory.answers["cut off"]
                async with held_up(installation):
                    installation.send(living["server"], signal.SIGTERM)
                    await asyncio.sleep(0.3)
                    assert memory.answers["cut off"] == cut_off, "the server did not wait"
                await clients.until_acknowledged(WRITERS)
                assert memory.answers["cut off"] == cut_off, "somebody did not get his answer"
            await ended(installation, living["server"])
            living = {"server": following, "worker": await asyncio.to_thread(installation.start, "worker")}
    stored = await assert_whole(installation, memory)
    beginning = f"{memory.rounds}-"
    assert {key[:-2] for key in stored if key.startswith(beginning)} == {
        key for key in memory.acknowledged if key.startswith(beginning)
    }
    assert memory.answers["unavailable"] == 0
    await assert_jobs_done(installation, memory)
    for number in living.values():
        installation.send(number, signal.SIGKILL)
    record(record_property, memory, "ended", 2 * ends)
