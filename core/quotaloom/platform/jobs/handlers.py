"""What is done for a job, how often it is tried, and what is due at which time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.work import Work, load_company

SUBJECT = "quotaloom"
"""Who the audit says has written, where a job has."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job under way: `attempt` counts from 1, `now` is the moment at which it was begun."""

    name: str
    company_id: int
    payload: Mapping[str, Any]
    attempt: int
    database: Database
    now: datetime

    async def work(self) -> Work:
        """The job's company as its commands take it: with every right, and nobody's name."""
        async with self.database.snapshot(self.company_id) as snapshot:
            company = await load_company(snapshot)
        if company is None:
            raise LookupError(f"there is no company with the number {self.company_id}")
        return Work(self.database, Viewer(self.company_id, SUBJECT, Role.ADMIN), company, self.now)


Run = Callable[[Job], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a job is tried, and how long it waits in between: `first`, doubled each time, at most `longest`."""

    attempts: int = 8
    first: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(hours=1)

    def pause(self, failures: int) -> timedelta | None:
        """How long to wait after that many failures; None where it was the last attempt."""
        if failures >= self.attempts:
            return None
        doubled: int = 2 ** min(failures - 1, 30)
        return min(self.first * doubled, self.longest)


@dataclass(frozen=True, slots=True)
class JobHandler:
    """Does the jobs of a name: `run` returns where one is done, and raises where it has to be tried again."""

    name: str
    run: Run
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class Nightly(JobHandler):
    """Done for each company once a night, from `at` on by the company's clock; `Job.now` tells the moment.

    What was due in nights that nobody worked is made up for by one job: so let `run` do whatever is due by now.
    """

    at: time = time(2)


@dataclass(frozen=True, slots=True)
class Hourly(JobHandler):
    """Done once an hour for the whole installation; the company of its jobs is 0."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """All that a worker can do. Raises `ValueError` where two have the same name."""

    all: Sequence[JobHandler]

    def __post_init__(self) -> None:
        names = [handler.name for handler in self.all]
        if len(set(names)) < len(names):
            raise ValueError(f"two jobs have the same name: {', '.join(sorted(names))}")

    @property
    def nightly(self) -> list[Nightly]:
        """Those that are done every night."""
        return [handler for handler in self.all if isinstance(handler, Nightly)]

    @property
    def hourly(self) -> list[Hourly]:
        """Those that are done every hour."""
        return [handler for handler in self.all if isinstance(handler, Hourly)]
