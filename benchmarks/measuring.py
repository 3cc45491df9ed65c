"""Rows of the table, and a stopwatch with many laps."""

from __future__ import annotations

import asyncio
import signal
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from quotaloom.platform.embedded import EmbeddedServer, Terminated
from quotaloom.platform.embedded.signals import HANDLED

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, and what it is to be compared with: a floor that was measured in the same run, or a goal."""

    name: str
    figure: str
    beside: str = ""
    floor: str = ""
    ratio: str = ""


class Skipped(Exception):
    """A benchmark cannot run here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What a benchmark is given: a server of this run, with fsync on, and somebody to tell how far it is.

    `nested_graph` heeds the rest: which contenders and queries alone (all, without any), whether to be quick, and the
    folder for its table and chart.
    """

    server: EmbeddedServer
    tell: Callable[[str], None]
    only: Sequence[str] = ()
    queries: Sequence[str] = ()
    quick: bool = False
    output: Path = Path("bench-results")


class Stopwatch:
    """Durations by name. Whoever compares two takes turns with them, so that a busy moment hits both."""

    def __init__(self) -> None:
        self._laps: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Time the block, if it ends well."""
        start = time.perf_counter()
        yield
        self._laps[name].append(time.perf_counter() - start)

    def add(self, name: str, seconds: float) -> None:
        """Add a lap that was timed elsewhere."""
        self._laps[name].append(seconds)

    def median(self, name: str) -> float:
        """The middle duration, in seconds."""
        return statistics.median(self._laps[name])

    def p95(self, name: str) -> float:
        """The duration that 95 of 100 laps stay below, in seconds."""
        return statistics.quantiles(self._laps[name], n=20, method="inclusive")[-1]

    def p99(self, name: str) -> float:
        """The duration that 99 of 100 laps stay below, in seconds."""
        return statistics.quantiles(self._laps[name], n=100, method="inclusive")[-1]


def compared(name: str, seconds: float, beside: str, floor: float) -> Row:
    """A duration beside its floor."""
    return Row(name, duration(seconds), beside, duration(floor), f"{seconds / floor:,.1f} ×")


def duration(seconds: float) -> str:
    """In seconds, or in milliseconds where it is short."""
    return f"{seconds:,.2f} s" if seconds >= 1 else f"{seconds * 1000:,.1f} ms"


def per_second(count: int, seconds: float, noun: str) -> str:
    """A rate."""
    return f"{count / seconds:,.0f} {noun}/s"


def megabytes(count: float) -> str:
    """Bytes in MB of a million."""
    return f"{count / 1_000_000:,.0f} MB"


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run on the event loop that the server uses too; SIGINT and SIGTERM cancel it and raise `Terminated`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_until_signalled(work))


async def _until_signalled(work: Coroutine[Any, Any, T]) -> T:
    # uvloop drops what a plain signal handler raises while it reads from a socket.
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    before = {number: signal.getsignal(number) for number in HANDLED}
    received: list[int] = []

    def end(number: int) -> None:
        if not received:
            received.append(number)
            task.cancel()

    for number in HANDLED:
        loop.add_signal_handler(number, end, number)
    try:
        return await task
    except asyncio.CancelledError:
        if received:
            raise Terminated(received[0]) from None
        raise
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
