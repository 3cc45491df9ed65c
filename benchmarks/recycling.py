"""Taking records back into their pool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from benchmarks.databases import fresh_database
from benchmarks.measuring import Bench, Row, Stopwatch, compared, per_second, run
from benchmarks.seas import sea_of
from quotaloom.ownership.rules import RuleKind
from quotaloom.pool.nightly import recycle_due
from quotaloom.pool.rule_commands import NewRule, create_rule

TITLE = "Recycling"
RECORDS = 100_000
ROUNDS = 2

# The same rows, all at once and without rules: a new state and a ledger entry of each.
_BARE = """
WITH moved AS (
    UPDATE copied SET member_id = NULL, position_id = NULL, since = now(), version = version + 1
    WHERE member_id IS NOT NULL RETURNING id, company_id, pool_id, member_id, position_id
)
INSERT INTO copied_entry SELECT company_id, id, 'recycle', now(), pool_id, 'bare' FROM moved
"""


def measure(bench: Bench) -> Iterator[Row]:
    """100,000 held customers, of which no one took care for 30 days, in batches of 1,000; then a night without work."""
    watch = Stopwatch()
    for number in range(ROUNDS):
        bench.tell(f"{TITLE}: round {number + 1} of {ROUNDS}")
        run(_round(bench, watch))
    seconds = watch.median("recycled")
    yield compared(
        f"{RECORDS:,} records recycled ({per_second(RECORDS, seconds, 'records')})",
        seconds,
        "one UPDATE and INSERT of as many rows without keys",
        watch.median("bare"),
    )
    yield compared(
        f"{RECORDS:,} records looked at, none due",
        watch.median("looked at"),
        "the same",
        watch.median("bare"),
    )


async def _round(bench: Bench, watch: Stopwatch) -> None:
    async with fresh_database(bench.server) as fresh:
        sea = await sea_of(fresh.database, 10)
        await sea.fill(RECORDS, sea.members[0])
        await fresh.plain.execute("ANALYZE")
        rule = NewRule("idle", "Idle", RuleKind.RECYCLING, {"when": {"noFollowUp": {"days": 30}}}, sea.pool)
        await create_rule(sea.planted.work, rule)
        work = sea.planted.work
        with watch.lap("looked at"):
            await recycle_due(work)
        with watch.lap("recycled"):
            await recycle_due(replace(work, now=work.now + timedelta(days=30)))
        await fresh.plain.execute(
            "CREATE UNLOGGED TABLE copied AS SELECT id, company_id, pool_id, 1::bigint AS member_id,"
            " 1::bigint AS position_id, since, version FROM ownership;"
            "CREATE UNLOGGED TABLE copied_entry AS SELECT company_id, ownership_id, movement, at, to_pool_id, actor"
            " FROM ownership_entry LIMIT 0"
        )
        with watch.lap("bare"):
            await fresh.plain.execute(_BARE)
