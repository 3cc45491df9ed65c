"""PostgreSQL that is killed, or stops answering, while others use it."""

from __future__ import annotations

import asyncio
import os
import random
import signal

import pytest

from quotaloom.platform.database import Database
from quotaloom.platform.embedded import EmbeddedServer
from quotaloom.platform.errors import Unavailable
from tests.acceptance.crashes.installation import Installation
from tests.acceptance.crashes.postgres_processes import children_of, frozen, postmaster_of
from tests.acceptance.crashes.wholeness import assert_jobs_done, assert_whole
from tests.acceptance.crashes.writers import Clients, Record, record
from tests.progress import Progress, stepwise

VICTIMS = ("quotaloom", "", "postmaster")
"""A connection's process, any process but the first, and the first of all."""


def kill_one(server: EmbeddedServer, victim: str, dice: random.Random) -> None:
    """Kill a process of the server."""
    numbers = [postmaster_of(server)] if victim == "postmaster" else children_of(server, victim)
    os.kill(dice.choice(numbers), signal.SIGKILL)


@pytest.mark.parametrize("kills", [3, pytest.param(100, marks=pytest.mark.soak)])
async def test_nothing_is_lost_where_postgresql_is_killed(
    installation: Installation,
    durable_postgres: EmbeddedServer,
    kills: int,
    record_property: Record,
    progress: Progress,
) -> None:
    """Whichever of its processes is killed, clients hear `UNAVAILABLE` and nothing worse, it comes back by itself,
    every acknowledged write is there, none is half there, balances are the ledger replayed, and jobs are done."""
    clients = Clients(installation)
    dice = random.Random(kills)
    living = [await asyncio.to_thread(installation.start, kind) for kind in ("server", "worker")]
    async with clients.writing(jobs=True) as memory:
        for number in stepwise(progress, range(kills), "PostgreSQL is killed"):
            await clients.until_acknowledged(dice.randrange(5, 25))
            await asyncio.to_thread(kill_one, durable_postgres, VICTIMS[number % 3], dice)
            await clients.until_acknowledged(10)
            await assert_whole(installation, memory)
    assert memory.answers["cut off"] == 0, "the server goes on"
    assert memory.answers["unavailable"] > 0
    await assert_jobs_done(installation, memory)
    for number in living:
        installation.send(number, signal.SIGKILL)
    record(record_property, memory, "killed", kills)


async def test_a_database_that_falls_silent_is_not_waited_for(
    installation: Installation, durable_postgres: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reads under way are told `Unavailable`, more of them than there are connections, and all goes on once it answers
    again."""
    monkeypatch.setattr("quotaloom.platform.database.SILENCE_SECONDS", 0.3)
    database = Database(installation.url, pool_size=2, statement_timeout_ms=100)
    await database.connect()

    async def read() -> int:
        async with database.snapshot(installation.planted.company_id) as snapshot:
            row = await snapshot.fetch_one("SELECT count(*) AS number FROM company")
            return row["number"] if row is not None else 0

    assert sum(await asyncio.gather(read(), read())) == 2
    with frozen(durable_postgres):
        told = await asyncio.gather(*(read() for _ in range(3)), return_exceptions=True)
    assert [isinstance(one, Unavailable) for one in told] == [True] * 3
    assert sum(await asyncio.gather(read(), read())) == 2
    await database.close()
