"""All jobs that there are, and the worker that does them: in a serving process, or in one of its own."""

from __future__ import annotations

from quotaloom.platform.database import Database
from quotaloom.platform.jobs.handlers import Handlers
from quotaloom.platform.jobs.purging import PURGE
from quotaloom.platform.jobs.worker import JobWorker
from quotaloom.policies.host import PolicyHost
from quotaloom.pool.by_itself import handing_out_by_itself
from quotaloom.pool.every_night import RECYCLE, REMIND
from quotaloom_server.clock import Clock


def job_worker(database: Database, database_url: str, policies: PolicyHost, clock: Clock) -> JobWorker:
    """A worker that does every kind of job while its `async with` block runs; so does that of `policies`."""
    handlers = Handlers([PURGE, RECYCLE, REMIND, handing_out_by_itself(policies)])
    return JobWorker(database, database_url, handlers, clock=clock)
