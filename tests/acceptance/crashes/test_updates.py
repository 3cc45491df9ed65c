"""An update of the database while an old version serves it, and old and new side by side."""

from __future__ import annotations

import asyncio
import importlib
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx

from quotaloom.platform.database import credentials
from tests.acceptance.crashes.installation import ROOT, Installation
from tests.acceptance.crashes.update import LATER
from tests.acceptance.crashes.wholeness import assert_whole
from tests.acceptance.crashes.writers import Clients

RENAME = """mutation ($input: UpdateMetricInput!) { updateMetric(input: $input) { errors { message } } }"""
READ = '{ orgUnit(key: "east") { attainment(period: "2026") { achieved } } metrics { name } }'


@asynccontextmanager
async def superuser(installation: Installation) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees and may do everything."""
    connection = await asyncpg.connect(**credentials(installation.admin_url))
    try:
        yield connection
    finally:
        await connection.close()


async def narrow_again(installation: Installation) -> None:
    """Undo the later migration, for whoever comes next."""
    async with superuser(installation) as connection:
        await connection.execute(importlib.import_module(f"{LATER}.9001_widen").NARROW)
        await connection.execute("DELETE FROM tortoise_migrations WHERE name = '9001_widen'")


async def ask_and_rename(installation: Installation, stopping: asyncio.Event) -> list[object]:
    """Read, and change a metric, whose whole row is read first, again and again; every answer that is not as it should
    be."""
    headers = {"authorization": f"Bearer {installation.planted.token}"}
    wrong: list[object] = []
    async with httpx.AsyncClient(base_url=installation.address, headers=headers, timeout=20) as client:
        number = 0
        while not stopping.is_set():
            number += 1
            input = {"id": installation.planted.metric_id, "name": f"Revenue {number}"}
            for query, variables in ((RENAME, {"input": input}), (READ, {})):
                answer = (await client.post("/graphql", json={"query": query, "variables": variables})).json()
                if "errors" in answer or answer["data"].get("updateMetric", {"errors": []}) != {"errors": []}:
                    wrong.append(answer)
    return wrong


async def noted(connection: asyncpg.Connection) -> str:
    """What the later version has written: a letter for each change of the metric."""
    found: str = await connection.fetchval("SELECT max(later_note) FROM metric")
    return found


def after(count: int) -> asyncio.Event:
    """An event that is set once it was looked at so often."""

    class Counted(asyncio.Event):
        left = count

        def is_set(self) -> bool:
            """Whether it was."""
            self.left -= 1
            return self.left < 0

    return Counted()


def _until_gone(installation: Installation, number: int) -> None:
    until = time.monotonic() + 30
    while not installation.is_gone(number):
        assert time.monotonic() < until
        time.sleep(0.05)


async def test_an_update_stops_nobody(installation: Installation) -> None:
    """A later version's migration waits for a long transaction without keeping others waiting, and comes through when
    that ends; the old server goes on, one that knows the new column joins it, and no request of either fails."""
    old = await asyncio.to_thread(installation.start, "server")
    clients = Clients(installation)
    stopping = asyncio.Event()
    async with clients.writing() as memory, superuser(installation) as connection:
        asking = asyncio.create_task(ask_and_rename(installation, stopping))
        long = connection.transaction()
        await long.start()
        await connection.fetch("SELECT FROM achievement_entry, metric LIMIT 1")
        update = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.acceptance.crashes.update", installation.admin_url, cwd=ROOT, stdout=PIPE
        )
        assert update.stdout is not None
        assert await update.stdout.readline() == b"9001_widen\n"
        await clients.until_acknowledged(60)
        assert update.returncode is None, "it did not wait"
        await long.rollback()
        assert await update.wait() == 0
        await clients.until_acknowledged(20)
        new = await asyncio.to_thread(installation.start, "later server")
        others = [asyncio.create_task(ask_and_rename(installation, stopping)) for _ in range(8)]
        await connection.execute("UPDATE metric SET later_note = 'of the new version'")
        await clients.until_acknowledged(20)
        stopping.set()
        assert await asyncio.gather(asking, *others) == [[]] * 9
        assert set(memory.answers) == {"acknowledged"}
        installation.send(old, signal.SIGTERM)
        await clients.until_acknowledged(20)
        await asyncio.to_thread(_until_gone, installation, old)
        before = await noted(connection)
        assert await ask_and_rename(installation, after(10)) == []
        assert len(await noted(connection)) == len(before) + 10
    await assert_whole(installation, memory)
    installation.send(new, signal.SIGKILL)
    await narrow_again(installation)
