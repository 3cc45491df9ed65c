"""Other tiers over twelve months for a whole company, beside those in force, and the memory that it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from benchmarks.companies import POLICIES
from benchmarks.databases import fresh_database
from benchmarks.incentive_runs import BANDS, Memory, prepare
from benchmarks.measuring import Bench, Row, Stopwatch, compared, megabytes, run
from quotaloom.incentives.simulated_rules import SimulatedChange
from quotaloom.incentives.simulating import simulate
from quotaloom.incentives.simulations import SimulationRequest, simulations_by_id, start_simulation
from quotaloom.platform.work import Work

TITLE = "A simulation of twelve months"
ENTRIES = 480_000
DAYS = 365
AFTERWARDS = datetime(2018, 1, 5, 12, tzinfo=UTC)

_READ = """
SELECT id, member_id, metric_id, business_date, amount FROM achievement_entry
WHERE company_id = $1 ORDER BY member_id, business_date, id
"""


def measure(bench: Bench) -> Iterator[Row]:
    """10,000 members, four entries a month each, twelve marginal tiers beside twelve others."""
    watch, memory = Stopwatch(), Memory()
    run(_measure(bench, watch, memory))
    yield compared(
        "10,000 members, 12 months, 480,000 entries, 12 tiers beside 12 others",
        watch.median("simulation"),
        "reading the same entries",
        watch.median("by hand"),
    )
    yield Row("memory of the process, before", megabytes(memory.before))
    yield Row("the most while it computes", megabytes(memory.peak))


async def _measure(bench: Bench, watch: Stopwatch, memory: Memory) -> None:
    async with fresh_database(bench.server) as fresh:
        bench.tell(f"{TITLE}: preparing")
        planted = await prepare(fresh, ENTRIES, DAYS)
        with watch.lap("by hand"):
            await fresh.plain.fetch(_READ, planted.work.company.id)
        bench.tell(f"{TITLE}: computing")
        memory.begin()
        looking = asyncio.create_task(memory.watch())
        try:
            with watch.lap("simulation"):
                simulation_id = await _simulate(replace(planted.work, now=AFTERWARDS))
        finally:
            looking.cancel()
        await _require_sound(planted.work, simulation_id, len(planted.positions))


async def _simulate(work: Work) -> int:
    bands = [{"from_percent": str(10 * place), "rate_percent": str(2 + place)} for place in range(BANDS)]
    change = SimulatedChange("tiers", "incentives.tiers", {"bands": bands})
    simulation_id = await start_simulation(work, POLICIES, SimulationRequest([change]))
    await simulate(work, POLICIES, simulation_id)
    return simulation_id


async def _require_sound(work: Work, simulation_id: int, members: int) -> None:
    """Each band has one percent more: everybody who sold anything wins, and costs more in each month."""
    async with work.snapshot() as snapshot:
        (found,) = await simulations_by_id(snapshot, [simulation_id])
    result = found["result"]
    if result is None or (result["members"], result["winners"], result["failures"]) != (members, members, []):
        raise AssertionError(f"a simulation of {members} members came to {result or found['failure']}")
    if len(result["months"]) != 12 or any(month["then"] <= month["now"] for month in result["months"]):
        raise AssertionError(f"twelve months of higher rates came to {result['months']}")
