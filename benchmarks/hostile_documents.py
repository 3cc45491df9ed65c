"""What is sent to do harm: the CPU time that each document takes, beside Strawberry's with the limiters it has."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from operator import getitem
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import strawberry
from starlette.types import ASGIApp, Message
from strawberry.asgi import GraphQL
from strawberry.extensions import MaxAliasesLimiter, MaxTokensLimiter, QueryDepthLimiter
from strawberry.schema.config import StrawberryConfig

from benchmarks.hostility import HOSTILE, Hostile
from benchmarks.measuring import Bench, Row, duration
from quotaloom.platform.settings import Settings
from quotaloom_graphql.schema import Mutation, Query, build_schema
from quotaloom_graphql.subscriptions import Subscription
from quotaloom_server.application import create_application

TITLE = "Hostile documents"
ROUNDS = 5
PATIENCE: Final = timedelta(seconds=2)
"""How much CPU time one document may take; 30 fragments that double would take Strawberry's limiters a quarter hour."""

GOAL: Final = timedelta(milliseconds=20)

_NOWHERE: Final = "postgresql://nobody@127.0.0.1:1/none"


class _OutOfPatience(BaseException):
    """No `except Exception` on the way out shall keep it."""


def measure(bench: Bench) -> Iterator[Row]:
    """Each document once a round, sent by a stranger to either application; no database is asked."""
    yield from compared_with_strawberry(HOSTILE, ROUNDS)


def compared_with_strawberry(documents: Sequence[Hostile], rounds: int) -> Iterator[Row]:
    """A row for each document, the slowest first, and one for all of them."""
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        ours, theirs = create_application(settings, _NOWHERE), _strawberry()
        logging.getLogger("strawberry.execution").disabled = True  # it would print each document
        gc.collect()
        gc.freeze()  # as the server does at its start
        times = {one.name: (_cpu(ours, one, rounds), _cpu(theirs, one, rounds)) for one in documents}
        gc.unfreeze()
    slowest = sorted(times.items(), key=lambda one: -one[1][0])
    within = sum(own < GOAL.total_seconds() for own, _ in times.values())
    yield Row(
        "within 20 ms of CPU time", f"{within} of {len(times)}", "Strawberry with its limiters", _within(times.values())
    )
    for name, (own, other) in slowest:
        floor = f"> {duration(other)}" if other >= PATIENCE.total_seconds() else duration(other)
        yield Row(name, duration(own), "Strawberry with its limiters", floor)


def cpu_times(documents: Sequence[Hostile], rounds: int) -> dict[str, float]:
    """The median of the CPU times of each document, in seconds, sent by a stranger; no database is asked."""
    with TemporaryDirectory() as folder:
        ours = create_application(Settings(data_dir=Path(folder)), _NOWHERE)
        gc.collect()
        gc.freeze()
        try:
            return {one.name: _cpu(ours, one, rounds) for one in documents}
        finally:
            gc.unfreeze()


def _within(times: Any) -> str:
    return f"{sum(other < GOAL.total_seconds() for _, other in times)} of {len(times)}"


def _strawberry() -> ASGIApp:
    schema = strawberry.Schema(
        Query,
        Mutation,
        Subscription,
        config=StrawberryConfig(default_resolver=getitem, scalar_map=dict(build_schema().config.scalar_map)),
        extensions=[
            lambda: QueryDepthLimiter(max_depth=20),
            lambda: MaxAliasesLimiter(max_alias_count=250),
            lambda: MaxTokensLimiter(max_token_count=5_000),
        ],
    )
    return GraphQL[Any, None](schema)


def _cpu(application: ASGIApp, hostile: Hostile, rounds: int) -> float:
    """The median of the CPU times of a request, in seconds."""
    found = []
    for _ in range(rounds):
        found.append(_once(application, hostile.sent))
        if found[-1] >= PATIENCE.total_seconds():
            break
    return statistics.median(found)


def _once(application: ASGIApp, body: bytes) -> float:
    def give_up(*_: object) -> None:
        raise _OutOfPatience

    before = signal.signal(signal.SIGVTALRM, give_up)
    loop = asyncio.new_event_loop()
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE.total_seconds())
        begun = time.process_time()
        try:
            with suppress(Exception):  # Strawberry has server errors of its own; they take time like any answer
                loop.run_until_complete(_send(application, body))
        except _OutOfPatience:
            return PATIENCE.total_seconds()
        return time.process_time() - begun
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        loop.close()


async def _send(application: ASGIApp, body: bytes) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(_: Message) -> None:
        pass

    await application(scope, receive, send)
