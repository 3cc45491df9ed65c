"""What must hold of a database, whatever was killed while it was written to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

from quotaloom.achievements.entries import entry_key
from quotaloom.achievements.verification import verify_balances
from quotaloom.platform.unit_of_work import Snapshot
from tests.acceptance.crashes.installation import Installation
from tests.acceptance.crashes.memory import Memory
from tests.acceptance.crashes.nursery import BEGUN

SECONDS = 30.0


async def assert_whole(installation: Installation, memory: Memory) -> set[str]:
    """Nothing acknowledged is lost, nothing is half there, balances are the ledger replayed; the keys in the ledger."""
    assert not memory.wrong, memory.wrong[:3]
    acknowledged, targets = set(memory.acknowledged), dict(memory.targets)  # by now; clients may go on
    members = set(memory.members)
    database = await installation.connected()
    try:
        async with database.snapshot(installation.planted.company_id) as snapshot:
            await _assert_targets(snapshot, targets, memory)
            await _assert_members(snapshot, members, memory)
            return await _assert_ledger(snapshot, acknowledged, memory)
    finally:
        await database.close()


async def _assert_ledger(snapshot: Snapshot, acknowledged: set[str], memory: Memory) -> set[str]:
    rows = await snapshot.fetch("SELECT id, idempotency_key FROM achievement_entry")
    stored = {row["idempotency_key"] for row in rows}
    orders = {key for key in stored if not key.startswith("job-")}
    assert _entries(acknowledged) <= orders <= _entries(memory.sent)
    assert set(Counter(key[:-3] for key in orders).values()) <= {2}, "half of a request is there"
    audited = await snapshot.fetch(
        "SELECT jsonb_array_elements_text(after->'keys') AS key FROM audit_entry WHERE action = 'achievement.post'"
    )
    assert sorted(_entries(row["key"] for row in audited)) == sorted(stored)
    assert len(audited) == len(stored), "something was audited twice"
    told = await snapshot.fetch(
        "SELECT jsonb_array_elements(payload->'ids')::bigint AS id FROM outbox_event WHERE topic = 'achievement.posted'"
    )
    assert sorted(row["id"] for row in told) == sorted(row["id"] for row in rows)
    assert await verify_balances(snapshot) == []
    return stored


async def _assert_targets(snapshot: Snapshot, acknowledged: dict[str, int], memory: Memory) -> None:
    """Each cell has the target that was acknowledged last, or one that was sent later and not answered."""
    rows = await snapshot.fetch("SELECT to_char(starts_on, 'YYYY-MM') AS month, target FROM target_cell")
    stored = {row["month"]: row["target"] // 100 for row in rows}
    assert set(acknowledged) <= set(stored)
    for month, target in stored.items():
        assert acknowledged.get(month, 0) <= target <= memory.targets_sent[month], month


async def _assert_members(snapshot: Snapshot, acknowledged: set[str], memory: Memory) -> None:
    """Whoever was acknowledged is there, and each once, however often the request was sent."""
    rows = await snapshot.fetch("SELECT name FROM member WHERE name LIKE 'Keyed %'")
    stored = [row["name"] for row in rows]
    assert sorted(set(stored)) == sorted(stored), "a request with a key was done twice"
    assert acknowledged <= set(stored) <= memory.members_sent


async def jobs_begun_again(installation: Installation) -> int:
    """How many jobs were begun by one worker and once more by another."""
    database = await installation.connected()
    try:
        async with database.snapshot(installation.planted.company_id) as snapshot:
            rows = await snapshot.fetch(
                "SELECT FROM outbox_event WHERE topic = $1 GROUP BY payload->>'key' HAVING count(*) > 1", BEGUN
            )
    finally:
        await database.close()
    return len(rows)


async def assert_jobs_done(installation: Installation, memory: Memory) -> None:
    """Every job that was acknowledged is done by workers that are there: each half a minute after the last at most."""
    clock, left, deadline = asyncio.get_running_loop().time, len(memory.jobs) + 1, 0.0
    while missing := _entries(memory.jobs) - await assert_whole(installation, memory):
        if len(missing) < left:
            left, deadline = len(missing), clock() + SECONDS
        assert clock() < deadline, missing
        await asyncio.sleep(0.2)


def _entries(keys: Iterable[str]) -> set[str]:
    return {entry_key(key, 0) for key in keys}
