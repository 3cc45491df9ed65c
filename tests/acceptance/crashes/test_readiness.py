"""Readiness, while the database goes and comes back under those who write."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack, asynccontextmanager

import pytest

from quotaloom.platform.embedded import EmbeddedServer
from tests.acceptance.crashes.installation import Installation
from tests.acceptance.crashes.load_balancer import LoadBalancer
from tests.acceptance.crashes.postgres_processes import frozen, gone
from tests.acceptance.crashes.wholeness import assert_whole
from tests.acceptance.crashes.writers import Clients, Record, record
from tests.integration.platform.ways import Way, way_to
from tests.progress import Progress, stepwise

Away = Callable[[EmbeddedServer, Way], AbstractAsyncContextManager[None]]


def killed(server: EmbeddedServer, _: Way) -> AbstractAsyncContextManager[None]:
    """All of PostgreSQL is killed."""
    return beside(gone(server))


def stopped(server: EmbeddedServer, _: Way) -> AbstractAsyncContextManager[None]:
    """PostgreSQL is told to end, as for an update of it."""
    return beside(gone(server, signal.SIGINT))


def stuck(server: EmbeddedServer, _: Way) -> AbstractAsyncContextManager[None]:
    """Its processes are there, and do nothing."""
    return beside(frozen(server))


def cut(_: EmbeddedServer, way: Way) -> AbstractAsyncContextManager[None]:
    """The network between server and database breaks every connection, and takes none."""
    return way.closed()


def silent(_: EmbeddedServer, way: Way) -> AbstractAsyncContextManager[None]:
    """The network swallows what is sent."""
    return way.silent()


@asynccontextmanager
async def beside(manager: AbstractContextManager[None]) -> AsyncIterator[None]:
    """The same, entered and left while others go on."""
    stack = ExitStack()
    entering = asyncio.create_task(asyncio.to_thread(stack.enter_context, manager))
    try:
        await asyncio.shield(entering)
        yield
    finally:
        await asyncio.wait({entering})  # what has begun comes to an end, though we may have been cancelled
        await asyncio.to_thread(stack.close)


@pytest.mark.parametrize("times", [1, pytest.param(50, marks=pytest.mark.soak)])
@pytest.mark.parametrize("away", [killed, stopped, stuck, cut, silent])
async def test_readiness_follows_the_database(
    installation: Installation,
    durable_postgres: EmbeddedServer,
    away: Away,
    times: int,
    record_property: Record,
    progress: Progress,
) -> None:
    """Whichever way the database goes, every question from then on is answered with 503, until it is back and all is
    well by itself. The first comes within a second of its going, as does each answer within one of the question; the
    server lives all the time, and nothing acknowledged is lost."""
    clients = Clients(installation)
    gone_at, turned, back = [], [], []
    async with way_to(installation.url) as way:
        by_network = away in (cut, silent)
        server = await asyncio.to_thread(installation.start, f"server at {way.url}" if by_network else "server")
        async with LoadBalancer(installation.address).asking() as balancer, clients.writing() as memory:
            for _ in stepwise(progress, range(times), "the database goes"):
                await clients.until_acknowledged(5)
                going = time.monotonic()
                async with away(durable_postgres, way):
                    went = time.monotonic()
                    gone_at.append(going)
                    turned.append(await balancer.until(503, since=going))
                    assert {told.status for told in await balancer.answers(went)} == {503}
                    returns = time.monotonic()
                back.append(await balancer.until(200, since=returns))
                await clients.until_acknowledged(5)
        assert {told.status for told in balancer.life} == {200}
        assert balancer.late() == []
        assert [
            took for since, took in zip(gone_at, turned, strict=True) if took > balancer.allowed(since, since + took)
        ] == []
        await assert_whole(installation, memory)
        installation.send(server, signal.SIGKILL)
    assert memory.answers["cut off"] == 0, "the server goes on"
    record(record_property, memory, "went away", times)
    record_property("ready no more after seconds, at worst", f"{max(turned):.2f}")
    record_property("ready again after seconds, at worst", f"{max(back):.2f}")
