"""A worker that is killed in the middle of a job."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process

from quotaloom.platform.database import Database
from quotaloom.platform.work import Work
from tests.founding import found
from tests.integration.jobs.doing import SECONDS, ask_for, until


async def worker(url: str, seconds: float) -> Process:
    """A worker process that has begun to take jobs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.jobs.posting", url, str(seconds), stdout=PIPE
    )
    assert await heard(process) == "ready"
    return process


async def heard(process: Process) -> str:
    """The next line that a worker says."""
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 3 * SECONDS)).decode().strip()


async def posted(work: Work) -> list[str]:
    """What jobs have written."""
    async with work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT payload->>'about' AS about FROM outbox_event WHERE topic = 'job.posted'")
    return [row["about"] for row in rows]


async def test_what_a_killed_worker_had_begun_another_one_does_once(database: Database, database_url: str) -> None:
    """The first is killed before it commits: nothing of it stays, and the second does the job."""
    work = await found(database)
    first = await worker(database_url, 600)
    await ask_for(work, "deal")
    assert await heard(first) == "begun deal"
    first.kill()
    await first.wait()
    assert await posted(work) == []
    second = await worker(database_url, 0)
    try:
        assert await heard(second) == "begun deal"
        await until(lambda: posted(work))
        await asyncio.sleep(2)  # twice as long as a job may be without a sign of life
        assert await posted(work) == ["deal"]
    finally:
        second.kill()
        await second.wait()


async def test_a_job_that_takes_long_stays_with_its_worker(database: Database, database_url: str) -> None:
    """While one works for three times as long as it may be silent, its signs of life keep the job from the other."""
    work = await found(database)
    first = await worker(database_url, 3)
    await ask_for(work, "deal")
    assert await heard(first) == "begun deal"
    second = await worker(database_url, 0)
    try:
        await until(lambda: posted(work))
        await asyncio.sleep(1)
        assert await posted(work) == ["deal"]
    finally:
        for process in (first, second):
            process.kill()
            await process.wait()
