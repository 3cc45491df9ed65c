"""Importing the real data set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks import maven
from benchmarks.databases import fresh_database
from benchmarks.floors import time_bare_import
from benchmarks.measuring import Bench, Row, Stopwatch, compared, per_second, run

TITLE = "Importing the real data set"
ROUNDS = 5


def measure(bench: Bench) -> Iterator[Row]:
    """The whole folder into a database without a company, and once more."""
    maven.files()
    watch = Stopwatch()
    rows = 0
    for number in range(ROUNDS):
        bench.tell(f"{TITLE}: round {number + 1} of {ROUNDS}")
        rows = run(_round(bench, watch))
    seconds, floor = watch.median("import"), watch.median("floor")
    yield compared(
        f"{rows:,} rows, checked and stored ({per_second(rows, seconds, 'rows')})",
        seconds,
        "parsing and COPY of the same files",
        floor,
    )
    yield compared("the same again, which changes nothing", watch.median("again"), "as above", floor)


async def _round(bench: Bench, watch: Stopwatch) -> int:
    async with fresh_database(bench.server) as fresh:
        now = datetime.now(UTC)
        with watch.lap("import"):
            await maven.load(fresh.database, now)
        with watch.lap("again"):
            await maven.load(fresh.database, now)
        return await time_bare_import(fresh.plain, maven.files(), watch, "floor")
