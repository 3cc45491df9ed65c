"""Jobs while PostgreSQL can read and not write."""

from __future__ import annotations

import asyncio

import asyncpg

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.jobs.failures import failed_job_count
from tests.founding import found
from tests.integration.jobs.doing import Doings, ask_for, until, working

FULL = """
CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM nextval('refused');
    RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full';
END $$;
CREATE SEQUENCE refused;
GRANT USAGE ON SEQUENCE refused TO PUBLIC;
CREATE TRIGGER disk_is_full BEFORE UPDATE ON quotaloom_jobs.job
FOR EACH ROW WHEN (old.status = 'picked' AND new.status = 'queued') EXECUTE FUNCTION disk_is_full();
"""
EMPTIED = "DROP TRIGGER disk_is_full ON quotaloom_jobs.job"
REFUSED = "SELECT is_called FROM refused"


async def test_a_job_that_cannot_be_put_back_at_once_is_put_back_later(
    database: Database, database_url: str, admin_url: str
) -> None:
    """Its attempt fails while the disk is full, so that the next one cannot be noted: the job is not held as failed,
    and is done when there is room."""
    work, doings = await found(database), Doings(trouble="the disk is full")
    admin = await asyncpg.connect(**credentials(admin_url))
    await admin.execute(FULL)
    async with working(database, database_url, doings.note):
        await ask_for(work, "deal")
        await until(lambda: admin.fetchval(REFUSED))
        await asyncio.sleep(0.3)  # more than a worker takes to hold a job as failed
        async with work.snapshot() as snapshot:
            assert await failed_job_count(snapshot) == 0
        doings.trouble = None
        await admin.execute(EMPTIED)
        await until(lambda: doings.done)
    assert doings.done == [(work.company.id, "deal")]
    await admin.close()
