"""Connections that end, whatever their clients do."""

from __future__ import annotations

import asyncio
import socket

from quotaloom_server.lingering import LingeringTransport


class Told(asyncio.Protocol):
    """A protocol that knows when its connection is lost."""

    def __init__(self) -> None:
        self.transport: LingeringTransport | None = None
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection, whose client has a moment."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = LingeringTransport(transport, self, 0.1, {})

    def connection_lost(self, exc: Exception | None) -> None:
        """It is lost."""
        self.lost.set()


async def test_whoever_takes_nothing_is_hung_up_on() -> None:
    """Whether his answer is still to be written on or is complete: no connection waits for ever for such a client."""
    for ends in (True, False):
        ours, client = socket.socketpair()
        with client:
            _, told = await asyncio.get_running_loop().connect_accepted_socket(Told, ours)
            assert told.transport is not None
            told.transport.write(b"x" * 10_000_000)
            if ends:
                told.transport.close()
            else:
                told.transport.wait_for_client()
            await asyncio.wait_for(told.lost.wait(), 10)


async def test_whoever_takes_his_time_is_waited_for() -> None:
    """A client who takes a little now and then gets all of it, however long that takes."""
    ours, client = socket.socketpair()
    client.setblocking(False)
    with client:
        loop = asyncio.get_running_loop()
        _, told = await loop.connect_accepted_socket(Told, ours)
        assert told.transport is not None
        told.transport.write(b"x" * 4_000_000)
        told.transport.close()
        taken = 0
        while some := await loop.sock_recv(client, 500_000):
            taken += len(some)
            await asyncio.sleep(0.02)
        assert taken == 4_000_000
