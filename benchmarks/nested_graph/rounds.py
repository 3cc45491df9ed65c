"""Taking turns: latency with one client, throughput with eight, memory, and how long others wait meanwhile."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped] # it ships no types

from benchmarks.nested_graph.client import Connection, Response, get
from benchmarks.nested_graph.company import Company
from benchmarks.nested_graph.contenders import Contender, answer
from benchmarks.nested_graph.figures import Delay, Memory, Turns

CLIENTS = 8
LEAST_TURNS = 2
"""Everybody takes part in so many rounds, however long it takes."""
WARM_UP = 8  # drivers prepare statements once, PostgreSQL settles on a plan after five executions
WARM_UP_SECONDS = 3.0
EVERY = 0.002
"""Seconds between the small requests of those who wait."""

WITHOUT_DATABASE = get("/nothing")
"""Answered with 404 by all of them: how long that takes is the lag of the server's event loop."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to measure, in seconds: `turn` is the least that a turn of one takes, `budget` after how long one sits
    out the rounds that are left, `window` how long a throughput is taken, `meanwhile` how long others are watched."""

    rounds: int
    turn: float
    budget: float
    windows: int
    window: float
    meanwhile: float


FULL = Pace(rounds=15, turn=0.2, budget=20.0, windows=5, window=1.5, meanwhile=6.0)
QUICK = Pace(rounds=4, turn=0.1, budget=1.0, windows=3, window=0.4, meanwhile=0.7)


async def require_same_answers(
    found: Sequence[Contender], questions: Sequence[str], company: Company
) -> dict[str, int]:
    """Ask everybody everything once; returns the sizes of the answers. Raises `RuntimeError` where two differ."""
    sizes = dict[str, int]()
    for question in questions:
        first: tuple[str, Any] | None = None
        for contender in [one for one in found if question in one.requests]:
            body = await answer(contender, question)
            sizes.setdefault(question, len(body))
            told = json.loads(body)["data"]
            if contender.name == "head":
                continue  # asks about another unit: compared below
            if first is None:
                first = (contender.title, told)
            elif told != first[1]:
                raise RuntimeError(f"{contender.title} answers to {question!r} otherwise than {first[0]}")
    await _require_head_sees_his_own(found, questions, company)
    return sizes


async def _require_head_sees_his_own(found: Sequence[Contender], questions: Sequence[str], company: Company) -> None:
    by_name = {contender.name: contender for contender in found}
    if "head" in by_name and "floor" in by_name:
        head, floor = by_name["head"], by_name["floor"]
        requests = {name: get(f"/{name}?key={company.headed_key}") for name in head.requests}
        of_head = Contender("floor", floor.port, floor.pid, requests)
        for question in [name for name in questions if name in requests]:
            told, expected = await answer(head, question), await answer(of_head, question)
            if json.loads(told)["data"] != json.loads(expected)["data"]:
                raise RuntimeError(f"{head.title} answers to {question!r} otherwise than the floor")


async def latencies(found: Sequence[Contender], question: str, pace: Pace, tell: Callable[[str], None]) -> Turns:
    """How long each takes to answer one client, in seconds."""
    asked = [contender for contender in found if question in contender.requests]
    turns, spent = Turns(), defaultdict[str, float](float)
    for contender in asked:
        await _warm_up(contender, question)
    for number in range(pace.rounds):
        tell(f"round {number + 1} of {pace.rounds}")
        for contender in asked[number % len(asked) :] + asked[: number % len(asked)]:
            if number < LEAST_TURNS or spent[contender.name] < pace.budget:
                samples, seconds = await _turn(contender, question, pace.turn)
                turns.add(contender.name, number, samples)
                spent[contender.name] += seconds
    return turns


async def _warm_up(contender: Contender, question: str) -> None:
    connections = [await Connection.open(contender.port) for _ in range(CLIENTS)]
    ending = time.monotonic() + WARM_UP_SECONDS
    for _ in range(WARM_UP):
        for connection in connections[: CLIENTS if question == "small" else 1]:
            await connection.ask(contender.requests[question])
        if time.monotonic() > ending:
            break
    for connection in connections:
        connection.close()


async def _turn(contender: Contender, question: str, least: float) -> tuple[list[float], float]:
    request, samples = contender.requests[question], list[float]()
    connection = await Connection.open(contender.port)
    await connection.ask(contender.requests["small"])  # the connection stands
    begun = time.perf_counter()
    while (elapsed := time.perf_counter() - begun) < least:
        start = time.perf_counter()
        response = await connection.ask(request)
        samples.append(time.perf_counter() - start)
        _require_good(contender, response)
    connection.close()
    return samples, elapsed


def _require_good(contender: Contender, response: Response) -> None:
    if response.status != 200:
        raise RuntimeError(f"{contender.title}: {response.status} {response.body[:1000]!r}")


async def rates(found: Sequence[Contender], question: str, pace: Pace, tell: Callable[[str], None]) -> Turns:
    """How many answers a second each gives to eight clients that ask without a pause."""
    asked = [contender for contender in found if question in contender.requests]
    turns, spent = Turns(), defaultdict[str, float](float)
    for number in range(pace.windows):
        tell(f"window {number + 1} of {pace.windows}")
        for contender in asked[number % len(asked) :] + asked[: number % len(asked)]:
            if number < 1 or spent[contender.name] < pace.budget:
                count, seconds = await _window(contender, question, pace.window)
                turns.add(contender.name, number, [count / seconds])
                spent[contender.name] += seconds
    return turns


async def _window(contender: Contender, question: str, seconds: float) -> tuple[int, float]:
    request, counts = contender.requests[question], [0] * CLIENTS
    connections = [await Connection.open(contender.port) for _ in range(CLIENTS)]
    for connection in connections:
        await connection.ask(contender.requests["small"])
    begun = time.perf_counter()

    async def keep_asking(number: int) -> None:
        while time.perf_counter() - begun < seconds:
            _require_good(contender, await connections[number].ask(request))
            counts[number] += 1

    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(keep_asking(number))
    elapsed = time.perf_counter() - begun
    for connection in connections:
        connection.close()
    return sum(counts), elapsed


async def memory(contender: Contender, question: str) -> Memory:
    """What a server that was asked nothing large before holds, and holds at most while it answers."""
    await _warm_up(contender, "small")
    process = psutil.Process(contender.pid)
    _forget_peak(contender.pid)
    idle = peak = process.memory_info().rss
    asking = asyncio.create_task(answer(contender, question))
    while not asking.done():
        peak = max(peak, process.memory_info().rss)
        await asyncio.sleep(0.005)
    return Memory(idle, max(peak, _peak(contender.pid)), len(await asking))


def _forget_peak(pid: int) -> None:
    """Linux keeps the most that a process ever held; "5" starts that anew."""
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def _peak(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


async def delays(contender: Contender, question: str, pace: Pace) -> Delay:
    """How long small requests wait while another client asks for large answers without a pause."""
    busy, ending = await Connection.open(contender.port), time.monotonic() + pace.meanwhile

    async def keep_busy() -> None:
        while time.monotonic() < ending:
            _require_good(contender, await busy.ask(contender.requests[question]))

    work = asyncio.create_task(keep_busy())
    loop, small = await asyncio.gather(
        *(_waits(contender, request, work) for request in (WITHOUT_DATABASE, contender.requests["small"]))
    )
    await work
    busy.close()
    return Delay(p99(loop), max(loop), p99(small), max(small))


async def _waits(contender: Contender, request: bytes, while_running: asyncio.Task[None]) -> list[float]:
    connection, waits = await Connection.open(contender.port), list[float]()
    while not while_running.done():
        start = time.perf_counter()
        await connection.ask(request)
        waits.append(time.perf_counter() - start)
        await asyncio.sleep(EVERY)
    connection.close()
    return at_any_moment(waits, EVERY)


def at_any_moment(waits: Sequence[float], every: float) -> list[float]:
    """How long requests would have waited that had come `every` so many seconds, whether or not the last was answered.

    One that asks again only when it was answered meets each stall once, however long the stall is.
    """
    return [wait - number * every for wait in waits for number in range(int(wait / every) + 1)]


def p99(values: Sequence[float]) -> float:
    """What 99 of 100 stay below."""
    return values[0] if len(values) == 1 else statistics.quantiles(values, n=100, method="inclusive")[-1]
