"""Connections that end while their client still sends.

A socket that is closed with bytes in it that nobody has read is reset, and the client may lose the answer that was sent
before. So such a connection is closed on our side alone, and what still comes is thrown away for a few seconds.

A client who takes nothing of what is sent to him would never be rid of either: he is hung up on after a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from quotaloom_server.crowd import LATE_SECONDS, Guest

LINGER_SECONDS: Final = 3.0
"""How long a client may take to read that he was refused."""


_JOINED: Final = 2**14
"""So many bytes of a body are copied for the sake of one packet instead of two."""


class LingeringTransport(asyncio.Transport):
    """A transport that lingers when it is closed, where `is_unread` says that there may be more to come.

    `owner` is the protocol that is told of the end, at once. A client who is waited for has `patience` seconds. While
    it lingers, the connection is among the `lingering`.
    """

    def __init__(
        self, transport: asyncio.Transport, owner: asyncio.Protocol, patience: float, lingering: dict[Guest, None]
    ) -> None:
        super().__init__()
        self._lingering = lingering
        self.owner = owner
        self._patience = patience
        self._waiting: _Waiting | None = None
        self.is_unread: Callable[[], bool] = bool  # there is nothing to come
        self._transport = transport
        self._lingers = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send something, unless the client is gone: uvloop would raise an error that nobody waits for."""
        if not (self._lingers or self._transport.is_closing()):
            self._transport.write(data)

    def close(self) -> None:
        """Send what is written, and end."""
        if self.is_closing():
            return
        if not self.is_unread() or not self._transport.can_write_eof():
            self._transport.close()
            self.wait_for_client()
            return
        self._lingers = True
        self._transport.write_eof()
        self._transport.set_protocol(_Deaf(self._transport, self._lingering))
        self._transport.resume_reading()
        asyncio.get_running_loop().call_soon(self.owner.connection_lost, None)

    def wait_for_client(self) -> None:
        """Hang up on a client who takes nothing of what is sent to him from now on."""
        self.wait_no_more()
        self._waiting = _Waiting(self._transport, self._patience)

    def wait_no_more(self) -> None:
        """He has taken enough."""
        if self._waiting is not None:
            self._waiting.end()
            self._waiting = None

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._lingers or self._transport.is_closing()

    def get_write_buffer_size(self) -> int:
        """How many bytes the client has not taken yet."""
        return self._transport.get_write_buffer_size()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let another protocol have what comes."""
        if not self._lingers:
            self._transport.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol that has what comes."""
        return self._transport.get_protocol()

    def pause_reading(self) -> None:
        """Take nothing more for now."""
        if not self.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take what comes again."""
        if not self.is_closing():
            self._transport.resume_reading()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known of the socket."""
        return self._transport.get_extra_info(name, default)


def written_together(transport: asyncio.Transport, head: bytes, body: bytes) -> None:
    """Write the head of an answer and what follows it, in one packet unless the copy would cost more than that."""
    if len(body) > _JOINED:
        transport.write(head)
        transport.write(body)
    else:
        transport.write(head + body)


class AnswerTransport:
    """What one answer is written to in parts: its head goes out with what comes first of its body, in one packet.

    Where nothing of that comes at once the head goes out by itself.
    """

    __slots__ = ("_begun", "_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._begun = False
        self._head = b""

    def write(self, data: bytes) -> None:
        """Send a part of the answer, of which the head is the first."""
        if self._head:
            head, self._head = self._head, b""
            written_together(self._transport, head, data)
        elif self._begun:
            self._transport.write(data)
        else:
            self._begun, self._head = True, data
            asyncio.get_running_loop().call_soon(self._send_head)

    def _send_head(self) -> None:
        head, self._head = self._head, b""
        if head:
            self._transport.write(head)

    def close(self) -> None:
        """Send what is written, and end."""
        self._send_head()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._transport.is_closing()


class _Deaf(asyncio.Protocol):
    """Waits until the client has hung up, or for so long."""

    def __init__(self, transport: asyncio.Transport, lingering: dict[Guest, None]) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(LINGER_SECONDS, transport.abort)
        self._late_from = loop.time() + LATE_SECONDS
        self._transport = transport
        self._lingering = lingering
        lingering[self] = None

    def leave(self) -> None:
        self._transport.abort()

    def is_late(self, now: float) -> bool:
        return now >= self._late_from

    def connection_lost(self, _: Exception | None) -> None:
        self._timer.cancel()
        self._lingering.pop(self, None)


class _Waiting:
    """Looks now and then at what a client has not taken yet, while nothing is added to it."""

    def __init__(self, transport: asyncio.Transport, patience: float) -> None:
        self._transport = transport
        self._patience = patience
        self._left = transport.get_write_buffer_size()
        self._look_later()

    def end(self) -> None:
        self._timer.cancel()

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._patience, self._look)

    def _look(self) -> None:
        left, self._left = self._left, self._transport.get_write_buffer_size()
        if self._left and self._left >= left:
            self._transport.abort()
        elif self._left:
            self._look_later()
