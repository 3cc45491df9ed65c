"""More connections than a process may have: who makes room, who is told why not, and that health is told to all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from benchmarks.abuse.http_requests import BODY, get, head, lasting
from benchmarks.abuse.sending import GOOD, Answers, connection
from benchmarks.abuse.websocket_sending import handshake

from quotaloom_server.crowd import LATE_SECONDS
from tests.integration.server.conftest import new_home

MOST = 20
SPARE = 30

WHOLE = (GOOD, get("/alive"), handshake())

HALF_A_HEAD = head()[:-2]

NO_BODY = lasting("24", b"")

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server that takes twenty connections."""
    with new_home() as home:
        home.serve(QUOTALOOM_OPEN_CONNECTIONS=str(MOST), QUOTALOOM_SPARE_CONNECTIONS=str(SPARE))
        yield home.port


@asynccontextmanager
async def opened(port: int, count: int, sent: bytes) -> AsyncIterator[list[Ends]]:
    """So many connections on which this was sent, and answered where it is a request."""
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(count):
            reader, writer = await stack.enter_async_context(connection(port))
            writer.write(sent)
            if sent in WHOLE:
                await Answers(reader, bodiless=False).wait_for(1)
            found.append((reader, writer))
        await asyncio.sleep(0.1)  # the server has them all
        yield found


async def said(port: int, sent: bytes) -> bytes:
    """All that is answered on a new connection until it ends."""
    async with connection(port) as (reader, writer):
        writer.write(sent)
        async with asyncio.timeout(20):
            return await reader.read()


@pytest.mark.parametrize("sent", [b"", GOOD, get("/alive")], ids=["silent", "answered", "a GET"])
async def test_idle_connections_make_room(port: int, sent: bytes) -> None:
    """The one that has been idle for longest ends; the others and the new one are answered."""
    async with opened(port, MOST, sent) as (first, *others), opened(port, 1, GOOD) as (new,):
        async with asyncio.timeout(20):
            assert await first[0].read() == b""
        for reader, writer in (*others, new):
            writer.write(GOOD)
            assert await Answers(reader, bodiless=False).wait_for(1) == (200,)


@pytest.mark.parametrize("sent", [GOOD, get("/nowhere"), handshake()], ids=["POST", "GET", "a WebSocket"])
async def test_beyond_the_most_each_request_is_told_so(port: int, sent: bytes) -> None:
    """With 503 and when to come again, while every connection is in use."""
    async with opened(port, MOST, handshake()):
        answer = await said(port, sent)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1\r\n" in answer
        assert b'"code":"TOO_MANY_CONNECTIONS","limit":"open_connections","allowed":20,"found":21}' in answer
    await asyncio.sleep(0.1)
    assert (await said(port, get("/alive", "Connection: close"))).startswith(b"HTTP/1.1 200 ")


async def test_health_is_told_to_all(port: int) -> None:
    """On a connection that ends then, so that a load balancer sees a busy server and no dead one."""
    async with opened(port, MOST, handshake()):
        for path in ("/alive", "/health?a=b"):
            answer = await said(port, get(path))
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"\r\nconnection: close\r\n" in answer


async def test_beyond_the_spare_ones_nobody_is_heard(port: int) -> None:
    """He is told why before he has said anything."""
    async with opened(port, MOST, handshake()), opened(port, SPARE, HALF_A_HEAD):
        assert (await said(port, b"")).startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize("sent", [HALF_A_HEAD, NO_BODY], ids=["heads", "bodies"])
async def test_what_is_half_sent_for_a_second_keeps_nobody_out(port: int, sent: bytes) -> None:
    """As many as there is any room for: the oldest are told so and end, and whoever comes is answered as ever."""
    async with opened(port, MOST + SPARE, sent) as half:
        await asyncio.sleep(LATE_SECONDS)
        for request in (GOOD, get("/health"), get("/alive")):
            async with connection(port) as (reader, writer):
                writer.write(request)
                assert await Answers(reader, bodiless=False).wait_for(1) == (200,)
        async with asyncio.timeout(20):
            told = await half[0][0].read()
        assert b'"code":"TOO_MANY_CONNECTIONS"' in told


async def test_whoever_sends_a_body_as_fast_as_he_can_keeps_his_place(port: int) -> None:
    """One has sent 60,000 bytes of 60,024 while nineteen stop within their heads: those make room for as many."""
    sent = b" " * 60_000
    async with connection(port) as (reader, writer):
        writer.write(lasting("60024", sent))
        async with opened(port, MOST - 1, HALF_A_HEAD):
            await asyncio.sleep(LATE_SECONDS)
            async with opened(port, MOST - 1, handshake()):
                assert (await said(port, GOOD)).startswith(b"HTTP/1.1 503 ")
                writer.write(BODY)
                assert await Answers(reader, bodiless=False).wait_for(1) == (200,)
