"""A worker: takes jobs as they come, does several at once, tries again what failed, and gives back what it must leave.

Several workers on one database share the jobs. Each job is held by a sign of life: a worker that is killed stops giving
it, and after `lost_after` another one takes the job over; that attempt counts as one that failed.

The moment of a job is when it was taken, by PostgreSQL's clock, and so is the one at which is looked for what is due: a
machine whose clock is wrong neither skips a night nor deletes what is to be kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import asyncpg
import orjson
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain import errors as pgqueuer_errors
from pgqueuer.domain import models as pgqueuer_models

from quotaloom.platform.awaiting import comes
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.database_errors import LOST_CONNECTION
from quotaloom.platform.jobs.handlers import SUBJECT, Handlers, Job, JobHandler
from quotaloom.platform.jobs.queue import COMPANY
from quotaloom.platform.jobs.schedule import ask_for_what_is_due
from quotaloom.platform.jobs.storage import NAMES, queries_on
from quotaloom.platform.unit_of_work import Transaction, Writer

LOOK_SECONDS: Final = 60.0
"""How often a worker looks what has become due."""

POLL_SECONDS: Final = 5.0
"""How often a worker asks for jobs that nobody tells of: those to be tried again, and those of lost workers."""

FINISH_SECONDS: Final = 4.0
"""How long jobs under way may take to finish once a worker is asked to end; then they are given back."""

AT_ONCE: Final = 4
"""How many jobs a worker does at once."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds between attempts to come back to the database: doubled each time."""

_TAKEN_AT_ONCE = AT_ONCE // 2  # pgqueuer wants room for two such batches

_log = logging.getLogger(__name__)


class JobWorker:
    """Does jobs while its `async with` block runs. `clock` gives each job its moment, instead of PostgreSQL's clock."""

    def __init__(
        self,
        database: Database,
        database_url: str,
        handlers: Handlers,
        *,
        clock: Callable[[], datetime] | None = None,
        lost_after: timedelta = timedelta(seconds=30),
        look_seconds: float = LOOK_SECONDS,
        poll_seconds: float = POLL_SECONDS,
        finish_seconds: float = FINISH_SECONDS,
    ) -> None:
        self._database = database
        self._url = database_url
        self._handlers = handlers
        self._clock = clock
        self._lost_after = lost_after
        self._look_seconds = look_seconds
        self._poll_seconds = poll_seconds
        self._finish_seconds = finish_seconds
        self._ending = asyncio.Event()
        self._manager: QueueManager | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._ending.clear()
        self._tasks = [asyncio.create_task(self._take_jobs()), asyncio.create_task(self._look())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take no more jobs, let those under way finish for a while, and give back those that do not."""
        self._ending.set()
        if self._manager is not None:
            self._manager.shutdown.set()
        _, late = await asyncio.wait(self._tasks, timeout=self._finish_seconds)
        for task in [*self._under_way, self._tasks[1]]:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _take_jobs(self) -> None:
        """Work, and come back whenever the database was lost."""
        pause = FIRST_PAUSE
        while not self._ending.is_set():
            try:
                connection = await asyncpg.connect(
                    **credentials(self._url), server_settings={"application_name": "quotaloom jobs"}
                )
                pause = FIRST_PAUSE
                try:
                    await self._take_from(connection)
                finally:
                    await _closed(connection)
            except Exception as error:
                _log.warning("jobs wait, since the queue cannot be read: %s", _told(error))
                await self._rest(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _take_from(self, connection: asyncpg.Connection[Any]) -> None:
        queries = queries_on(connection)
        queue = QueueManager(queries, NAMES.channel)
        queries.ending = queue.shutdown
        queries.patience = {handler.name: handler.patience.attempts for handler in self._handlers.all}
        for handler in self._handlers.all:
            register = queue.entrypoint(handler.name, accepts_context=False, on_failure="hold")
            register(partial(self._do, handler))
        self._manager = queue
        connection.add_termination_listener(lambda _: self._lose(queue))
        if not self._ending.is_set():
            await queue.run(
                dequeue_timeout=timedelta(seconds=self._poll_seconds),
                batch_size=_TAKEN_AT_ONCE,
                max_concurrent_tasks=AT_ONCE,
                heartbeat_timeout=self._lost_after,
                log_aggregation_interval=timedelta(0),
                shutdown_on_listener_failure=True,
            )

    def _lose(self, queue: QueueManager) -> None:
        """Break off whatever is under way: nobody hears any more that we live, so others take it over."""
        queue.shutdown.set()
        for task in self._under_way:
            task.cancel()

    async def _do(self, handler: JobHandler, taken: pgqueuer_models.Job) -> None:
        """Do a job; what pgqueuer is told by raising is when to try again, or that nobody will."""
        task = asyncio.ensure_future(handler.run(self._job(taken)))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            await task
        except asyncio.CancelledError:
            _log.info("job %s (%d) is given back", handler.name, taken.id)
            raise pgqueuer_errors.RetryRequested(timedelta(0), "its worker ended") from None
        except Exception as error:
            failures = taken.attempts + 1
            pause = handler.patience.pause(failures)
            if pause is None:
                raise
            reason = _told(error)
            _log.warning("job %s (%d) failed, again in %s: %s", handler.name, taken.id, pause, reason)
            raise pgqueuer_errors.RetryRequested(pause, reason) from error
        _log.info("job %s (%d) is done", handler.name, taken.id)

    def _job(self, taken: pgqueuer_models.Job) -> Job:
        company_id = (taken.headers or {}).get(COMPANY)
        assert isinstance(company_id, int), "whoever stores a job names its company"
        payload: dict[str, Any] = orjson.loads(taken.payload or b"{}")
        now = taken.updated if self._clock is None else self._clock()
        return Job(taken.entrypoint, company_id, payload, taken.attempts + 1, self._database, now)

    async def _look(self) -> None:
        """Ask from time to time for what has become due."""

        async def ask(transaction: Transaction) -> int:
            return await ask_for_what_is_due(transaction, self._handlers)

        while not self._ending.is_set():
            try:
                await self._database.write(0, Writer(SUBJECT, None, await self._now()), ask)
            except Exception as error:
                _log.warning("what is due cannot be read: %s", _told(error))
            await self._rest(self._look_seconds)

    async def _now(self) -> datetime:
        if self._clock is not None:
            return self._clock()
        async with self._database.snapshot(0) as snapshot:
            (row,) = await snapshot.fetch("SELECT now() AS now")
        now: datetime = row["now"]
        return now

    async def _rest(self, seconds: float) -> None:
        await comes(self._ending, seconds)


async def _closed(connection: asyncpg.Connection[Any]) -> None:
    with suppress(*LOST_CONNECTION, TimeoutError, asyncpg.PostgresError):
        await connection.close(timeout=2)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
