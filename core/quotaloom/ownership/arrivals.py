"""Pools that hand out by themselves: what enters one has a job asked for, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from quotaloom.platform.jobs.queue import NewJob, enqueue_all
from quotaloom.platform.unit_of_work import Transaction

HAND_OUT: Final = "pool.hand_out"
"""The name of the jobs; `pool` in their payload is the pool's number."""

GATHERING: Final = timedelta(seconds=5)
"""What enters a pool within so long is handed out together."""

_THEIRS = """
SELECT id, key FROM pool
WHERE company_id = $1 AND id = ANY ($2::bigint[]) AND hands_out AND NOT closed ORDER BY id
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def ask_to_hand_out(transaction: Transaction, pool_ids: Iterable[int], every: timedelta = GATHERING) -> None:
    """Ask for the handing out of those of the pools that do it by themselves, once in each `every`, when that ends.

    So a job begins after all that was asked for by it, and nothing is asked of one that is under way.
    """
    wanted = sorted(set(pool_ids))
    if not wanted:
        return
    rows = await transaction.fetch(_THEIRS, transaction.company_id, wanted)
    turn = (transaction.now - _EPOCH) // every + 1
    after = _EPOCH + turn * every - transaction.now
    jobs = [
        NewJob(
            HAND_OUT,
            transaction.company_id,
            {"pool": row["id"]},
            f"{HAND_OUT} {transaction.company_id} {row['id']} {every.total_seconds():g} {turn}",
            after,
            row["key"],
        )
        for row in rows
    ]
    await enqueue_all(transaction, jobs)
