"""How abuses are sent, byte by byte over bare sockets, and what becomes of their connections."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

SECONDS: Final = 20.0
"""How long the end of an abuse is waited for."""

TOKEN: Final = b"<TOKEN>"
"""Stands in an abuse for the token of a company's admin."""

GOOD: Final = (
    b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n"
    b'{"query":"{__typename}"}'
)

RESET: Final = "reset"
"""What became of a connection that the server tore."""

OPEN: Final = "still open"
"""What became of one on which nothing came."""


@dataclass(frozen=True, slots=True)
class Abuse:
    """What is sent, in pieces with pauses of so many seconds between them, and the statuses that must come back.

    `ends`: the server closes the connection after the last of them; otherwise a good request is sent then, which must
    be answered, too. `hangs_up`: the client leaves with his last byte, for which no answer is due.
    """

    name: str
    sent: bytes | tuple[bytes | float, ...]
    statuses: tuple[int, ...] = (400,)
    ends: bool = True
    hangs_up: bool = False

    @property
    def pieces(self) -> tuple[bytes | float, ...]:
        """The pieces and pauses."""
        return self.sent if isinstance(self.sent, tuple) else (self.sent,)

    @property
    def expected(self) -> tuple[object, ...]:
        """What `outcome` must come to."""
        if self.hangs_up:
            return ()
        return (*self.statuses, "ends") if self.ends else (*self.statuses, 200)

    @property
    def is_slow(self) -> bool:
        """Whether it takes seconds."""
        return any(isinstance(piece, float) for piece in self.pieces)


async def outcome(abuse: Abuse, port: int, token: str) -> tuple[object, ...]:
    """The statuses that an abuse is answered with, and how its connection ended."""
    async with connection(port) as (reader, writer):
        answers = Answers(reader, bodiless=_head_alone(abuse))
        sending = asyncio.ensure_future(send(abuse.pieces, writer, token))
        try:
            if abuse.hangs_up:
                await sending
                reset(writer)
                return ()
            await answers.wait_for(len(abuse.statuses))
            if abuse.ends:
                await answers.wait_for(None)
                return (*answers.statuses, "ends")
            writer.write(GOOD)
            return await answers.wait_for(len(abuse.statuses) + 1)
        except TimeoutError:
            return (*answers.statuses, OPEN)
        except ConnectionError:
            return (*answers.statuses, RESET)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


def _head_alone(abuse: Abuse) -> bool:
    first = abuse.pieces[0]
    return isinstance(first, bytes) and first.startswith(b"HEAD ")


async def send(pieces: Sequence[bytes | float], writer: asyncio.StreamWriter, token: str) -> None:
    """Send the pieces, as far as they are taken: what an answer leaves unread need not be."""
    with suppress(ConnectionError):
        for piece in pieces:
            if isinstance(piece, bytes):
                writer.write(piece.replace(TOKEN, token.encode()))
                await writer.drain()
            else:
                await asyncio.sleep(piece)


class Answers:
    """What comes back on a connection; `bodiless`, if the first answer has no body."""

    def __init__(self, reader: asyncio.StreamReader, *, bodiless: bool) -> None:
        self._reader = reader
        self._bodiless = bodiless
        self._received = b""

    @property
    def statuses(self) -> tuple[object, ...]:
        """The statuses of the whole answers so far."""
        return statuses_in(self._received, bodiless=self._bodiless)

    async def wait_for(self, count: int | None) -> tuple[object, ...]:
        """So many of them, or all until the end; fewer where that comes before."""
        async with asyncio.timeout(SECONDS):
            while count is None or len(self.statuses) < count:
                more = await self._reader.read(65_536)
                if not more:
                    break
                self._received += more
        return self.statuses


def reset(writer: asyncio.StreamWriter) -> None:
    """Hang up as a machine does that crashes."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def is_well(port: int) -> bool:
    """Whether the server answers a good request on another connection."""
    async with connection(port) as (reader, writer):
        writer.write(GOOD)
        return await Answers(reader, bodiless=False).wait_for(1) == (200,)


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection to a server of this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def statuses_in(received: bytes, *, bodiless: bool = False) -> tuple[object, ...]:
    """The statuses of the whole answers that were received one after the other; `bodiless`, if the first has no body.

    The server's answers all tell their length, or come in chunks.
    """
    found: list[object] = []
    while received:
        head, end, rest = received.partition(b"\r\n\r\n")
        if not end:
            break
        status = int(head.split(b" ", 2)[1])
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = 0
        if not (status < 200 or status in {204, 304} or (bodiless and not found)):
            length = _length(fields, rest)
        if length < 0 or len(rest) < length:
            break
        found.append(status)
        received = rest[length:]
    return tuple(found)


def _length(fields: dict[bytes, bytes], rest: bytes) -> int:
    """How many bytes an answer has after its head; -1 while its last chunk is missing."""
    if b"content-length" in fields:
        return int(fields[b"content-length"])
    at = 0
    while True:
        end = rest.find(b"\r\n", at)
        if end < 0:
            return -1
        size = int(rest[at:end], 16)
        at = end + 2 + size + 2
        if size == 0:
            return at
