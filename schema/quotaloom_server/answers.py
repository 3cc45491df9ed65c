"""What is sent back: JSON and files, compressed where the client asks for it, and nobody else kept waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from io import BytesIO
from typing import Any, BinaryIO, Final

from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from quotaloom.platform.limits import LimitExceeded
from quotaloom_server.compression import LEAST, Compression, encoding_for
from quotaloom_server.cycles import WHOLE
from quotaloom_server.media_types import EVENTS, JSON, RESPONSE
from quotaloom_server.pieces import Fragments, Pieces, dumped_at_once, dumped_in_turns, dumps

_CHUNK: Final = 2**18

_VARY: Final = (b"vary", b"accept, accept-encoding")

_FRAMES: Final[dict[str, tuple[bytes, bytes]]] = {
    JSON: (b"", b""),
    RESPONSE: (b"", b""),
    EVENTS: (b"event: next\ndata: ", b"\n\nevent: complete\ndata: \n\n"),
}
"""What stands before and after the JSON of an answer; a single result as events is one and its end."""


class JSONAnswer:
    """An answer of any size, as an ASGI application; it is written when it is sent, and sent once.

    `early` wrote what of it was written before.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | list[Any],
        media_type: str = JSON,
        status_code: int = 200,
        headers: Iterable[tuple[bytes, bytes]] = (),
        most_bytes: int | None = None,
        early: Fragments | None = None,
    ) -> None:
        self._data: list[Any] = [data]
        self._early = early
        self._most_bytes = most_bytes
        self._media_type = media_type
        self._headers = headers
        self.status_code = status_code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write it and send it."""
        before, after = _FRAMES[self._media_type]
        pieces = await self._written()
        if before:
            pieces = [before, *pieces, after]
        headers = [(b"content-type", self._media_type.encode()), _VARY, *self._headers]
        size = sum(map(len, pieces))
        encoding = encoding_for(_accepted(scope)) if size >= LEAST else None
        if encoding is not None:
            pieces = await _all_compressed(pieces, encoding)
            size = sum(map(len, pieces))
            headers.append((b"content-encoding", encoding.encode()))
        headers.append((b"content-length", b"%d" % size))
        start: Message = {"type": "http.response.start", "status": self.status_code, "headers": headers}
        last = pieces.pop()
        if not pieces and WHOLE in scope.get("extensions", ()):
            await send({**start, WHOLE: bytes(last)})
            return
        await send(start)
        for piece in pieces:
            await send({"type": "http.response.body", "body": bytes(piece), "more_body": True})
        await send({"type": "http.response.body", "body": bytes(last)})

    async def _written(self) -> Pieces:
        data = self._data.pop()
        several = len(data) if isinstance(data, list) else None
        try:
            text = dumped_at_once(data, self._most_bytes, self._early)
            if text is not None:
                return [text]
            writing = dumped_in_turns(data, self._most_bytes, self._early)
            del data  # it is let go in pieces
            return await writing
        except LimitExceeded as error:
            told = too_large(error)
            return [dumps(told if several is None else [told] * several)]


def too_large(error: LimitExceeded) -> dict[str, Any]:
    """What is told in place of an answer, or of a message, that has too many bytes."""
    return {"data": None, "errors": [{"message": str(error), "extensions": error.extensions}]}


def _accepted(scope: Scope) -> str | None:
    """The Accept-Encoding header, or None."""
    found: bytes | None = dict(scope["headers"]).get(b"accept-encoding")
    return None if found is None else found.decode("latin-1")


async def _all_compressed(pieces: Pieces, encoding: str) -> Pieces:
    stream = Compression(encoding)
    ready = [await stream.add(piece) for piece in pieces]
    return [*filter(None, ready), stream.end()]


def file_answer(
    content: bytes | BinaryIO, media_type: str, headers: Mapping[str, str], accepted: str | None
) -> Response:
    """An answer with a file, which is closed once it is sent; texts are compressed as `accepted` says.

    Spreadsheets and PDF are compressed as they are.
    """
    told = dict(headers)
    encoding = None
    if media_type.startswith("text/"):
        encoding, told["vary"] = encoding_for(accepted), "accept-encoding"
    if encoding is not None:
        told["content-encoding"] = encoding
        return StreamingResponse(_compressed(_chunks(content), encoding), media_type=media_type, headers=told)
    if isinstance(content, bytes):
        return Response(content, media_type=media_type, headers=told)
    return StreamingResponse(_chunks(content), media_type=media_type, headers=told)


async def _chunks(content: bytes | BinaryIO) -> AsyncIterator[bytes]:
    with BytesIO(content) if isinstance(content, bytes) else content as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


async def _compressed(pieces: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    stream = Compression(encoding)
    async for piece in pieces:
        yield await stream.add(piece)
    yield stream.end()
