"""A long message over a WebSocket whose sender is cancelled in its middle."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import uvicorn
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from quotaloom.platform.limits import Limits
from quotaloom_server.framed import send_text
from quotaloom_server.front_config import FrontConfig
from quotaloom_server.http_front import HTTPFront
from quotaloom_server.pieces import Pieces
from quotaloom_server.websocket_front import WebSocketFront

SECONDS: Final = 20.0

PIECES: Final[Pieces] = [bytes([65 + number]) * 100_000 for number in range(20)]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Begin to send the pieces, break that off, and send something short."""
    socket = WebSocket(scope, receive, send)
    await socket.accept()
    sending = asyncio.create_task(send_text(socket, PIECES))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert sending.cancelled()
    await socket.send_text("short")
    await socket.receive()


async def test_a_message_that_is_begun_is_sent_whole() -> None:
    """Half a message would leave its WebSocket good for nothing; the next one comes behind it."""
    config = FrontConfig(Limits(), application, http=HTTPFront, ws=WebSocketFront, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    config.port = 0
    await server.startup()
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        async with asyncio.timeout(SECONDS), connect(f"ws://127.0.0.1:{port}/", max_size=None, proxy=None) as client:
            assert await client.recv() == b"".join(PIECES).decode()
            assert await client.recv() == "short"
    finally:
        await server.shutdown()
