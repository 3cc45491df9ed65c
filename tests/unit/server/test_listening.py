"""Sockets that wait for clients."""

from __future__ import annotations

import asyncio
import socket

from quotaloom_server.listening import listen, taken


async def test_what_is_written_is_sent_at_once() -> None:
    """Also asyncio's own loop, which looks at the socket's protocol, lets no answer wait for the one before it."""
    at_once: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_once.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with taken("127.0.0.1", 0) as sockets:
        port = sockets[0].getsockname()[1]
        listen(sockets, "127.0.0.1", port)
        async with await asyncio.start_server(connected, sock=sockets[0]):
            _, client = await asyncio.open_connection("127.0.0.1", port)
            assert await at_once == 1
            client.close()
            await client.wait_closed()
