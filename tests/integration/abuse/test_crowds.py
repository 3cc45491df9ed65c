"""More connections than a process may have: who makes room, who is told why not, and that health is told to all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from benchmarks.abuse.http_requests import BODY, get, head, lasting
from benchmarks.abuse.sending import GOOD, TOKEN, Answers, connection
from benchmarks.abuse.websocket_sending import handshake, message

from quotaloom_server.crowd import LATE_SECONDS
from tests.integration.server.conftest import new_home

MOST = 20
SPARE = 30

SILENT = handshake()

WHOLE = (GOOD, get("/alive"), SILENT)

HALF_A_HEAD = head()[:-2]

NO_BODY = lasting("24", b"")

BUSY = lasting("60024", b" " * 60_000)
"""A request that comes fast enough, and ends with `BODY`."""

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def port_and_token() -> Iterator[tuple[int, str]]:
    """The port of a server that takes twenty connections, and the token of an admin."""
    with new_home() as home:
        server = home.serve(QUOTALOOM_OPEN_CONNECTIONS=str(MOST), QUOTALOOM_SPARE_CONNECTIONS=str(SPARE))
        server.found_company("acme")
        yield home.port, home.run("token", "--company", "acme").stdout.strip()


@pytest.fixture(scope="module")
def port(port_and_token: tuple[int, str]) -> int:
    return port_and_token[0]


@pytest.fixture(scope="module")
def token(port_and_token: tuple[int, str]) -> str:
    return port_and_token[1]


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
    """With 503 and when to come again, while every connection has a request under way."""
    async with opened(port, MOST, BUSY) as busy:
        answer = await said(port, sent)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1\r\n" in answer
        assert b'"code":"TOO_MANY_CONNECTIONS","limit":"open_connections","allowed":20,"found":21}' in answer
        reader, writer = busy[0]
        writer.write(BODY)
        assert await Answers(reader, bodiless=False).wait_for(1) == (200,)
    await asyncio.sleep(0.1)
    assert (await said(port, get("/alive", "Connection: close"))).startswith(b"HTTP/1.1 200 ")


async def test_health_is_told_to_all(port: int) -> None:
    """On a connection that ends then, so that a load balancer sees a busy server and no dead one."""
    async with opened(port, MOST, BUSY):
        for path in ("/alive", "/health?a=b"):
            answer = await said(port, get(path))
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"\r\nconnection: close\r\n" in answer


async def test_beyond_the_spare_ones_nobody_is_heard(port: int) -> None:
    """He is told why before he has said anything."""
    async with opened(port, MOST, BUSY), opened(port, SPARE, HALF_A_HEAD):
        assert (await said(port, b"")).startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize("sent", [HALF_A_HEAD, NO_BODY, SILENT], ids=["heads", "bodies", "WebSockets"])
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
        assert b"TOO_MANY_CONNECTIONS" in told or b"\x03\xf521 connections are open; open_connections allows 20" in told


async def test_whoever_sends_a_body_as_fast_as_he_can_keeps_his_place(port: int) -> None:
    """One has sent 60,000 bytes of 60,024 while nineteen stop within their heads: those make room for as many."""
    async with opened(port, 1, BUSY) as ((reader, writer),), opened(port, MOST - 1, HALF_A_HEAD):
        await asyncio.sleep(LATE_SECONDS)
        async with opened(port, MOST - 1, BUSY):
            assert (await said(port, GOOD)).startswith(b"HTTP/1.1 503 ")
            writer.write(BODY)
            assert await Answers(reader, bodiless=False).wait_for(1) == (200,)


async def test_a_websocket_that_is_somebodys_keeps_its_place(port: int, token: str) -> None:
    """Nineteen that have not said whose they are for a second leave for nineteen others, one that has does not."""
    greeting = handshake().replace(TOKEN, token.encode()) + message(type="connection_init")
    async with connection(port) as (reader, writer):
        writer.write(greeting)
        async with asyncio.timeout(20):
            await reader.readuntil(b'{"type":"connection_ack"}')
        async with opened(port, MOST - 1, SILENT):
            await asyncio.sleep(LATE_SECONDS)
            async with opened(port, MOST - 1, BUSY):
                assert (await said(port, GOOD)).startswith(b"HTTP/1.1 503 ")
                writer.write(message(type="ping"))
                async with asyncio.timeout(20):
                    await reader.readuntil(b'{"type":"pong"}')
