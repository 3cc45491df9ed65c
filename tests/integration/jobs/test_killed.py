"""A worker that is killed in the middle of a job."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Any

from quotaloom.platform.database import Database
from quotaloom.platform.jobs.failures import failed_jobs, retry_job
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


async def test_a_job_that_kills_its_worker_is_not_begun_for_ever(database: Database, database_url: str) -> None:
    """It has three attempts, each of which is the end of a process. The fourth process lets it be and does what comes
    after it; an admin sees the failed job, and has it tried again."""
    work = await found(database)
    await ask_for(work, "poison")
    for _ in range(3):
        assert await _is_killed_by_its_job(database_url)
    await ask_for(work, "deal")
    last = await worker(database_url, 0)
    try:
        assert await heard(last) == "begun deal"
        (failed,) = await until(lambda: _failed(work))
        assert (failed["name"], failed["attempts"]) == ("note", 3)
        assert failed["reason"].startswith("WorkerLost: the worker that did it gave no more signs of life")
        await retry_job(work, failed["id"])
        assert await heard(last) == "begun poison"
        assert await last.wait() == -signal.SIGKILL
    finally:
        with suppress(ProcessLookupError):
            last.kill()
        await last.wait()


async def _is_killed_by_its_job(url: str) -> bool:
    process = await worker(url, 0)
    assert await heard(process) == "begun poison"
    return await asyncio.wait_for(process.wait(), SECONDS) == -signal.SIGKILL


async def _failed(work: Work) -> list[Any]:
    async with work.snapshot() as snapshot:
        return list(await failed_jobs(snapshot))
