"""A client that costs next to nothing: requests are ready bytes, and of a response only its length is looked at."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import cast

HEAD_END = b"\r\n\r\n"
LAST_CHUNK = b"\r\n0\r\n\r\n"
SECONDS = 300.0
"""How long an answer may take."""


def post(path: str, body: bytes, token: str | None = None) -> bytes:
    """A POST of JSON, as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "host: localhost", "content-type: application/json"]
    lines += (
        [f"content-length: {len(body)}"]
        if token is None
        else [
            f"content-length: {len(body)}",
            f"authorization: Bearer {token}",
        ]
    )
    return "\r\n".join(lines).encode() + HEAD_END + body


def get(path: str) -> bytes:
    """A GET, as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nhost: localhost".encode() + HEAD_END


@dataclass(slots=True)
class Response:
    """A response as its bytes arrive."""

    pieces: list[bytes] = field(default_factory=list)
    size: int = 0
    expected: int | None = None
    chunked: bool = False
    head: bytes = b""

    def feed(self, data: bytes) -> None:
        """Take what has arrived; raises `ValueError` for a response whose end could not be known."""
        self.pieces.append(data)
        self.size += len(data)
        if not self.head:
            self._read_head()

    def _read_head(self) -> None:
        whole = b"".join(self.pieces)
        head, found, rest = whole.partition(HEAD_END)
        if not found:
            return
        self.head, self.pieces, self.size = head, [rest], len(rest)
        lines = [line.partition(b":") for line in head.lower().split(b"\r\n")[1:]]
        headers = {name.strip(): value.strip() for name, _, value in lines}
        self.chunked = headers.get(b"transfer-encoding") == b"chunked"
        if not self.chunked:
            if b"content-length" not in headers:
                raise ValueError("the response has neither a length nor chunks")
            self.expected = int(headers[b"content-length"])

    def is_complete(self) -> bool:
        """Whether all of it is there."""
        if not self.head:
            return False
        if self.chunked:
            tail = self.pieces[-1] if len(self.pieces[-1]) >= len(LAST_CHUNK) else b"".join(self.pieces[-8:])
            return tail.endswith(LAST_CHUNK)
        return self.size == self.expected

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.head.split(b" ", 2)[1])

    @property
    def body(self) -> bytes:
        """What it says."""
        whole = b"".join(self.pieces)
        return _unchunked(whole) if self.chunked else whole


def _unchunked(data: bytes) -> bytes:
    pieces, at = list[bytes](), 0
    while True:
        end = data.index(b"\r\n", at)
        size = int(data[at:end].partition(b";")[0], 16)
        if size == 0:
            return b"".join(pieces)
        pieces.append(data[end + 2 : end + 2 + size])
        at = end + 2 + size + 2


class Connection(asyncio.Protocol):
    """A connection that is kept, for one request at a time."""

    def __init__(self) -> None:
        self._response = Response()
        self._done: asyncio.Future[Response] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to a server of this machine."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    async def ask(self, request: bytes) -> Response:
        """The response to a request; raises `ConnectionError` where the server hangs up."""
        assert self._transport is not None
        self._response = Response()
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await asyncio.wait_for(self._done, SECONDS)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._done is None or self._done.done():
            return
        try:
            self._response.feed(data)
        except ValueError as error:
            self._done.set_exception(error)
            return
        if self._response.is_complete():
            self._done.set_result(self._response)

    def connection_lost(self, error: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(error or ConnectionError("the server hung up"))
