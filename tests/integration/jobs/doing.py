"""Workers for tests, and what they did."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from quotaloom.platform.database import Database
from quotaloom.platform.jobs.handlers import Handlers, Job, JobHandler, Patience, Run
from quotaloom.platform.jobs.queue import enqueue
from quotaloom.platform.jobs.worker import JobWorker
from quotaloom.platform.work import Work

SECONDS = 20.0
"""How long a test waits for what must come."""

HASTE = Patience(attempts=3, first=timedelta(milliseconds=50))
"""Three attempts, with pauses of 50 and 100 milliseconds."""


@dataclass
class Doings:
    """What handlers did, in their order, and as often as they did it."""

    done: list[tuple[int, Any]] = field(default_factory=list)
    trouble: str | None = None

    async def note(self, job: Job) -> None:
        """Note the company and what the job is about; raise while there is trouble."""
        if self.trouble is not None:
            raise RuntimeError(self.trouble)
        self.done.append((job.company_id, job.payload.get("about")))


async def ask_for(work: Work, *about: Any, name: str = "note", key: str | None = None) -> None:
    """Store jobs of the work's company in one transaction."""

    async def apply(transaction: Any) -> None:
        for one in about:
            await enqueue(transaction, name, {"about": one}, key=key)

    await work.write(apply)


@asynccontextmanager
async def working(
    database: Database, database_url: str, run: Run, *, name: str = "note", **options: Any
) -> AsyncIterator[JobWorker]:
    """A worker that does one kind of job, in haste."""
    handlers = Handlers([JobHandler(name, run, HASTE)])
    async with JobWorker(database, database_url, handlers, poll_seconds=0.1, **options) as worker:
        yield worker


async def until(condition: Callable[[], Any], seconds: float = SECONDS, pause: float = 0.05) -> Any:
    """What a condition, or the coroutine that it makes, gives once that is true; fails after a while."""
    for _ in range(int(seconds / pause)):
        found = condition()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        await asyncio.sleep(pause)
    raise AssertionError("it did not come about")
