"""Where jobs are kept: pgqueuer's tables and the schedule, in a schema of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

import asyncpg
import orjson
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain import models
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

from quotaloom.platform.awaiting import comes
from quotaloom.platform.database_errors import LOST_CONNECTION, UNABLE
from quotaloom.platform.unit_of_work import Snapshot

_log = logging.getLogger(__name__)

SCHEMA: Final = "quotaloom_jobs"
QUEUE: Final = f"{SCHEMA}.job"
LOG: Final = f"{SCHEMA}.job_log"
SCHEDULE: Final = f"{SCHEMA}.schedule"

# Every name is given: pgqueuer would take those that are not from environment variables such as CHANNEL.
NAMES: Final = DBSettings(
    prefix="",
    db_schema=SCHEMA,
    channel=Channel("quotaloom_jobs"),
    function="tell_of_job",
    trigger="tell_of_job",
    queue_status_type="job_status",
    queue_table="job",
    queue_table_log="job_log",
    statistics_table="job_statistics",
    schedules_table="job_schedule",
    durability=Durability.durable,
    widen_id=False,
)

NOTE_SECONDS: Final = 1.0
"""Between attempts to note that a job has to be tried again, where PostgreSQL cannot write."""

ENQUEUE: Final = QueryQueueBuilder(NAMES).build_enqueue_query("skip")
"""Stores jobs; one whose key another job has that waits or is under way is left out."""

_LOST: Final = f"""
WITH lost AS (
    SELECT job.id, job.attempts + 1 >= handler.attempts AS over FROM {QUEUE} AS job
    JOIN unnest($1::text[], $2::int[]) AS handler (name, attempts) ON handler.name = job.entrypoint
    WHERE job.status = 'picked' AND job.heartbeat < now() - $3::interval
    ORDER BY job.id FOR UPDATE OF job SKIP LOCKED
), given_back AS (
    UPDATE {QUEUE} AS job SET status = CASE WHEN lost.over THEN 'failed' ELSE 'queued' END::{SCHEMA}.job_status,
        attempts = CASE WHEN lost.over THEN job.attempts ELSE job.attempts + 1 END,
        updated = now(), queue_manager_id = NULL
    FROM lost WHERE job.id = lost.id RETURNING job.id, job.status, job.entrypoint, job.priority
)
INSERT INTO {LOG} (job_id, status, entrypoint, priority, traceback)
SELECT id, status, entrypoint, priority, $4::jsonb FROM given_back RETURNING job_id, status::text, entrypoint
"""  # noqa: S608 (constants)

LOST_REASON: Final = {
    "exception_type": "WorkerLost",
    "exception_message": "the worker that did it gave no more signs of life: it was killed, or lost the database",
}
"""Why an attempt has failed of which nobody tells."""

_NEVER: Final = timedelta(days=36_500)

_OURS = """
CREATE TABLE IF NOT EXISTS {schedule} (
    company_id bigint NOT NULL,
    name text NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, name)
);
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
"""


class PatientQueries(Queries):
    """pgqueuer's queries, but for jobs whose attempt nobody told of, and for those that PostgreSQL cannot note.

    A job whose worker gives no more signs of life is given back before jobs are taken, and that attempt counts as one
    that failed: pgqueuer itself would hand a job that kills its process from one to the next for ever. `patience` says
    how many attempts the jobs of a name have.

    A job to be tried again that PostgreSQL cannot note, as on a full disk, is noted later, where pgqueuer would keep it
    as failed; and where the connection is lost, or the worker ends first, it stays as it is, without signs of life,
    until another worker finds it.
    """

    ending: asyncio.Event | None = None
    patience: Mapping[str, int] = MappingProxyType({})

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[models.Job]:
        """Give back what lost workers had taken, and take jobs."""
        await self._give_back(heartbeat_timeout)
        return await super().dequeue(batch_size, entrypoints, queue_manager_id, global_concurrency_limit, _NEVER)

    async def _give_back(self, silent: timedelta) -> None:
        names, attempts = list(self.patience), list(self.patience.values())
        lost = await self.driver.fetch(_LOST, names, attempts, silent, orjson.dumps(LOST_REASON).decode())
        for row in lost:
            what = "failed for the last time" if row["status"] == "failed" else "is tried again"
            _log.warning("job %s (%d) %s: its worker was lost", row["entrypoint"], row["job_id"], what)

    async def retry_job(
        self, job: models.Job, delay: timedelta, traceback_record: models.TracebackRecord | None
    ) -> None:
        """Put a job back, however long that takes; a cancelled task leaves it as it is."""
        while True:
            try:
                return await super().retry_job(job, delay, traceback_record)
            except LOST_CONNECTION:
                raise asyncio.CancelledError from None
            except UNABLE:
                if await self._ends_meanwhile():
                    raise asyncio.CancelledError from None

    async def _ends_meanwhile(self) -> bool:
        if self.ending is None:
            await asyncio.sleep(NOTE_SECONDS)
            return False
        return await comes(self.ending, NOTE_SECONDS)


def queries_on(connection: asyncpg.Connection[Any]) -> PatientQueries:
    """pgqueuer's queries over a connection, with our names."""
    builders = (QueryBuilderEnvironment(NAMES), QueryQueueBuilder(NAMES), QuerySchedulerBuilder(NAMES))
    return PatientQueries(AsyncpgDriver(connection), *builders)


async def install(connection: asyncpg.Connection[Any], role: str) -> None:
    """Make the schema what this version needs, as its owner, and let `role` use it; safe to run again."""
    queries = queries_on(connection)
    if await queries.schema_is_installed():
        await queries.apply_upgrade()
    else:
        async with connection.transaction():
            await queries.install()
    await connection.execute(_OURS.format(schedule=SCHEDULE, schema=SCHEMA, role=role))


async def require_installed(snapshot: Snapshot) -> None:
    """Raise what PostgreSQL raises where the schema was not installed."""
    await snapshot.fetch(f"SELECT FROM {QUEUE}, {SCHEDULE} LIMIT 0")
