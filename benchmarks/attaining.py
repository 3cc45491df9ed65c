"""Attainment of a whole tree for a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg

from benchmarks.companies import POLICIES, Planted, hold_positions, plant, revenue_of
from benchmarks.databases import FreshDatabase, fresh_database
from benchmarks.measuring import Bench, Row, Stopwatch, compared, run
from quotaloom.calendars.company_calendar import load_calendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.attainments import AttainmentQuestion, Figures, attainment_by_unit
from quotaloom.targets.deciding import DecomposeRequest
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.plans import create_plan, publish_plan

TITLE = "Attainment of a whole tree"
FAN_OUT = (10, 10, 10, 10)
ENTRIES = 1_000_000
TOTAL = 1_200_000_000_00
ASSESSED = {"assessment": Decimal("0.8")}
ROUNDS = 7
TOLD = ("achieved", "target", "assessment", "stretch", "rate", "gap", "status", "pace")
"""What is read of every row."""

# Each position has 100 orders on days that are scattered over the year.
_ENTRIES = """
INSERT INTO achievement_entry (company_id, metric_id, position_id, member_id, business_date, posted_at, posted_on,
    amount, original_amount, currency, rate, credit, source, source_key, idempotency_key)
SELECT $1, $2, h.position_id, h.member_id, date '2017-01-01' + ((h.position_id * 37 + n * 7919) % 365)::int, $4,
    date '2017-01-02', 100000 + n, 100000 + n, 'CNY', 1, 'direct', 'order', 'o', 'o-' || h.position_id || '-' || n
FROM holding h CROSS JOIN generate_series(1, $3) AS n
"""

_BALANCES = """
INSERT INTO achievement_balance (company_id, position_id, metric_id, business_date, member_id, posted_on, currency,
    product_id, direct, overlay, original_direct, original_overlay)
SELECT company_id, position_id, metric_id, business_date, member_id, posted_on, currency, COALESCE(product_id, 0),
    sum(amount), 0, sum(original_amount), 0
FROM achievement_entry GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""

# What one would write by hand where nobody moves: sums by position, added up for every unit above.
_BY_HAND = """
SELECT path.ancestor_id, sum(own.achieved) AS achieved
FROM (
    SELECT position_id, sum(direct) AS achieved FROM achievement_balance
    WHERE company_id = $1 AND metric_id = $2 AND business_date >= $3 AND business_date < $4 GROUP BY position_id
) AS own
JOIN unit_path path ON path.company_id = $1 AND path.unit_id = own.position_id GROUP BY path.ancestor_id
"""


@dataclass(frozen=True, slots=True)
class PlannedCompany:
    """A planted company with a published plan and a year of entries."""

    planted: Planted
    units: Sequence[int]
    metric_id: int


def measure(bench: Bench) -> Iterator[Row]:
    """11,111 units on five levels, a million ledger entries, a published plan."""
    watch = Stopwatch()
    run(_measure(bench, watch))
    yield compared(
        "a year of 11,111 units: achieved, three lines, rate, pace",
        watch.median("year"),
        "one GROUP BY by hand of the same sums",
        watch.median("by hand"),
    )
    yield compared(
        "the same for each of twelve months",
        watch.median("months"),
        "the GROUP BY of the year",
        watch.median("by hand"),
    )


async def _measure(bench: Bench, watch: Stopwatch) -> None:
    async with fresh_database(bench.server) as fresh:
        company = await prepare(bench, fresh)
        for number in range(ROUNDS):
            bench.tell(f"{TITLE}: round {number + 1} of {ROUNDS}")
            with watch.lap("by hand"):
                sums = await by_hand(fresh.plain, company)
            for lap, grain in (("year", Grain.YEAR), ("months", Grain.MONTH)):
                with watch.lap(lap):
                    told = _told(await _attainment(company, grain))
                if grain is Grain.YEAR:
                    _require_same(company, told, sums)


async def prepare(
    bench: Bench,
    fresh: FreshDatabase,
    title: str = TITLE,
    entries: int = ENTRIES,
    shares: Mapping[str, Decimal] = ASSESSED,
) -> PlannedCompany:
    """10,000 positions with holders below 1,111 units, so many entries in 2017, and its published plan.

    The plan's assessment and stretch are `shares` of its target.
    """
    bench.tell(f"{title}: planting the tree")
    planted = await plant(fresh.database, FAN_OUT)
    await hold_positions(planted)
    work, metric_id = planted.work, await revenue_of(planted.work)
    bench.tell(f"{title}: posting {entries:,} entries")
    company_id = work.company.id
    await fresh.plain.execute(_ENTRIES, company_id, metric_id, entries // len(planted.positions), work.now)
    await fresh.plain.execute(_BALANCES)
    bench.tell(f"{title}: planning")
    plan_id = await create_plan(work, "Plan", metric_id, 2017)
    (root,) = planted.levels[0]
    request = DecomposeRequest(plan_id, root, {"target": TOTAL}, shares, policy="allocation.even")
    await decompose_target(work, POLICIES, request)
    without_heads = replace(work, company=replace(work.company, plans_need_owners=False))
    await publish_plan(without_heads, plan_id)
    await fresh.plain.execute("VACUUM ANALYZE")
    return PlannedCompany(planted, [unit for level in planted.levels for unit in level], metric_id)


async def by_hand(plain: asyncpg.Connection, company: PlannedCompany) -> dict[int, int]:
    """What each unit achieved in 2017, in minor units."""
    rows = await plain.fetch(
        _BY_HAND, company.planted.work.company.id, company.metric_id, date(2017, 1, 1), date(2018, 1, 1)
    )
    return {row["ancestor_id"]: int(row["achieved"]) for row in rows}


async def _attainment(company: PlannedCompany, grain: Grain) -> list[Figures]:
    work = company.planted.work
    async with work.snapshot() as snapshot:
        question = await _question(snapshot, company, grain)
        calendar = await load_calendar(snapshot, work.company)
        return await attainment_by_unit(snapshot, calendar, work.company.currency, company.units, question)


async def _question(snapshot: Snapshot, company: PlannedCompany, grain: Grain) -> AttainmentQuestion:
    work = company.planted.work
    calendar = await load_calendar(snapshot, work.company)
    periods: tuple[Period, ...] = calendar.fiscal.periods(calendar.fiscal.year(2017), grain)
    return AttainmentQuestion(company.metric_id, "revenue", 2, False, periods, work.today)


def _told(rows: Sequence[Figures]) -> list[list[Any]]:
    return [[row[name] for name in TOLD] for row in rows]


def _require_same(company: PlannedCompany, told: Sequence[Sequence[Any]], sums: dict[int, int]) -> None:
    for unit_id, (achieved, *_) in zip(company.units, told, strict=True):
        found = sums.get(unit_id, 0)
        if Decimal(achieved).scaleb(2) != found:
            raise AssertionError(f"unit {unit_id} achieved {found}, not {achieved}")
