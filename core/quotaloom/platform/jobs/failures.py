"""Jobs that failed for the last time: kept until an admin has them tried again, or put away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson

from quotaloom.platform.access import Scope
from quotaloom.platform.errors import NotFound
from quotaloom.platform.jobs.queue import ABOUT, COMPANY
from quotaloom.platform.jobs.storage import LOG, QUEUE
from quotaloom.platform.unit_of_work import Record, Snapshot, Transaction
from quotaloom.platform.work import Work

LetGo = Callable[[Transaction, Mapping[str, Any]], Awaitable[None]]
"""What else is done when a job is put away; it is given the job's payload."""

LONGEST_REASON: Final = 2000
"""How many characters of what went wrong are shown."""

# Row-level security does not reach the jobs: here, and only here, they are told apart by company.
_OF_THE_COMPANY = f"status = 'failed' AND headers->>'{COMPANY}' = $1::bigint::text"

_FAILED = f"""
SELECT job.id, job.entrypoint AS name, job.headers->>'{ABOUT}' AS about, job.created AS enqueued_at,
    job.updated AS failed_at, job.attempts + 1 AS attempts, left(coalesce(last.reason, ''), {LONGEST_REASON}) AS reason
FROM {QUEUE} AS job LEFT JOIN LATERAL (
    SELECT concat_ws(': ', traceback->>'exception_type', nullif(traceback->>'exception_message', '')) AS reason
    FROM {LOG} AS log WHERE log.job_id = job.id AND log.status = 'failed' ORDER BY log.created DESC LIMIT 1
) AS last ON true
WHERE {_OF_THE_COMPANY} ORDER BY job.updated DESC, job.id DESC LIMIT $2 OFFSET $3
"""  # noqa: S608 (constants)

_COUNT = f"SELECT count(*) AS number FROM {QUEUE} WHERE {_OF_THE_COMPANY}"  # noqa: S608 (constants)

# The same may wait already, under its key: then that one is the new attempt.
_RETRY = f"""
WITH chosen AS (
    SELECT id, entrypoint, dedupe_key FROM {QUEUE} WHERE {_OF_THE_COMPANY} AND id = $2 FOR UPDATE
), waiting AS (
    SELECT FROM chosen JOIN {QUEUE} AS other ON other.dedupe_key = chosen.dedupe_key AND other.status <> 'failed'
), doubled AS (
    DELETE FROM {QUEUE} WHERE id IN (SELECT id FROM chosen) AND EXISTS (SELECT FROM waiting)
), again AS (
    UPDATE {QUEUE} SET status = 'queued', attempts = 0, execute_after = now(), updated = now(), queue_manager_id = NULL
    WHERE id IN (SELECT id FROM chosen) AND NOT EXISTS (SELECT FROM waiting)
)
SELECT entrypoint AS name FROM chosen
"""  # noqa: S608 (constants)

_DISMISS = f"DELETE FROM {QUEUE} WHERE {_OF_THE_COMPANY} AND id = $2 RETURNING entrypoint AS name, payload"  # noqa: S608 (constants)


async def failed_jobs(snapshot: Snapshot, *, limit: int = 500, offset: int = 0) -> list[Record]:
    """The company's failed jobs, the latest first: id, name, about, enqueued_at, failed_at, attempts, reason."""
    return await snapshot.fetch(_FAILED, snapshot.company_id, limit, offset)


async def failed_job_count(snapshot: Snapshot) -> int:
    """How many failed jobs the company has."""
    row = await snapshot.fetch_one(_COUNT, snapshot.company_id)
    return row["number"] if row is not None else 0


async def retry_job(work: Work, job_id: int) -> str:
    """Have a failed job tried anew, at once and as often as at first; its name. Raises `NotFound` UNKNOWN_JOB."""
    work.viewer.require(Scope.SETTINGS, "trying a failed job again")

    async def apply(transaction: Transaction) -> str:
        name: str = (await _change(transaction, _RETRY, job_id))["name"]
        transaction.record("job.retry", "Job", job_id, after={"name": name})
        transaction.publish("job.retried", id=job_id)
        return name

    return await work.write(apply)


async def dismiss_job(work: Work, job_id: int, letting_go: Mapping[str, LetGo] = MappingProxyType({})) -> str:
    """Put a failed job away; what it should have done is left undone. Its name. Raises `NotFound` UNKNOWN_JOB.

    `letting_go` is done in the same transaction, by the names of jobs that need more than to be gone.
    """
    work.viewer.require(Scope.SETTINGS, "putting a failed job away")

    async def apply(transaction: Transaction) -> str:
        row = await _change(transaction, _DISMISS, job_id)
        name: str = row["name"]
        if name in letting_go:
            await letting_go[name](transaction, orjson.loads(row["payload"]))
        transaction.record("job.dismiss", "Job", job_id, after={"name": name})
        transaction.publish("job.dismissed", id=job_id)
        return name

    return await work.write(apply)


async def _change(transaction: Transaction, sql: str, job_id: int) -> Record:
    row = await transaction.fetch_one(sql, transaction.company_id, job_id)
    if row is None:
        raise NotFound("UNKNOWN_JOB", "there is no such failed job; it may be done by now, or put away", ("id",))
    return row
