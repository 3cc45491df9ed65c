"""A month's run of incentives for a whole company, computed and computed again, and the memory that it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import psutil  # type: ignore[import-untyped] # it ships no types

from benchmarks.companies import POLICIES, Planted, hold_positions, plant, revenue_of
from benchmarks.databases import FreshDatabase, fresh_database
from benchmarks.measuring import Bench, Row, Stopwatch, compared, megabytes, run
from quotaloom.incentives.rules import RuleChange, set_rule
from quotaloom.incentives.running import compute_run
from quotaloom.incentives.runs import compute_again, start_run
from quotaloom.platform.work import Work
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.targets.deciding import DecomposeRequest
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.plans import create_plan, publish_plan

TITLE = "A month's run of incentives"
FAN_OUT = (10, 10, 10, 10)
ENTRIES = 200_000
TOTAL = 1_200_000_000_00
BANDS = 12
ROUNDS = 3
PAUSE_SECONDS = 0.02

_ENTRIES = """
INSERT INTO achievement_entry (company_id, metric_id, position_id, member_id, business_date, posted_at, posted_on,
    amount, original_amount, currency, rate, credit, source, source_key, idempotency_key)
SELECT $1, $2, h.position_id, h.member_id, date '2017-01-01' + ((h.position_id * 37 + n * 7919) % $5)::int, $4,
    date '2017-01-02', x.amount, x.amount, 'CNY', 1, 'direct', 'order', 'o', 'o-' || h.position_id || '-' || n
FROM holding h CROSS JOIN generate_series(1, $3) AS n
CROSS JOIN LATERAL (SELECT 20000 + (h.position_id * 7907 + n * 104729) % 1000000 AS amount) AS x
"""

_BALANCES = """
INSERT INTO achievement_balance (company_id, position_id, metric_id, business_date, member_id, posted_on, currency,
    product_id, direct, overlay, original_direct, original_overlay)
SELECT company_id, position_id, metric_id, business_date, member_id, posted_on, currency, COALESCE(product_id, 0),
    sum(amount), 0, sum(original_amount), 0
FROM achievement_entry GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""

_READ = """
SELECT entry.id, entry.member_id, entry.business_date, entry.amount, cell.target FROM achievement_entry AS entry
JOIN target_cell AS cell ON cell.company_id = entry.company_id AND cell.unit_id = entry.position_id
    AND cell.starts_on = $2 WHERE entry.company_id = $1 ORDER BY entry.member_id, entry.business_date, entry.id
"""

_BARE = """
CREATE UNLOGGED TABLE bare_statement (LIKE incentive_statement);
CREATE UNLOGGED TABLE bare_line (LIKE statement_line);
"""


def measure(bench: Bench) -> Iterator[Row]:
    """10,000 members, 20 entries each in the month, a target each, twelve marginal tiers."""
    watch, memory = Stopwatch(), Memory()
    run(_measure(bench, watch, memory))
    floor = "reading the same entries, and COPY of the same statements and lines"
    yield compared(
        "10,000 members, 200,000 entries, 12 tiers: a run, started and computed",
        watch.median("run"),
        floor,
        watch.median("by hand"),
    )
    yield compared("the same run computed again", watch.median("again"), floor, watch.median("by hand"))
    yield Row("memory of the process, before", megabytes(memory.before))
    yield Row("the most while it computes", megabytes(memory.peak))


class Memory:
    """The resident memory of this process: before the first run, and the most while runs are computed."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self.before = self.peak = 0

    def begin(self) -> None:
        """Take what is there now for what was there before."""
        self.before = self.peak = self._process.memory_info().rss

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            self.peak = max(self.peak, self._process.memory_info().rss)
            await asyncio.sleep(PAUSE_SECONDS)


async def _measure(bench: Bench, watch: Stopwatch, memory: Memory) -> None:
    for number in range(ROUNDS):
        async with fresh_database(bench.server) as fresh:
            bench.tell(f"{TITLE}: preparing round {number + 1} of {ROUNDS}")
            planted = await prepare(fresh, ENTRIES, days=31)
            if not number:
                memory.begin()
            looking = asyncio.create_task(memory.watch())
            try:
                await _compute(bench, watch, planted.work)
            finally:
                looking.cancel()
            await _by_hand(watch, fresh.plain, planted)


async def _compute(bench: Bench, watch: Stopwatch, work: Work) -> None:
    bench.tell(f"{TITLE}: computing")
    with watch.lap("run"):
        run_id = await start_run(work, POLICIES, "2017-01")
        await compute_run(work, POLICIES, run_id, 1)
    before = await _hashes(work)
    with watch.lap("again"):
        await compute_again(work, run_id)
        await compute_run(work, POLICIES, run_id, 2)
    if await _hashes(work) != before or len(before) != 10_000:
        raise AssertionError(f"{len(before)} statements, not the same when they are computed again")


async def _hashes(work: Work) -> list[Any]:
    async with work.snapshot() as snapshot:
        return await snapshot.fetch("SELECT member_id, hash FROM incentive_statement ORDER BY member_id")


async def prepare(fresh: FreshDatabase, entries: int, days: int) -> Planted:
    """The company with its tiers, its plan, and so many entries on the first days of 2017, as many for each member."""
    planted = await plant(fresh.database, FAN_OUT)
    await hold_positions(planted)
    work, metric_id = planted.work, await revenue_of(planted.work)
    each = entries // len(planted.positions)
    await fresh.plain.execute(_ENTRIES, work.company.id, metric_id, each, work.now, days)
    await fresh.plain.execute(_BALANCES)
    plan_id = await create_plan(work, "Plan", metric_id, 2017)
    (root,) = planted.levels[0]
    request = DecomposeRequest(
        plan_id, root, {"target": TOTAL}, {"assessment": Decimal("0.8")}, policy="allocation.even"
    )
    await decompose_target(work, POLICIES, request)
    await publish_plan(replace(work, company=replace(work.company, plans_need_owners=False)), plan_id)
    await fresh.plain.execute("VACUUM ANALYZE")
    await switch_policy(work, POLICIES, PolicyChange("incentives.tiers", active=True, valid_from=date(2017, 1, 1)))
    bands = [{"from_percent": str(10 * place), "rate_percent": str(1 + place)} for place in range(BANDS)]
    await set_rule(
        work, POLICIES, RuleChange("tiers", "incentives.tiers", {"bands": bands}, valid_from=date(2017, 1, 1))
    )
    return planted


async def _by_hand(watch: Stopwatch, plain: asyncpg.Connection, planted: Planted) -> None:
    statements = await plain.fetch("SELECT * FROM incentive_statement")
    lines = await plain.fetch("SELECT * FROM statement_line")
    await plain.execute(_BARE)
    with watch.lap("by hand"):
        await plain.fetch(_READ, planted.work.company.id, date(2017, 1, 1))
        await plain.copy_records_to_table("bare_statement", records=[tuple(row) for row in statements])
        await plain.copy_records_to_table("bare_line", records=[tuple(row) for row in lines])
