"""All jobs that there are, and the worker that does them: in a serving process, or in one of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from quotaloom.action_plans.every_night import REMIND as REMIND_OF_ACTION_PLANS
from quotaloom.incentives.running import computing_runs
from quotaloom.incentives.simulating import simulating
from quotaloom.incentives.simulations import FORGET as FORGET_SIMULATIONS
from quotaloom.platform.database import Database
from quotaloom.platform.jobs.handlers import Handlers, JobHandler
from quotaloom.platform.jobs.purging import PURGE
from quotaloom.platform.jobs.worker import JobWorker
from quotaloom.platform.notifications import listening
from quotaloom.platform.once import FORGET as FORGET_ANSWERS
from quotaloom.platform.unit_of_work import EVENTS_CHANNEL
from quotaloom.policies.courier import EventCourier
from quotaloom.policies.delivering import DELIVERY, deliver
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.positions import KIND
from quotaloom.pool.by_itself import handing_out_by_itself
from quotaloom.pool.every_night import RECYCLE, REMIND
from quotaloom.reviews.nightly import DEADLINES
from quotaloom_server.clock import Clock, utc_now


def handlers_for(policies: PolicyHost) -> Handlers:
    """What a worker can do: all jobs that there are. A test runs each of them, and looks for its audit entries."""
    of_plugins = [
        JobHandler(DELIVERY, partial(deliver, policies)),
        handing_out_by_itself(policies),
        computing_runs(policies),
        simulating(policies),
    ]
    nightly = [RECYCLE, REMIND, REMIND_OF_ACTION_PLANS, DEADLINES, FORGET_SIMULATIONS, FORGET_ANSWERS]
    return Handlers([PURGE, *nightly, *of_plugins])


@asynccontextmanager
async def working(database: Database, database_url: str, policies: PolicyHost, clock: Clock) -> AsyncIterator[None]:
    """Do every kind of job while the block runs; events are looked after where a plugin listens at all.

    Both go by PostgreSQL's clock, unless a clock other than the machine's is given.
    """
    given = None if clock is utc_now else clock
    async with AsyncExitStack() as stack:
        if policies.registry.of_kind(KIND):
            courier = await stack.enter_async_context(EventCourier(database, policies.registry, given))
            tellers = {EVENTS_CHANNEL: courier.told}
            await stack.enter_async_context(listening(database_url, tellers, began=courier.missed))
        await stack.enter_async_context(JobWorker(database, database_url, handlers_for(policies), clock=given))
        yield
