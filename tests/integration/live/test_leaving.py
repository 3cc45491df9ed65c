"""Whoever leaves in the middle, at whatever moment, leaves nothing behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from random import Random

import asyncpg
import pytest

from quotaloom.achievements.verification import verify_balances
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.readers import WAIT
from tests.integration.live.conftest import Live
from tests.integration.live.leavers import POST, TREE, Leavers
from tests.progress import Progress

ACTIVITY = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND (state <> 'idle' OR xact_start IS NOT NULL)"""

LOCKS = """SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
WHERE datname = current_database() AND pid <> pg_backend_pid()"""

DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


async def comes_about(condition: Callable[[], bool]) -> bool:
    """Whether something holds, soon."""
    for _ in range(500):
        if condition():
            return True
        await asyncio.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("seed", "count"), [(8, 300), *(pytest.param(seed, 2_500, marks=pytest.mark.soak) for seed in range(5))]
)
async def test_whoever_leaves_leaves_nothing_behind(
    live: Live,
    database: Database,
    admin_url: str,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
    progress: Progress,
    seed: int,
    count: int,
) -> None:
    """Reads, writes, subscriptions and half requests are cancelled or hung up on at random moments: every connection
    is back in its pool, nothing is locked, nothing waits, no deadlock came; what was answered is in the ledger, the
    balances are the ledger replayed, and what is sent again is posted once. The log has nothing of it."""
    server = live.here
    pool = server.services.database.client._pool
    assert pool is not None
    await live.admin.ask(TREE)
    leavers = Leavers(live, Random(seed))
    before = len(asyncio.all_tasks())
    await leavers.leave(count, progress=progress)
    assert await comes_about(lambda: pool.get_idle_size() == pool.get_size())
    assert await server.nobody_watches()
    assert await comes_about(lambda: not server.server.server_state.connections)
    assert await comes_about(lambda: len(asyncio.all_tasks()) <= before)
    left = sum(number for ended, number in leavers.ended.items() if ended.endswith("left"))
    assert left == count, leavers.ended
    record_property("left in the middle", left)
    record_property("orders answered, of those sent", f"{len(leavers.posted)} of {len(leavers.sent)}")
    assert len(leavers.posted) > 0.01 * count

    admin = await asyncpg.connect(**credentials(admin_url))
    await asyncio.sleep(5 * WAIT)
    assert [await admin.fetchval(sql) for sql in (ACTIVITY, LOCKS, DEADLOCKS)] == [0, 0, 0]
    entries = {row["idempotency_key"] for row in await admin.fetch("SELECT idempotency_key FROM achievement_entry")}
    await admin.close()
    assert {f"{key}#0" for key in leavers.posted} <= entries <= {f"{key}#0" for key in leavers.sent}
    async with database.snapshot(live.company.company_id) as snapshot:
        assert await verify_balances(snapshot) == []
    orders = [leavers.order(key) for key in leavers.sent]
    posted = 0
    for start in range(0, len(orders), 500):
        posted += (await live.admin.ask(POST, items=orders[start : start + 500]))["postAchievements"]["posted"]
    assert posted == len(orders) - len(entries)
    assert (await live.company.attainment("acme", 'period: "2026"', "achieved"))["achieved"] == f"{len(orders)}.00"
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
