"""Servers and workers that are told to end while clients write, as when a new version takes over."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.acceptance.crashes.installation import Installation
from tests.acceptance.crashes.wholeness import assert_jobs_done, assert_whole
from tests.acceptance.crashes.writers import Clients, Record, record
from tests.integration.server.processes import wait_for
from tests.progress import Progress, stepwise

UNDER_WAY = "SELECT count(*) AS number FROM quotaloom_jobs.job WHERE status = 'picked'"


async def ended(installation: Installation, number: int) -> None:
    """Tell a process to end, and wait until it has."""
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


@pytest.mark.parametrize("ends", [4, pytest.param(200, marks=pytest.mark.soak)])
async def test_an_end_drops_no_write(
    installation: Installation, ends: int, record_property: Record, progress: Progress
) -> None:
    """Servers replace each other under load: what was written is what was acknowledged, no more and no less, since each
    request that was begun is answered. Workers finish or give back: no job is held by one that has ended."""
    clients = Clients(installation)
    living = {kind: await asyncio.to_thread(installation.start, kind) for kind in ("server", "worker")}
    async with clients.writing(jobs=True) as memory:
        for _ in stepwise(progress, range(ends), "a server and a worker end"):
            await clients.until_acknowledged(8)
            following = await asyncio.to_thread(installation.start, "server")
            await ended(installation, living["server"])
            living["server"] = following
            await ended(installation, living["worker"])
            assert await under_way(installation) == 0
            living["worker"] = await asyncio.to_thread(installation.start, "worker")
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
