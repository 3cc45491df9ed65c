"""Memory of the serving process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil  # type: ignore[import-untyped] # it ships no types

from benchmarks.measuring import Bench, Row, megabytes, per_second, run
from benchmarks.serving import Served, ask, served_maven

TITLE = "Memory of the serving process"
GOAL = 200_000_000
CLIENTS = 8
SECONDS = 10.0
PAUSE_SECONDS = 0.05


@dataclass
class Watched:
    """What was seen of the serving process and of its PostgreSQL, in bytes; `answers` counts the queries."""

    before: int
    peak: int = 0
    after: int = 0
    postgres: list[int] = field(default_factory=list)
    answers: int = 0


def measure(bench: Bench) -> Iterator[Row]:
    """Before, while and after eight clients send the nested query without a pause."""
    bench.tell(f"{TITLE}: importing the data set")
    with served_maven() as served:
        bench.tell(f"{TITLE}: {CLIENTS} clients for {SECONDS:.0f} seconds")
        watched = run(_watch(served))
    rate = per_second(watched.answers, SECONDS, "answers")
    yield _goal("before the first query", watched.before)
    yield _goal(f"at most, {CLIENTS} clients asking ({rate})", watched.peak)
    yield _goal("a second later", watched.after)
    yield Row("PostgreSQL apart, before", megabytes(watched.postgres[0]))
    yield Row("PostgreSQL apart, at the end", megabytes(watched.postgres[-1]))


def _goal(name: str, size: int) -> Row:
    return Row(name, megabytes(size), "goal: less than", megabytes(GOAL), f"{size / GOAL:.2f} ×")


async def _watch(served: Served) -> Watched:
    process = psutil.Process(served.pid)
    watched = Watched(before=process.memory_info().rss)
    watched.postgres.append(_postgres(process))
    ending = time.monotonic() + SECONDS
    async with asyncio.TaskGroup() as group:
        clients = [group.create_task(_keep_asking(served, watched, ending)) for _ in range(CLIENTS)]
        while not all(client.done() for client in clients):
            watched.peak = max(watched.peak, process.memory_info().rss)
            await asyncio.sleep(PAUSE_SECONDS)
    watched.postgres.append(_postgres(process))
    await asyncio.sleep(1)
    watched.after = process.memory_info().rss
    return watched


async def _keep_asking(served: Served, watched: Watched, ending: float) -> None:
    async with served.client() as client:
        while time.monotonic() < ending:
            await ask(client)
            watched.answers += 1


def _postgres(process: psutil.Process) -> int:
    """What all processes of PostgreSQL hold, shared memory counted once where the system can tell (Linux)."""
    sizes = [child.memory_full_info() for child in process.children(recursive=True)]
    return sum(int(getattr(size, "pss", size.uss)) for size in sizes)
