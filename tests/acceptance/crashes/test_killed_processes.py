"""Servers and workers that are killed in the middle of writes, one after the other."""

from __future__ import annotations

import asyncio
import random
import signal

import pytest

from tests.acceptance.crashes.installation import Installation
from tests.acceptance.crashes.wholeness import assert_jobs_done, assert_whole, jobs_begun_again
from tests.acceptance.crashes.writers import Clients, Record, record
from tests.progress import Progress, stepwise

TOGETHER = 10
"""Kills between one look at everything and the next."""


@pytest.mark.parametrize("kills", [50, pytest.param(1_000, marks=pytest.mark.soak)])
async def test_nothing_is_lost_where_servers_and_workers_are_killed(
    installation: Installation, kills: int, record_property: Record, progress: Progress
) -> None:
    """By turns a server and a worker are killed while four clients write and jobs come in: every acknowledged write
    is there, none is half there, what was sent again under its key is there once, and balances are the ledger replayed.
    Workers are killed in the middle of jobs, which others begin again: every job is done, and counts once."""
    clients, begun_again_before = Clients(installation), await jobs_begun_again(installation)
    dice = random.Random(kills)
    living = {kind: await asyncio.to_thread(installation.start, kind) for kind in ("server", "worker")}
    async with clients.writing(jobs=True) as memory:
        for number in stepwise(progress, range(kills), "a process is killed"):
            kind = ("server", "worker")[number % 2]
            if kind == "server":
                await clients.until_acknowledged(dice.randrange(1, 12))
            else:
                await asyncio.sleep(dice.uniform(0.01, 0.1))
            installation.send(living[kind], signal.SIGKILL)
            living[kind] = await asyncio.to_thread(installation.start, kind)
            if number % TOGETHER == TOGETHER - 1:
                await assert_whole(installation, memory)
    assert memory.answers["cut off"] > 0
    await assert_jobs_done(installation, memory)
    begun_again = await jobs_begun_again(installation) - begun_again_before
    assert begun_again > 0
    assert memory.answers["sent again"] > 0
    record_property("jobs begun again", begun_again)
    for number in living.values():
        installation.send(number, signal.SIGKILL)
    record(record_property, memory, "killed", kills)
