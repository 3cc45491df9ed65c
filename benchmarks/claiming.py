"""Claiming from a public pool, by many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

import asyncpg

from benchmarks.databases import ROLE, FreshDatabase, fresh_database
from benchmarks.measuring import Bench, Row, Stopwatch, compared, per_second, run
from benchmarks.seas import Sea, sea_of
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.embedded import SUPERUSER
from quotaloom.platform.work import Work
from quotaloom.pool.claiming import claim_next
from quotaloom.pool.rule_commands import NewRule, create_rule

TITLE = "Claiming from a pool"
CLAIMANTS = 32
EACH = 50
RECORDS = 10_000
ROUNDS = 3

_BARE = """
UPDATE bare SET holder = $1 WHERE id = (
    SELECT id FROM bare WHERE holder IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
)
"""


def measure(bench: Bench) -> Iterator[Row]:
    """32 claimants at once, each the next record 50 times, out of 10,000; under a limit, a cap and a cooldown."""
    watch = Stopwatch()
    for number in range(ROUNDS):
        bench.tell(f"{TITLE}: round {number + 1} of {ROUNDS}")
        run(_round(bench, watch))
    claims = CLAIMANTS * EACH
    seconds = watch.median("claims")
    yield compared(
        f"{claims:,} claims of the next record by {CLAIMANTS} at once ({per_second(claims, seconds, 'claims')})",
        seconds,
        "the bare SKIP LOCKED statement, each in a transaction",
        watch.median("bare"),
    )


async def _round(bench: Bench, watch: Stopwatch) -> None:
    async with fresh_database(bench.server) as fresh:
        sea = await sea_of(fresh.database, CLAIMANTS)
        await sea.fill(RECORDS)
        await _lay_down(sea)
        wide = Database(bench.server.url(await _name(fresh), ROLE), pool_size=CLAIMANTS)
        await wide.connect()
        try:
            works = sea.works(wide)
            await _everybody([claim_next(work, sea.pool, 1) for work in works])  # connections and plans are warm
            with watch.lap("claims"):
                await _everybody([_claim(work, sea.pool) for work in works])
        finally:
            await wide.close()
        await _time_bare(bench, fresh, watch)


async def _lay_down(sea: Sea) -> None:
    rules: dict[RuleKind, dict[str, Any]] = {
        RuleKind.CLAIM_LIMIT: {"count": 1000, "window": "DAY"},
        RuleKind.HOLDING_CAP: {"count": 1000},
        RuleKind.COOLDOWN: {"days": 7},
    }
    for kind, parameters in rules.items():
        await create_rule(sea.planted.work, NewRule(kind.value, kind.value, kind, parameters, sea.pool))


async def _claim(work: Work, pool: int) -> None:
    for _ in range(EACH):
        await claim_next(work, pool, 1)


async def _everybody(works: Sequence[Coroutine[Any, Any, Any]]) -> None:
    await asyncio.gather(*works)


async def _time_bare(bench: Bench, fresh: FreshDatabase, watch: Stopwatch) -> None:
    await fresh.plain.execute(
        f"CREATE TABLE bare AS SELECT id, NULL::int AS holder FROM generate_series(1, {RECORDS}) AS id;"
        "ALTER TABLE bare ADD PRIMARY KEY (id); CREATE INDEX ON bare (id) WHERE holder IS NULL; ANALYZE bare"
    )
    url = bench.server.url(await _name(fresh), SUPERUSER)
    pool = await asyncpg.create_pool(**credentials(url), min_size=CLAIMANTS, max_size=CLAIMANTS)
    async with pool:

        async def claim(number: int) -> None:
            async with pool.acquire() as connection:
                for _ in range(EACH):
                    await connection.execute(_BARE, number)

        await _everybody([claim(number) for number in range(CLAIMANTS)])
        with watch.lap("bare"):
            await _everybody([claim(number) for number in range(CLAIMANTS)])


async def _name(fresh: FreshDatabase) -> str:
    return str(await fresh.plain.fetchval("SELECT current_database()"))
