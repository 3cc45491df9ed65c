"""WebSockets as strangers speak them: uvicorn's protocol, which ends each with an answer or a code, and takes turns.

A packet may hold tens of thousands of frames; they are looked at by and by, so that everybody else is served meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from sys import exception
from typing import Any, Final

import orjson
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import PayloadTooBig
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from quotaloom.platform.unbroken import to_the_end
from quotaloom_server.crowd import LATE_SECONDS
from quotaloom_server.framed import FRAMED
from quotaloom_server.front_config import FrontConfig
from quotaloom_server.greeted import GREETED
from quotaloom_server.lingering import LingeringTransport
from quotaloom_server.operations import refusal

AT_A_TIME: Final = 8_192
"""Bytes of frames that are looked at before others have their turn; the smallest frame has six."""


class _Protocol(ServerProtocol):
    """Says which limit it is, where a message is too large."""

    _limit = "message_bytes"

    def bound_to(self, limit: str, most: int) -> None:
        """Take messages of so many bytes from now on."""
        self._limit, self.max_message_size = limit, most

    def fail(self, code: int, reason: str = "") -> None:
        too_big = exception()
        if isinstance(too_big, PayloadTooBig):
            found = (too_big.size or 0) + (too_big.current_size or 0)
            reason = f"a message of {found} bytes; {self._limit} allows {self.max_message_size}"
        super().fail(code, reason)


class WebSocketFront(WebSocketsSansIOProtocol):
    """One WebSocket, from its handshake on."""

    def __init__(self, config: FrontConfig, **options: Any) -> None:
        super().__init__(config, **options)
        self._limits = config.limits
        self._crowd = config.crowd
        self._opened_at = 0.0
        self.conn = self._spoken = _Protocol(max_size=config.limits.message_bytes, logger=self.logger)
        if config.limits.greeting_bytes < config.limits.message_bytes:
            self._spoken.bound_to("greeting_bytes", config.limits.greeting_bytes)
        self._sending = asyncio.Lock()
        self._waiting = b""  # what was received and not looked at
        self._goes_on = False
        self._unread = False
        self._frames = 0
        self._since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection over from HTTP."""
        if isinstance(transport, LingeringTransport):
            transport.owner = self
            transport.is_unread = self._is_unread
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget about it."""
        self._crowd.unfinished.pop(self, None)
        super().connection_lost(exc)

    def handle_connect(self, event: Request) -> None:
        """Take the handshake; the application may say then that it knows who it is."""
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.scope["extensions"][GREETED] = self._greeted  # type: ignore[assignment]
            self.scope["extensions"][FRAMED] = self._send_framed  # type: ignore[assignment]

    def _greeted(self) -> None:
        self._spoken.bound_to("message_bytes", self._limits.message_bytes)
        self._crowd.unfinished.pop(self, None)

    def is_late(self, now: float) -> bool:
        """Whether it is open for a while, and its client has not said whose it is."""
        return now - self._opened_at >= LATE_SECONDS

    def leave(self) -> None:
        """End, since others need the place; the client may come again."""
        self.transport.is_unread = bool  # type: ignore[attr-defined]  # there is no room to linger
        if self.conn.state is not State.OPEN:
            self.transport.close()
            return
        most = self._limits.open_connections
        found = max(most + 1, len(self.connections) + len(self._crowd.lingering))
        self.conn.fail(CloseCode.TRY_AGAIN_LATER, f"{found} connections are open; open_connections allows {most}")
        self.handle_parser_exception()

    def data_received(self, data: bytes) -> None:
        """Take what comes: first the handshake, and nothing more until that is answered."""
        if self._waiting or (self.handshake_initiated and not self.handshake_complete):
            self._waiting += data
            return
        self._waiting = data[AT_A_TIME:] if self.handshake_complete else b""
        super().data_received(data[:AT_A_TIME] if self.handshake_complete else data)
        if not self.handshake_initiated:
            self._refuse_handshake()
        elif not self.handshake_complete:
            self.transport.pause_reading()
        self._keep_back()

    async def receive(self) -> Any:
        """The next message for the application."""
        message = await super().receive()
        self._keep_back()
        return message

    async def send(self, message: Any) -> None:
        """Send a message of the application, or its answer to the handshake."""
        was_complete = self.handshake_complete
        if message["type"] == "websocket.send":
            async with self._sending:
                await super().send(message)
        else:
            await super().send(message)
        if self.handshake_complete and not was_complete:
            self.transport.resume_reading()
            self._opened_at = self.loop.time()
            self._crowd.unfinished[self] = None
        self._keep_back()

    async def _send_framed(self, pieces: Sequence[bytes | bytearray]) -> None:
        """Send a text in pieces as one message of as many frames, with no other message among them.

        What is begun is sent whole, also where the caller is cancelled: nothing could follow half a message. Raises
        `ClientDisconnected` where the connection is closed.
        """
        if not await to_the_end(self._framed(pieces)):
            raise ClientDisconnected

    async def _framed(self, pieces: Sequence[bytes | bytearray]) -> bool:
        """Whether the pieces were sent; not where the connection is closed."""
        async with self._sending:
            for number, piece in enumerate(pieces, 1):
                await self.writable.wait()
                if self.disconnected or self.conn.state is not State.OPEN:
                    return False
                send = self.conn.send_text if number == 1 else self.conn.send_continuation
                send(piece, fin=number == len(pieces))
                self.transport.write(b"".join(self.conn.data_to_send()))
                await asyncio.sleep(0)
        return True

    def handle_events(self) -> None:
        """Look at what was received, unless it is too much."""
        if self.handshake_complete:
            now = self.loop.time()
            if now - self._since >= 1:
                self._since, self._frames = now, 0
            self._frames += len(self.conn.events)
            most = self._limits.socket_frames
            if self._frames > most and self.conn.state is State.OPEN:
                self.conn.events_received()  # forget them
                reason = f"{self._frames} frames within a second; socket_frames allows {most}"
                self.conn.fail(CloseCode.POLICY_VIOLATION, reason)
                self.handle_parser_exception()
        super().handle_events()

    def handle_cont(self, event: Frame) -> None:
        """Take a further piece of a message."""
        most = self._limits.message_frames
        if len(self.frames) >= most:
            if self.conn.state is State.OPEN:
                reason = f"a message in {most + 1} frames and more; message_frames allows {most}"
                self.conn.fail(CloseCode.MESSAGE_TOO_BIG, reason)
                self.handle_parser_exception()
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Hand on a message, unless it is broken: that is no fault of ours to log."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                if self.conn.state is State.OPEN:
                    self.conn.fail(CloseCode.INVALID_DATA, "invalid UTF-8")
                    self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Close with the code that says what is wrong."""
        self._unread = True
        self._waiting = b""
        super().handle_parser_exception()

    def _is_unread(self) -> bool:
        return self._unread

    def _refuse_handshake(self) -> None:
        """Answer a handshake that cannot be read: one with a body, or with too much in its head."""
        text = orjson.dumps(refusal("BAD_REQUEST", "this is no handshake of a WebSocket"))
        head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n"
        self._unread = True
        self.transport.write(f"{head}content-length: {len(text)}\r\n\r\n".encode() + text)
        self.transport.close()

    def _keep_back(self) -> None:
        """Read nothing more until what is waiting was looked at; go on with that once the application can take it."""
        if not self._waiting or self.read_paused or not self.handshake_complete:
            return
        self.transport.pause_reading()
        if not self._goes_on:
            self._goes_on = True
            self.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        self._goes_on = False
        if self.disconnected or self.transport.is_closing():
            self._waiting = b""
            return
        data, self._waiting = self._waiting[:AT_A_TIME], self._waiting[AT_A_TIME:]
        if not self._waiting:
            self.transport.resume_reading()  # before the application may be asked to take something
        super().data_received(data)
        self._keep_back()
