"""Where jobs are kept: pgqueuer's tables and the schedule, in a schema of their own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain import models
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel

from quotaloom.platform.database_errors import LOST_CONNECTION, UNABLE
from quotaloom.platform.unit_of_work import Snapshot

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
    """pgqueuer's queries, but for a job to be tried again that PostgreSQL cannot note, as on a full disk.

    pgqueuer itself would keep that job as failed. Here it is noted later; and where the connection is lost, or the
    worker ends first, it stays as it is, without signs of life, until another worker takes it over.
    """

    ending: asyncio.Event | None = None

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
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ending.wait(), NOTE_SECONDS)
        return self.ending.is_set()


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
