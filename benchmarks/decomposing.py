"""Decomposition of one year over a large tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from benchmarks.companies import POLICIES, Planted, plant, revenue_of
from benchmarks.databases import FreshDatabase, fresh_database
from benchmarks.floors import time_copy_of
from benchmarks.measuring import Bench, Row, Stopwatch, compared, duration, per_second, run
from quotaloom.targets.deciding import DecomposeRequest
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.decomposition import SplitRequest, split
from quotaloom.targets.plans import create_plan

TITLE = "Decomposing a year"
FAN_OUT = (10, 10, 10, 10)
MONTHS = 12
TOTAL = 1_200_000_000_00
LINES = 2  # target and assessment
ROUNDS = 5


def measure(bench: Bench) -> Iterator[Row]:
    """10,000 positions below 1,111 units, five levels, twelve months, target and assessment, evenly."""
    watch = Stopwatch()
    bench.tell(f"{TITLE}: planting the tree")
    cells = run(_measure(bench, watch))
    seconds, floor = watch.median("stored"), watch.median("copy")
    yield compared(
        f"{cells:,} cells on 5 levels, stored ({per_second(cells, seconds, 'cells')})",
        seconds,
        "COPY of the same cells",
        floor,
    )
    yield compared("the same as a dry run, which stores nothing", watch.median("dry run"), "COPY as above", floor)
    yield Row(f"the arithmetic alone, {LINES} lines", duration(watch.median("arithmetic")))


async def _measure(bench: Bench, watch: Stopwatch) -> int:
    async with fresh_database(bench.server) as fresh:
        planted = await plant(fresh.database, FAN_OUT)
        cells = 0
        for number in range(ROUNDS):
            bench.tell(f"{TITLE}: round {number + 1} of {ROUNDS}")
            cells = await _round(fresh, planted, watch)
        return cells


async def _round(fresh: FreshDatabase, planted: Planted, watch: Stopwatch) -> int:
    work = planted.work
    plan_id = await create_plan(work, "Plan", await revenue_of(work), 2017)
    (root,) = planted.levels[0]
    request = DecomposeRequest(
        plan_id, root, {"target": TOTAL}, {"assessment": Decimal("0.8")}, policy="allocation.even"
    )
    with watch.lap("dry run"):
        await decompose_target(work, POLICIES, request, dry_run=True)
    with watch.lap("stored"):
        await decompose_target(work, POLICIES, request)
    with watch.lap("arithmetic"):
        for _ in range(LINES):
            _split_down((TOTAL // MONTHS,) * MONTHS, FAN_OUT)
    cells = await time_copy_of(fresh.plain, "target_cell", watch, "copy")
    await fresh.plain.execute("TRUNCATE target_cell")
    return cells


def _split_down(months: tuple[int, ...], fan_out: Sequence[int]) -> None:
    if fan_out:
        for child in split(SplitRequest(months, ((1,) * MONTHS,) * fan_out[0])):
            _split_down(tuple(child), fan_out[1:])
