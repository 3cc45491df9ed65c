"""Heads and bodies of answers, and the packets that they go out in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from quotaloom_server.lingering import AnswerTransport, LingeringTransport

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Counted(LingeringTransport):
    """A transport that knows what was written to it at a time."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport, asyncio.Protocol(), 1.0, {})
        self.packets: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send it, and count it."""
        self.packets.append(bytes(data))
        super().write(data)


@asynccontextmanager
async def answer() -> AsyncIterator[tuple[AnswerTransport, Counted, socket.socket]]:
    """What one answer is written to, what it goes through, and the client's end."""
    ours, client = socket.socketpair()
    client.setblocking(False)
    with client:
        transport, _ = await asyncio.get_running_loop().connect_accepted_socket(asyncio.Protocol, ours)
        counted = Counted(transport)
        yield AnswerTransport(counted), counted, client
        transport.abort()


async def received(client: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        found += await asyncio.get_running_loop().sock_recv(client, count)
    return found


async def test_a_head_goes_out_with_the_body() -> None:
    """In one packet; what follows goes out as it comes."""
    async with answer() as (written, counted, client):
        for part in (HEAD, b"one", b"two"):
            written.write(part)
        assert counted.packets == [HEAD + b"one", b"two"]
        assert await received(client, len(HEAD) + 6) == HEAD + b"onetwo"
        await asyncio.sleep(0)
        assert len(counted.packets) == 2


async def test_a_head_waits_for_no_body_that_comes_later() -> None:
    """A stream's first event may be minutes away."""
    async with answer() as (written, counted, client):
        written.write(HEAD)
        assert counted.packets == []
        assert await received(client, len(HEAD)) == HEAD
        written.write(b"event")
        assert counted.packets == [HEAD, b"event"]


@pytest.mark.parametrize("size", [2**14, 2**14 + 1, 2**20])
async def test_large_bodies_are_not_copied(size: int) -> None:
    """Up to sixteen kilobytes are."""
    async with answer() as (written, counted, client):
        written.write(HEAD)
        written.write(b"x" * size)
        assert list(map(len, counted.packets)) == ([len(HEAD) + size] if size <= 2**14 else [len(HEAD), size])
        assert await received(client, len(HEAD) + size) == HEAD + b"x" * size


async def test_an_answer_without_a_body_is_sent_before_the_end() -> None:
    """As that to HEAD is, on a connection that ends with it."""
    async with answer() as (written, counted, client):
        written.write(HEAD)
        written.close()
        assert counted.packets == [HEAD]
        assert written.is_closing()
        assert await received(client, len(HEAD)) == HEAD
        assert await asyncio.get_running_loop().sock_recv(client, 1) == b""
