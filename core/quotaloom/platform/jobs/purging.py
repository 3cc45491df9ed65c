"""Keeping the log of jobs short."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from quotaloom.platform.jobs.handlers import SUBJECT, Hourly, Job
from quotaloom.platform.jobs.storage import LOG, QUEUE
from quotaloom.platform.unit_of_work import Transaction, Writer

KEPT: Final = timedelta(days=14)
"""How long it is kept what became of a job."""

AT_A_TIME: Final = 10_000
"""How many lines of the log one statement deletes."""

# What went wrong with a job that is kept as failed is kept with it.
_PURGE = f"""
DELETE FROM {LOG} WHERE id IN (
    SELECT id FROM {LOG} AS log WHERE created < $1::timestamptz AND NOT EXISTS (
        SELECT FROM {QUEUE} AS job WHERE job.id = log.job_id) LIMIT {AT_A_TIME})
"""  # noqa: S608 (constants)


async def purge(job: Job) -> None:
    """Delete what the log of jobs holds from before `KEPT`."""

    async def delete(transaction: Transaction) -> int:
        return int((await transaction.execute(_PURGE, job.now - KEPT)).split()[-1])

    while await job.database.write(0, Writer(SUBJECT, None, job.now), delete) == AT_A_TIME:
        pass


PURGE: Final = Hourly("jobs.purge", purge)
