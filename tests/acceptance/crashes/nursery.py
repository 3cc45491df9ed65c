"""Serving processes and workers by the dozen, for tests: `nursery DATABASE_URL SOCKET`, with orders on its input.

Everything is loaded once, and each process is forked from there, so that one costs a tenth of a second instead of
three. `server`, `worker`, `later server` and `later worker` on the input start one, which says its number once it is
ready; each is what the product runs, on a listening socket that the nursery holds as `quotaloom serve --workers` does.
`server at URL` is one that finds the database there. They end with the nursery.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial

from quotaloom.achievements.commands import NewAchievement, post_achievements
from quotaloom.achievements.entries import Credit, EntrySource
from quotaloom.incentives.running import compute_run
from quotaloom.incentives.simulating import simulate
from quotaloom.platform.database import Database
from quotaloom.platform.jobs.handlers import Handlers, Job, JobHandler, Patience
from quotaloom.platform.jobs.worker import JobWorker
from quotaloom.platform.notifications import listening
from quotaloom.platform.settings import load_settings
from quotaloom.platform.unit_of_work import EVENTS_CHANNEL, Transaction
from quotaloom.policies import delivering
from quotaloom.policies.courier import EventCourier
from quotaloom.policies.host import PolicyHost
from quotaloom.pool.nightly import recycle_due
from quotaloom_server.application import create_application
from quotaloom_server.jobs import handlers_for
from quotaloom_server.logs import configure_logging
from quotaloom_server.serving import Server
from quotaloom_server.signals import run
from tests import conftest as models_are_worked_out_once  # noqa: F401 # by importing it
from tests.acceptance.crashes.ear import policies

POST = "crashes.post"
"""The job that posts an order of 1.00."""

BEGUN = "crashes.begun"
"""The topic of the events that tell that it was begun: one for each time."""

DOING_SECONDS = 0.05
"""How long it takes besides, so that kills find some in the middle."""

LOST_AFTER = timedelta(seconds=1)
"""When another worker does what a killed one had begun."""

HASTE = Patience(attempts=1_000, first=timedelta(milliseconds=100), longest=timedelta(seconds=1))
"""Tried again until there is a database to be written to."""

BATCH = 4
"""How many members, or records, are done together."""

_PR_SET_PDEATHSIG = 1


async def post(job: Job) -> None:
    """Tell that it is begun, and post what the job says; its key makes it count once, however often it is begun."""
    payload, work = job.payload, await job.work()

    async def tell(transaction: Transaction) -> None:
        transaction.publish(BEGUN, key=payload["key"])

    await work.write(tell)
    credit = Credit(payload["position"], Fraction(1))
    order = NewAchievement(
        metric_id=payload["metric"],
        amount=Decimal(1),
        business_date=job.now.date(),
        source=EntrySource.ORDER,
        source_key=payload["key"],
        idempotency_key=payload["key"],
        credits=(credit,),
    )
    await asyncio.sleep(DOING_SECONDS)
    await post_achievements(work, [order])


def main(database_url: str, number: int) -> None:
    """Start what the input asks for, until it ends."""
    settings = load_settings()
    configure_logging("error")
    listening = socket.socket(fileno=number)

    def serve_at(url: str) -> None:
        Server(create_application(settings, url), started=_ready).run([listening])

    server = Server(create_application(settings, database_url), started=_ready)
    asyncio.run(_connect_once(database_url))
    gc.collect()
    gc.freeze()  # what is loaded, no child need walk
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever dies leaves nothing
    kinds: dict[str, Callable[[], object]] = {
        "server": lambda: server.run([listening]),
        "later server": lambda: _later(lambda: server.run([listening])),
        "worker": lambda: run(_work(database_url)),
        "later worker": lambda: _later(lambda: run(_work(database_url))),
    }
    print("open", flush=True)
    for order in sys.stdin:
        kind, _, url = order.strip().partition(" at ")
        if os.fork() == 0:
            _live(partial(serve_at, url) if url else kinds[kind])


def _live(life: Callable[[], object]) -> None:
    """What a child does instead of what comes after the fork."""
    code = 1
    _told.clear()
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        life()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        if not _told:
            os.write(1, b"it ended before it was ready\n")
        sys.stderr.flush()
        os._exit(code)


def _later(life: Callable[[], object]) -> None:
    """Live as a later version: it knows the column that `9001_widen` adds, writes it with each metric, and reads it."""
    flush = Transaction._flush

    async def flush_later(transaction: Transaction) -> None:
        for action, _, metric_id, *_ in transaction._audit:
            if action.startswith("metric."):
                row = await transaction.fetch_one(
                    "UPDATE metric SET later_note = coalesce(later_note, '') || 'x' WHERE id = $1 RETURNING later_note",
                    metric_id,
                )
                if row is None or not row["later_note"]:
                    raise RuntimeError("the later version does not find what it has written")
        await flush(transaction)

    Transaction._flush = flush_later  # type: ignore[method-assign, assignment]  # of this process alone
    life()


async def _connect_once(database_url: str) -> None:
    """Let the models be worked out before the forks."""
    database = Database(database_url)
    await database.connect()
    await database.close()


async def _work(database_url: str) -> None:
    """Do what `quotaloom_server.jobs.working` does, and the job that posts an order, in haste and in small batches."""
    _take_less_at_once()
    database, host = Database(database_url), policies()
    await database.connect()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(host)
        courier = await stack.enter_async_context(EventCourier(database, host.registry))
        tellers = {EVENTS_CHANNEL: courier.told}
        await stack.enter_async_context(listening(database_url, tellers, began=courier.missed))
        handlers = _handlers(host)
        worker = JobWorker(database, database_url, handlers, lost_after=LOST_AFTER, poll_seconds=0.2)
        await stack.enter_async_context(worker)
        _ready()
        await asyncio.Event().wait()


def _handlers(host: PolicyHost) -> Handlers:
    hasty = [replace(one, patience=HASTE) for one in handlers_for(host).all]
    return Handlers([JobHandler(POST, post, HASTE), *hasty])


def _take_less_at_once() -> None:
    """Let a dozen members or records be several batches: kills find some done, and others not."""
    compute_run.__kwdefaults__ = simulate.__kwdefaults__ = {"batch": BATCH}
    recycle_due.__defaults__ = (BATCH,)
    delivering.BATCH = 3 * BATCH  # type: ignore[misc]


_told: list[int] = []
"""Our own number, once it was told."""


def _ready() -> None:
    _told.append(os.getpid())
    os.write(1, f"{os.getpid()}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
