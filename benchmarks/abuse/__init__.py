"""Abuses of HTTP and WebSockets, and hostile documents: the CPU time that each takes the server, and how long its loop
works at a stretch.

The server runs in a process of its own, as `quotaloom serve` does it. A timer of its loop notes the CPU time that it
has worked since it last had its turn, which others wait for on a machine that has nothing else to do.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.abuse import http_cases, websocket_cases
from benchmarks.abuse.http_requests import JSON, post
from benchmarks.abuse.sending import Abuse, outcome
from benchmarks.abuse.websocket_sending import SocketAbuse, socket_outcome
from benchmarks.companies import plant
from benchmarks.databases import fresh_database
from benchmarks.hostility import HOSTILE
from benchmarks.measuring import Bench, Row, duration, run
from quotaloom.platform.access import Role
from quotaloom.platform.settings import Settings
from quotaloom.platform.tokens import Identity
from quotaloom_server.application import create_application
from quotaloom_server.keys import token_authority
from quotaloom_server.serving import Server

TITLE = "Abuses of HTTP, WebSockets and documents"

GOAL: Final = 0.02
"""Seconds of CPU time that a refusal may take."""

STRETCH: Final = 0.05
"""Seconds that the loop may work without a look at others."""

EVERY: Final = 0.002
"""How often it is to look at others, in seconds."""

TOLD: Final = 10
"""How many abuses have rows of their own: those that took the most."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an abuse took: seconds of CPU time of the server, and the longest stretch of its loop."""

    name: str
    cpu: float
    stretch: float


def measure(bench: Bench) -> Iterator[Row]:
    """Each abuse once, one after the other, on connections of their own, kind by kind."""
    run(_with_database(bench, found := list[Row]()))
    yield from found


async def _with_database(bench: Bench, rows: list[Row]) -> None:
    async with fresh_database(bench.server) as fresh:
        company_id = (await plant(fresh.database, (1,))).work.company.id
        for title, cases in CASES.items():
            bench.tell(f"{TITLE}: {title}")
            rows += _told(title, await taken_by(cases, fresh.url, company_id))


CASES: Final[dict[str, Sequence[Abuse | SocketAbuse]]] = {
    "HTTP": [one for group in http_cases.GROUPS.values() for one in group],
    "WebSockets": [one for group in websocket_cases.GROUPS.values() for one in group],
    "Documents": [
        Abuse(one.name, post(one.sent, JSON, "Authorization: Bearer <TOKEN>", "Connection: close"), (one.status,))
        for one in HOSTILE
    ],
}
"""All that is measured; the documents are those of an admin, on whom no work is saved."""

SLOW: Final[Sequence[Abuse | SocketAbuse]] = (*http_cases.SLOW, *websocket_cases.SLOW)
"""Those that dawdle, for a server that is impatient. What they take is mostly the timer's that measures it."""

IMPATIENCE: Final = 2.0
"""Seconds that such a server has for a request, and for a greeting."""


async def taken_by(
    cases: Sequence[Abuse | SocketAbuse], database_url: str, company_id: int, tries: int = 1
) -> list[Taken]:
    """What each took of a server on a database with this company; the least of `tries` where it takes too much."""
    found = []
    with TemporaryDirectory() as folder, _served(database_url, folder, company_id) as (port, token, server):
        for case in cases:
            one = await _taken(case, port, token, server)
            for _ in range(tries - 1):
                if one.cpu < GOAL and one.stretch < STRETCH:
                    break
                again = await _taken(case, port, token, server)
                one = Taken(case.name, min(one.cpu, again.cpu), min(one.stretch, again.stretch))
            found.append(one)
    return found


async def stretches(
    batches: Iterable[Sequence[Abuse | SocketAbuse]], database_url: str, company_id: int
) -> list[float]:
    """The longest stretch of an impatient server for each batch, whose cases are sent all at once."""
    found = []
    with TemporaryDirectory() as folder, _served(database_url, folder, company_id, IMPATIENCE) as (port, token, server):
        for batch in batches:
            _asked(server)
            await asyncio.gather(*(_sent(case, port, token) for case in batch))
            found.append(_asked(server)[1])
    return found


async def _taken(case: Abuse | SocketAbuse, port: int, token: str, server: Connection) -> Taken:
    before, _ = _asked(server)
    await _sent(case, port, token)
    after, stretch = _asked(server)
    return Taken(case.name, after - before, stretch)


async def _sent(case: Abuse | SocketAbuse, port: int, token: str) -> None:
    if isinstance(case, Abuse):
        await outcome(case, port, token)
    else:
        await socket_outcome(case, port, token)


def _asked(server: Connection) -> tuple[float, float]:
    server.send(None)
    cpu, stretch = server.recv()
    return cpu, stretch


def _told(title: str, taken: Sequence[Taken]) -> Iterator[Row]:
    within = sum(one.cpu < GOAL for one in taken)
    yield Row(f"{title}: within 20 ms of CPU time", f"{within} of {len(taken)}")
    yield Row(f"{title}: CPU time, in the middle", duration(statistics.median(one.cpu for one in taken)))
    longest = max(taken, key=lambda one: one.stretch)
    yield Row(
        f"{title}: the longest stretch of the loop",
        duration(longest.stretch),
        f"with {longest.name}; goal",
        duration(STRETCH),
    )
    for one in sorted(taken, key=lambda one: -one.cpu)[:TOLD]:
        yield Row(f"{title}: {one.name}", duration(one.cpu), "the longest stretch", duration(one.stretch))


@contextmanager
def _served(
    database_url: str, folder: str, company_id: int, patience: float | None = None
) -> Iterator[tuple[int, str, Connection]]:
    """A server in a process of its own: its port, the token of an admin, and whom to ask what it took."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(database_url, folder, theirs, patience))
    process.start()
    try:
        port = ours.recv()
        authority = token_authority(Settings(data_dir=Path(folder)))
        admin = Identity(company_id, "admin", Role.ADMIN, 1)
        yield port, authority.issue(admin, datetime.now(UTC), timedelta(hours=1)), ours
    finally:
        process.terminate()
        process.join()


def _serve(database_url: str, folder: str, asked: Connection, patience: float | None) -> None:
    settings = Settings(data_dir=Path(folder), token_cost_per_minute=0, company_cost_per_minute=0)
    if patience is not None:
        settings = settings.model_copy(update={"request_seconds": patience, "greeting_seconds": patience})
    stretches = _Stretches()

    def started() -> None:
        stretches.begin()
        asked.send(server.servers[0].sockets[0].getsockname()[1])
        threading.Thread(target=stretches.answer, args=(asked,), daemon=True).start()

    server = Server(create_application(settings, database_url), started)
    server.config.port = 0
    server.run()


class _Stretches:
    """The longest stretch of the running loop: what its thread worked between two turns of a timer."""

    def __init__(self) -> None:
        self._longest = self._before = 0.0

    def begin(self) -> None:
        """Begin to look at the loop that runs."""
        self._loop = asyncio.get_running_loop()
        self._before = time.thread_time()
        self._look()

    def answer(self, asked: Connection) -> None:
        """Tell whoever asks the CPU time so far, and the longest since he asked before."""
        while True:
            asked.recv()
            longest, self._longest = self._longest, 0.0
            asked.send((time.process_time(), longest))

    def _look(self) -> None:
        now = time.thread_time()
        self._longest = max(self._longest, now - self._before)
        self._before = now
        self._loop.call_later(EVERY, self._look)
