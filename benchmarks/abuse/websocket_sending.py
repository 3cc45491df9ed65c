"""How WebSockets are abused, frame by frame over bare sockets, and what is heard until they end."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks.abuse.sending import OPEN, RESET, SECONDS, TOKEN, connection, reset, send

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    final: bool = True,
    reserved: int = 0,
    masked: bool = True,
    length: int | None = None,
) -> bytes:
    """A frame of a client; `length` is what it says, where that is a lie."""
    said = len(payload) if length is None else length
    mask = 0x80 if masked else 0
    first = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    if said < 126:
        size = bytes([mask | said])
    elif said < 1 << 16:
        size = bytes([mask | 126]) + said.to_bytes(2, "big")
    else:
        size = bytes([mask | 127]) + said.to_bytes(8, "big")
    return first + size + (b"\0\0\0\0" if masked else b"") + payload  # a mask of zeros changes nothing


def message(**parts: Any) -> bytes:
    """A message of graphql-transport-ws."""
    return frame(TEXT, json.dumps(parts).encode())


def closing(code: int, reason: bytes = b"") -> bytes:
    """A frame that closes."""
    return frame(CLOSE, code.to_bytes(2, "big") + reason)


def handshake(
    *fields: str, method: str = "GET", target: str = "/graphql", protocol: str = "graphql-transport-ws"
) -> bytes:
    """The head with which a WebSocket begins; a field that is given takes the place of its like."""
    usual = ["Host: a", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    usual += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Authorization: Bearer <TOKEN>"]
    usual += [f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []
    names = {one.partition(":")[0].lower() for one in fields}
    kept = [one for one in usual if one.partition(":")[0].lower() not in names]
    said = [one for one in fields if one.partition(":")[2]]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *kept, *said, "", ""]).encode("latin-1")


@dataclass(frozen=True, slots=True)
class SocketAbuse:
    """What is sent once the handshake is answered, how often messages of each type must be heard, and the close code.

    How far a flood is heard before it is closed nobody can tell: None. `code` is the status of the answer to the
    handshake where that is refused. `leaves`: the client closes with 1000 once he has heard all that. `hangs_up`: he
    is gone with his last byte.
    """

    name: str
    sent: tuple[bytes | float, ...] = ()
    code: int = 4400
    heard: dict[str, int] | None = field(default_factory=dict)
    begun: bytes = field(default_factory=handshake)
    leaves: bool = False
    hangs_up: bool = False

    @property
    def expected(self) -> tuple[dict[str, int], object]:
        """What `socket_outcome` must come to."""
        return ({}, None) if self.hangs_up else (self.heard or {}, self.code)


async def socket_outcome(abuse: SocketAbuse, port: int, token: str) -> tuple[dict[str, int], object]:
    """How often messages of each type were heard, and the code with which the connection was closed."""
    heard: Counter[str] = Counter()
    async with connection(port) as (reader, writer):
        sending: asyncio.Future[None] | None = None
        try:
            async with asyncio.timeout(SECONDS):
                writer.write(abuse.begun.replace(TOKEN, token.encode()))
                if abuse.hangs_up:
                    await send(abuse.sent, writer, token)
                    reset(writer)
                    return {}, None
                status = int((await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1])
                if status != 101:
                    await reader.read()
                    return {}, status
                sending = asyncio.ensure_future(send(abuse.sent, writer, token))
                code = await _hear(reader, writer, heard, abuse)
                with suppress(ConnectionError):
                    await reader.read()  # until the end
        except TimeoutError:
            return dict(heard), OPEN
        except asyncio.IncompleteReadError:
            return dict(heard), "no code"
        except ConnectionError:
            return dict(heard), RESET
        finally:
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
    return ({} if abuse.heard is None else dict(heard)), code


async def _hear(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: Counter[str], abuse: SocketAbuse
) -> int:
    """Count messages until the server closes; its code."""
    while True:
        first, size = await reader.readexactly(2)
        if size > 125:
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
        payload = await reader.readexactly(size)
        if first & 15 == TEXT:
            heard[json.loads(payload)["type"]] += 1
            if abuse.leaves and heard == abuse.heard:
                writer.write(closing(1000))
        elif first & 15 == CLOSE:
            with suppress(ConnectionError):
                writer.write(frame(CLOSE, payload))
            return int.from_bytes(payload[:2], "big")
