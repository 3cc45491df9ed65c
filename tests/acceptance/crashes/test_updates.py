"""An update of the database while an old version serves it, and old and new side by side."""

from __future__ import annotations

import asyncio
import importlib
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg
import pytest

from quotaloom.platform.database import credentials
from tests.acceptance.crashes.crowd import Crowd
from tests.acceptance.crashes.installation import ROOT, Installation
from tests.acceptance.crashes.update import LATER
from tests.acceptance.crashes.wholeness import assert_jobs_done, assert_whole
from tests.acceptance.crashes.writers import Clients, Record, record
from tests.integration.server.processes import wait_for
from tests.progress import Progress, stepwise


@asynccontextmanager
async def superuser(installation: Installation) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees and may do everything."""
    connection = await asyncpg.connect(**credentials(installation.admin_url))
    try:
        yield connection
    finally:
        await connection.close()


async def narrow_again(connection: asyncpg.Connection) -> None:
    """Undo the later migration, for whoever comes next."""
    await connection.execute(importlib.import_module(f"{LATER}.9001_widen").NARROW)
    await connection.execute("DELETE FROM tortoise_migrations WHERE name = '9001_widen'")


async def notes(connection: asyncpg.Connection) -> int:
    """How many changes of the metric the later version has written: each adds a letter."""
    found: int = await connection.fetchval("SELECT max(length(later_note)) FROM metric")
    return found


@asynccontextmanager
async def a_long_transaction(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Somebody reads tables that the update changes, and does not come to an end while the block runs."""
    transaction = connection.transaction()
    await transaction.start()
    await connection.fetch("SELECT FROM achievement_entry, metric LIMIT 1")
    yield
    await transaction.rollback()


async def migrated(clients: Clients, connection: asyncpg.Connection) -> None:
    """Let the later version's migration begin while somebody holds tables, see it wait, and see it come through."""
    async with a_long_transaction(connection):
        update = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.acceptance.crashes.update", clients.installation.admin_url),
            cwd=ROOT,
            stdout=PIPE,
        )
        assert update.stdout is not None
        assert await update.stdout.readline() == b"9001_widen\n"
        await clients.until_acknowledged(60)
        assert update.returncode is None, "it did not wait"
    assert await update.wait() == 0


async def side_by_side(crowd: Crowd, connection: asyncpg.Connection) -> None:
    """Wait until both versions have changed the metric."""
    await connection.execute("UPDATE metric SET later_note = 'x'")
    before = crowd.answered["updateMetric"] + 1  # one may be under way
    async with asyncio.timeout(60):
        while not 0 < await notes(connection) - 1 < crowd.answered["updateMetric"] - before:
            assert crowd.wrong == []
            await asyncio.sleep(0.05)


async def ended(installation: Installation, *numbers: int) -> None:
    """Tell processes to end, and wait until they have."""
    for number in numbers:
        installation.send(number, signal.SIGTERM)
    for number in numbers:
        await asyncio.to_thread(wait_for, partial(installation.is_gone, number))


@pytest.mark.parametrize(("times", "each"), [(1, 2), pytest.param(25, 4, marks=pytest.mark.soak)])
async def test_an_update_stops_nobody(
    installation: Installation, times: int, each: int, record_property: Record, progress: Progress
) -> None:
    """A later version's migration waits for a long transaction without keeping others waiting, and comes through when
    that ends; the old server and worker go on, those that know the new columns join and then replace them. No request
    of either is refused, and all that was acknowledged is there: ledger, targets, owners, tree, members and jobs."""
    clients, crowd = Clients(installation), Crowd(installation)

    async def started(*kinds: str) -> list[int]:
        return [await asyncio.to_thread(installation.start, kind) for kind in kinds]

    async with superuser(installation) as connection:
        for _ in stepwise(progress, range(times), "an update begins"):
            old = await started("server", "worker")
            async with clients.writing(jobs=True) as memory, crowd.busy(each):
                await clients.until_acknowledged(5)
                await migrated(clients, connection)
                await clients.until_acknowledged(20)
                new = await started("later server", "later worker")
                await side_by_side(crowd, connection)
                await clients.until_acknowledged(20)
            await ended(installation, *old)
            before = await notes(connection)
            for _ in range(10):
                await crowd.write("updateMetric")
            assert await notes(connection) == before + 10
            assert crowd.wrong == []
            assert set(memory.answers) == {"acknowledged"}
            assert await crowd.lost() == set()
            await assert_whole(installation, memory)
            await assert_jobs_done(installation, memory)
            for number in new:
                installation.send(number, signal.SIGKILL)
            await narrow_again(connection)
    record(record_property, memory, "updates", times)
    for kind, number in sorted(crowd.answered.items()):
        record_property(f"{kind} answered", number)
    record_property("refused", len(crowd.wrong))
    record_property("lost", len(await crowd.lost()))
    record_property("seconds that one waited, at worst", f"{crowd.longest:.2f}")
