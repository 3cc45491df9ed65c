"""One request and its answer, as uvicorn has them; an answer that is there as a whole is written in one go."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from quotaloom_server.lingering import AnswerTransport, written_together

WHOLE: Final = "quotaloom.whole"
"""An extension of ASGI: where it is in the scope of a request, `http.response.start` may hold under this name the whole
body. Then no message follows, and the headers tell its length."""

EXTENSIONS: Final[dict[str, dict[str, Any]]] = {WHOLE: {}}
"""What the scope of each request that is answered by a `Cycle` has as its extensions."""

MOST_TARGETS: Final = 64


class Cycle(RequestResponseCycle):
    """A request, and what answers it: each part as it comes, or all at once."""

    async def send(self, message: Any) -> None:
        """Send a part of the answer, or the whole."""
        body: bytes | None = message.get(WHOLE)
        if body is None:
            self._begin_in_parts()
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_started:
            raise RuntimeError("an answer has begun already")
        self._send_whole(message["status"], message["headers"], body)

    def _begin_in_parts(self) -> None:
        """Have the head wait for what follows it; that of an answer to HEAD is all of it.

        What is sent to a client who has hung up begins nothing, however many parts it has.
        """
        begins = not (self.response_started or self.disconnected or self.scope["method"] == "HEAD")
        transport: object = self.transport
        if begins and not isinstance(transport, AnswerTransport):
            self.transport = AnswerTransport(self.transport)  # type: ignore[assignment]  # all that is asked of it

    def _send_whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        lines = [STATUS_LINE[status]]
        for name, value in (*self.default_headers, *headers):
            if name == b"connection" and value == b"close":
                self.keep_alive = False
            else:
                lines.append(b"%b: %b\r\n" % (name, value))
        lines.append(b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n")
        head = b"".join(lines)
        if not head.count(b"\r") == head.count(b"\n") == len(lines) + (not self.keep_alive):
            raise RuntimeError("a field of an answer's head holds the end of a line")
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        written_together(self.transport, head, body)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


@lru_cache(maxsize=MOST_TARGETS)
def target_of(url: bytes) -> tuple[str, bytes, bytes]:
    """The path that a request is for, as it came, and its query; raises `HttpParserError` where it is for none."""
    parsed = httptools.parse_url(url)
    raw: bytes = parsed.path
    path = raw.decode("ascii")
    return unquote(path) if "%" in path else path, raw, parsed.query or b""
