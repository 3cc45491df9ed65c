"""Jobs are done after the commit, by one worker each, and tried again where they fail."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest

from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import AccessDenied, NotFound
from quotaloom.platform.jobs.failures import dismiss_job, failed_job_count, failed_jobs, retry_job
from quotaloom.platform.jobs.handlers import Handlers, Job, JobHandler
from quotaloom.platform.jobs.queue import enqueue
from quotaloom.platform.work import Work
from tests.founding import found
from tests.integration.jobs.doing import Doings, ask_for, until, working


async def failures(work: Work) -> list[dict[str, Any]]:
    """The failed jobs that the company sees."""
    async with work.snapshot() as snapshot:
        found = [dict(row) for row in await failed_jobs(snapshot)]
        assert await failed_job_count(snapshot) == len(found)
        return found


async def fails(work: Work) -> list[dict[str, Any]]:
    """The failed jobs of the company, once there are any."""
    found: list[dict[str, Any]] = await until(lambda: failures(work))
    return found


async def test_a_job_is_done_once_it_is_committed_and_never_otherwise(database: Database, database_url: str) -> None:
    """Of a transaction that is rolled back nothing is done; a job knows its company and what it was given."""
    work, doings = await found(database), Doings()

    async def rolled_back(transaction: Any) -> None:
        await enqueue(transaction, "note", {"about": "never"})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work.write(rolled_back)
    async with working(database, database_url, doings.note):
        await ask_for(work, {"deal": 7})
        await until(lambda: doings.done)
    assert doings.done == [(work.company.id, {"deal": 7})]


async def test_of_two_workers_one_does_each_job(database: Database, database_url: str) -> None:
    """Two workers do sixty jobs together, each job once, and both have a share in it."""
    work, first, second = await found(database), Doings(), Doings()
    async with AsyncExitStack() as stack:
        for doings in (first, second):

            async def run(job: Job, doings: Doings = doings) -> None:
                await asyncio.sleep(0.02)
                await doings.note(job)

            await stack.enter_async_context(working(database, database_url, run))
        await ask_for(work, *range(60))
        await until(lambda: len(first.done) + len(second.done) == 60)
    assert sorted(about for _, about in first.done + second.done) == list(range(60))
    assert first.done
    assert second.done


async def test_what_waits_under_a_key_is_not_stored_again(database: Database, database_url: str) -> None:
    """Three jobs of one key make one; when it is done, the key is free for the next."""
    work, doings = await found(database), Doings()
    await ask_for(work, "first", "second", key="same")
    await ask_for(work, "third", key="same")
    async with working(database, database_url, doings.note):
        await until(lambda: doings.done)
    await ask_for(work, "fourth", key="same")
    async with working(database, database_url, doings.note):
        await until(lambda: len(doings.done) == 2)
    assert [about for _, about in doings.done] == ["first", "fourth"]


async def test_a_job_that_fails_is_tried_again_and_then_kept(database: Database, database_url: str) -> None:
    """After three attempts it is seen by the admin of its company and by nobody else; tried again, it is done."""
    work, doings = await found(database), Doings(trouble="no connection to the moon")
    other = await found(database, key="other")
    async with working(database, database_url, doings.note):
        await ask_for(work, "flight")
        (failed,) = await fails(work)
        assert (failed["name"], failed["attempts"]) == ("note", 3)
        assert failed["reason"] == "RuntimeError: no connection to the moon"
        assert await failures(other) == []
        with pytest.raises(NotFound):
            await retry_job(other, failed["id"])
        with pytest.raises(NotFound):
            await dismiss_job(other, failed["id"])
        doings.trouble = None
        await retry_job(work, failed["id"])
        await until(lambda: doings.done)
    assert doings.done == [(work.company.id, "flight")]
    assert await failures(work) == []
    with pytest.raises(NotFound):
        await retry_job(work, failed["id"])


async def test_pauses_grow_between_attempts() -> None:
    """Ten seconds, then twice as long each time, an hour at the most; after the eighth failure nobody tries again."""
    patience = JobHandler("note", Doings().note).patience
    pauses = [patience.pause(failures) for failures in range(1, 9)]
    assert [pause and pause.total_seconds() for pause in pauses] == [10, 20, 40, 80, 160, 320, 640, None]
    assert Handlers([]).all == []


async def test_a_failed_job_is_put_away(database: Database, database_url: str) -> None:
    """It is gone, nothing of it is done, and the audit says who put it away; a member may not."""
    work, doings = await found(database), Doings(trouble="it will never work")
    async with working(database, database_url, doings.note):
        await ask_for(work, "flight")
        (failed,) = await fails(work)
    with pytest.raises(AccessDenied):
        await dismiss_job(_as_member(work), failed["id"])
    with pytest.raises(AccessDenied):
        await retry_job(_as_member(work), failed["id"])
    await dismiss_job(work, failed["id"])
    assert await failures(work) == []
    async with work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT action, object_id FROM audit_entry WHERE object_type = 'Job'")
    assert [tuple(row) for row in rows] == [("job.dismiss", failed["id"])]


async def test_what_was_asked_for_again_meanwhile_is_not_doubled(database: Database, database_url: str) -> None:
    """A failed job of a key under which another one waits goes when it is to be tried again: that is the attempt."""
    work, doings = await found(database), Doings(trouble="not yet")
    async with working(database, database_url, doings.note):
        await ask_for(work, "first", key="same")
        (failed,) = await fails(work)
    await ask_for(work, "second", key="same")
    await retry_job(work, failed["id"])
    doings.trouble = None
    async with working(database, database_url, doings.note):
        await until(lambda: doings.done)
    assert doings.done == [(work.company.id, "second")]
    assert await failures(work) == []


async def test_a_worker_that_ends_finishes_what_it_can_and_gives_the_rest_back(
    database: Database, database_url: str
) -> None:
    """A short job is finished; one that takes too long is broken off, and the next worker does it."""
    work, doings, begun = await found(database), Doings(), []

    async def run(job: Job) -> None:
        begun.append(job.payload["about"])
        await asyncio.sleep(job.payload["about"])
        await doings.note(job)

    async with working(database, database_url, run, finish_seconds=0.5):
        await ask_for(work, 0.2, 60)
        await until(lambda: len(begun) == 2)
    assert doings.done == [(work.company.id, 0.2)]
    async with working(database, database_url, doings.note):
        await until(lambda: len(doings.done) == 2)
    assert doings.done[1] == (work.company.id, 60)


async def test_a_worker_comes_back_when_it_has_lost_the_database(
    database: Database, database_url: str, admin_url: str
) -> None:
    """Its connection is ended by force; what is asked for afterwards is done."""
    work, doings = await found(database), Doings()
    async with working(database, database_url, doings.note):
        await ask_for(work, "before")
        await until(lambda: doings.done)
        admin = await asyncpg.connect(**credentials(admin_url))
        await until(lambda: admin.fetchval("SELECT count(*) = 0 FROM quotaloom_jobs.job"))
        ended = await admin.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'quotaloom jobs'"
        )
        await admin.close()
        assert ended == 1
        await ask_for(work, "after")
        await until(lambda: len(doings.done) == 2)
    assert [about for _, about in doings.done] == ["before", "after"]


def _as_member(work: Work) -> Work:
    return Work(work.database, Viewer(work.company.id, "member", Role.MEMBER, 1), work.company, work.now)
