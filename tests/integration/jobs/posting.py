"""A worker in a process of its own, for tests: `posting URL SECONDS`; ends when it is killed.

Each job takes so many seconds between writing and committing; what it writes is an event of the topic `job.posted`.
A job about `poison` kills the process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from typing import Any

from quotaloom.platform.database import Database
from quotaloom.platform.jobs.handlers import Handlers, Job, JobHandler
from quotaloom.platform.jobs.worker import JobWorker
from tests.integration.jobs.doing import HASTE


async def main(url: str, seconds: float) -> None:
    """Do jobs for ever."""

    async def post(job: Job) -> None:
        async def apply(transaction: Any) -> None:
            transaction.publish("job.posted", about=job.payload["about"])
            print("begun", job.payload["about"], flush=True)
            if job.payload["about"] == "poison":
                os.kill(os.getpid(), signal.SIGKILL)
            await asyncio.sleep(seconds)

        await (await job.work()).write(apply)

    database = Database(url)
    await database.connect()
    handlers = Handlers([JobHandler("note", post, HASTE)])
    async with JobWorker(database, url, handlers, lost_after=timedelta(seconds=1), poll_seconds=0.2):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
