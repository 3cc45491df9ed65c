"""A process that computes a run one member at a time, and never comes to the end of the third."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from quotaloom.incentives.running import compute_run
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.work import Work, load_company
from quotaloom.policies.discovery import Discovery
from quotaloom.policies.host import PolicyHost
from quotaloom_sdk import IncentiveRequest, IncentiveResult
from tests.integration.incentives.paying_rules import PAY, rate
from tests.unit.policies.registered import plugin


def host() -> PolicyHost:
    """The tests' rate, which sleeps when it is asked for the third time."""
    asked: list[object] = []

    def slowly(request: IncentiveRequest[Any]) -> IncentiveResult:
        asked.append(request)
        if len(asked) == 3:
            print("third", flush=True)
            time.sleep(600)
        return rate(request)

    definition: Any = PAY.definitions["rate"] if PAY.definitions else None
    return PolicyHost(Discovery((plugin(replace(definition, reward=slowly), name="pay"),), ()))


async def main(url: str, company_id: int, run_id: int) -> None:
    """Compute the run."""
    database = Database(url)
    await database.connect()
    async with database.snapshot(company_id) as snapshot:
        company = await load_company(snapshot)
    assert company is not None
    work = Work(database, Viewer(company_id, "worker", Role.ADMIN), company, datetime(2026, 6, 1, 12, tzinfo=UTC))
    await compute_run(work, host(), run_id, 1, batch=1)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
