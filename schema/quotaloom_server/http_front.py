"""HTTP/1.1 as strangers speak it: uvicorn's protocol with bounds, and with an answer to whatever is no request.

Heads are bounded in bytes and fields, bodies in the chunks that they come in, requests in the time that they may take
to arrive, and those that wait for each other on a connection in number. What is refused is answered in its turn, after
the requests before it.

An honest request comes in one packet or two: nothing is counted by the field there that the packet's length bounds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import copy_context
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, NoReturn

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from quotaloom.platform.limits import LimitExceeded, Limits
from quotaloom.platform.unbroken import Breakable
from quotaloom_server.bodies import beyond_body
from quotaloom_server.crowd import LATE_SECONDS, SLOW, Place
from quotaloom_server.cycles import EXTENSIONS, Cycle, target_of
from quotaloom_server.front_config import FrontConfig
from quotaloom_server.head_fields import ONCE, joined
from quotaloom_server.lingering import LingeringTransport
from quotaloom_server.old_http import without_chunks
from quotaloom_server.operations import beyond, refusal

CHUNK_FRAMING: Final = 64
"""Bytes that a chunk may have besides what is in it, on an average: its size, its line ends and what extends them."""


ALWAYS_TOLD: Final = (b"/alive", b"/health")
"""What is answered also where there are too many connections."""


class _Refused(Exception):
    """Ends the parser's work; why is kept."""


@dataclass(eq=False, slots=True)
class _Running:
    """A request that is being answered, as uvicorn cancels those that take too long when the server ends."""

    task: Breakable

    def cancel(self, msg: object = None) -> bool:
        return self.task.break_off(msg)


class HTTPFront(HttpToolsProtocol):
    """One connection, until it becomes a WebSocket."""

    def __init__(self, config: FrontConfig, **options: Any) -> None:
        super().__init__(config, **options)
        self._limits = config.limits
        self._crowd = config.crowd
        self._is_spare = False  # one that is let in to be told that there are too many
        self._why: bytes | None = None  # the refusal of what came last
        self._last_words: bytes | None = None  # said after the answers that are still to come
        self._deaf = False
        self._look_seconds = min(self._limits.head_seconds, self._limits.request_seconds)
        self._in_head = self._in_body = False
        self._length = 0  # of the packet that is looked at
        self._received = 0  # of a head from its second packet on, or of a body from its first one on
        self._trailers = self._trailer_bytes = self._chunks = 0
        self._begun: float | None = None
        self._idle_since = 0.0
        self._running: RequestResponseCycle | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._context = copy_context()  # the request before may be what has us begin with the next: it leaves nothing

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        lingering = LingeringTransport(transport, self, self._limits.request_seconds, self._crowd.lingering)
        lingering.is_unread = self._is_unread
        place = self._crowd.place(len(self.connections), self.loop.time())
        super().connection_made(lingering)
        if place is Place.NONE:
            lingering.is_unread = bool  # there is no room to linger
            self._refuse(self._crowded())
            return
        self._is_spare = place is Place.SPARE
        self._crowd.idle[self] = None
        self._begun = self._idle_since = self.loop.time()
        self._patience = self.loop.call_later(self._look_seconds, self._look_at_the_time)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget about it."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        self._unset_keepalive_if_required()
        self._crowd.idle.pop(self, None)
        self._crowd.unfinished.pop(self, None)
        running, self._running = self._running, None
        if running is not None:  # uvicorn tells the last request alone
            running.disconnected = True
            running.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what comes, until something is no request."""
        if self._deaf:
            return
        was_in_head, self._length = self._in_head, len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._refuse(self._why or _said(HTTPStatus.BAD_REQUEST, refusal("BAD_REQUEST", "this is no HTTP request")))
            return
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
            cycle: RequestResponseCycle | None = self.cycle
            if self._should_upgrade() and cycle is not None and not cycle.response_complete:
                text = "a WebSocket begins where no other request waits for its answer"
                self._refuse(_said(HTTPStatus.BAD_REQUEST, refusal("BAD_REQUEST", text)))
            elif self._should_upgrade():
                self.handle_websocket_upgrade()
                self.transport.get_protocol().data_received(rest)  # type: ignore[attr-defined]
            else:
                self._ignore_upgrade(rest)
            return
        if self._in_head or self._in_body:
            self._wait_for_the_rest(is_first=not was_in_head)

    def _wait_for_the_rest(self, *, is_first: bool) -> None:
        """Count what has come of a request that is not all there."""
        limits = self._limits
        if self._begun is None:
            self._begun = self.loop.time()
        self._crowd.unfinished.setdefault(self)
        if self._in_body:
            self._received += self._length
            most = limits.body_bytes + CHUNK_FRAMING * limits.body_chunks
            if self._received > most:
                self._refuse(_content_too_large(beyond_body(limits.body_bytes, self._received)))
        elif not is_first:
            # A field is told of once it is whole, so that one which never ends is counted by what comes of it.
            self._received += self._length
            if self._received > limits.head_bytes:
                self._refuse(_head_too_large("head_bytes", "bytes", limits, self._received))

    def _should_upgrade(self) -> bool:
        return self.parser.get_http_version() == "1.1" and super()._should_upgrade()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        self._unset_keepalive_if_required()
        self._crowd.idle.pop(self, None)
        self._crowd.unfinished.pop(self, None)
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """Send nothing more until the client has taken some of it."""
        super().pause_writing()
        self.transport.wait_for_client()  # type: ignore[attr-defined]

    def resume_writing(self) -> None:
        """Go on sending."""
        super().resume_writing()
        self.transport.wait_no_more()  # type: ignore[attr-defined]

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._crowd.idle.pop(self, None)
        self._in_head = True
        self._received = self._trailers = self._trailer_bytes = self._chunks = 0
        self._begun = None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of its head; those that come after the body are for nobody."""
        if not self._in_head:
            self._count_trailer(len(name) + len(value) + 4)
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))
        if len(self.headers) > self._limits.head_fields:
            self._why = _head_too_large("head_fields", "fields", self._limits, len(self.headers))
            raise _Refused

    def _count_trailer(self, size: int) -> None:
        self._trailers += 1
        self._trailer_bytes += size
        limits = self._limits
        if len(self.headers) + self._trailers > limits.head_fields:
            self._why = _head_too_large("head_fields", "fields", limits, len(self.headers) + self._trailers)
            raise _Refused
        if self._trailer_bytes > limits.head_bytes:
            self._why = _head_too_large("head_bytes", "bytes", limits, self._trailer_bytes)
            raise _Refused

    def on_chunk_header(self) -> None:
        """Count the chunks of a body: a million that hold a byte each would be a day's work for nothing."""
        self._chunks += 1
        most = self._limits.body_chunks
        if self._chunks > most:
            text = f"the body comes in more than {most:,} chunks, the most that are allowed; send larger ones"
            error = LimitExceeded("TOO_MANY_CHUNKS", "body_chunks", most, self._chunks, text)
            self._why = _content_too_large(error)
            raise _Refused

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._in_head = False
        if self._received + self._length > self._limits.head_bytes:
            self._require_small_head()
        self._received = 0
        version = self.parser.get_http_version()
        if version != "1.1" and version != "1.0":
            self._why = _said(HTTPStatus.BAD_REQUEST, refusal("BAD_REQUEST", "HTTP/1.1 is spoken here"))
            raise _Refused
        names = [name for name, _ in self.headers]
        if len(set(names)) < len(names):  # hardly anybody sends a field twice
            self._require_once(names)
            self.headers[:] = joined(self.headers)
        if version == "1.1" and b"host" not in names:
            self._refuse_head("a request has one `Host`")
        if b"transfer-encoding" in names:
            self._require_chunks_alone()
        most = self._limits.waiting_requests
        if len(self.pipeline) >= most:
            text = f"{most + 1:,} requests wait for their answers on this connection; {most:,} at the most are allowed"
            error = LimitExceeded("TOO_MANY_REQUESTS", "waiting_requests", most, most + 1, text)
            self._why = _said(HTTPStatus.TOO_MANY_REQUESTS, beyond(error))
            raise _Refused
        if self._is_spare and self.url.partition(b"?")[0] not in ALWAYS_TOLD:
            self._why = self._crowded()
            raise _Refused
        if self._is_ignored_upgrade():
            return
        self._begin_cycle(version)
        self._in_body = True

    def _begin_cycle(self, version: str) -> None:
        """Begin to answer what the head asks for, in its turn, unless that is a WebSocket."""
        scope: Any = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        if version != "1.1":
            scope["http_version"] = version
        if self.parser.should_upgrade() and self._should_upgrade():
            return
        path, raw_path, scope["query_string"] = target_of(self.url)
        scope["path"], scope["raw_path"] = self.root_path + path, self.root_path.encode("ascii") + raw_path
        if scope["method"] != "HEAD":
            scope["extensions"] = EXTENSIONS
        before: RequestResponseCycle | None = self.cycle
        cycle = self.cycle = Cycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version == "1.1" and self.parser.should_keep_alive() and not self._is_spare,
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_message_complete(self) -> None:
        """All of it is there."""
        if self._is_ignored_upgrade():
            return
        super().on_message_complete()
        self._in_body = False
        self._begun = None
        self._crowd.unfinished.pop(self, None)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and cycle.response_complete and not self.pipeline:
            self._rest()

    def on_response_complete(self) -> None:
        """Go on with what comes next, or say the last words."""
        self.server_state.total_requests += 1
        is_closing = self.transport.is_closing()
        if not is_closing:
            self.flow.resume_reading()
        if self.pipeline:
            if not is_closing:
                self._start_asgi_task(*self.pipeline.pop())
            return
        if self._last_words is not None:
            self._say(self._last_words)
        self._rest()

    def _rest(self) -> None:
        """Be idle, where all is answered and nothing more has come."""
        if self._in_head or self._in_body or self._deaf or self.transport.is_closing():
            return
        self._crowd.idle[self] = None
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._await_end_of_idleness(self.timeout_keep_alive)

    def _await_end_of_idleness(self, seconds: float) -> None:
        """Look in so many seconds whether to hang up: most often more has come by then, and no timer was needed."""
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self._look_whether_idle)

    def _look_whether_idle(self) -> None:
        self.timeout_keep_alive_task = None
        if self not in self._crowd.idle:
            return  # `_rest` sees to the next time
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left <= 0:
            self.transport.close()
        else:
            self._await_end_of_idleness(left)

    def leave(self) -> None:
        """End, since others need the place; whoever has begun with a request is told so."""
        if not self.transport.get_write_buffer_size():
            self.connections.discard(self)  # who comes in the same moment finds his place free
        self.transport.is_unread = bool  # type: ignore[attr-defined]  # there is no room to linger
        if self._in_head or self._in_body:
            self._refuse(self._crowded())
        self.transport.close()

    def is_late(self, now: float) -> bool:
        """Whether it has been idle for a while, or a request does not come as an honest client sends it.

        Whoever still waits for an answer is not late, nor is he whom we keep waiting.
        """
        if self in self._crowd.idle:
            return now - self._idle_since >= LATE_SECONDS
        begun = self._begun
        cycle: RequestResponseCycle | None = self.cycle
        if begun is None or now - begun < LATE_SECONDS or self._deaf or self.pipeline or self.flow.read_paused:
            return False
        is_over = cycle is None or cycle.response_complete
        if self._in_head:
            return is_over
        is_answering = cycle is not None and cycle.response_started and not is_over
        return not is_answering and self._received < SLOW * (now - begun)

    def _require_once(self, names: Sequence[bytes]) -> None:
        """Refuse a field that comes twice and may come once: its readers would not agree on which one counts."""
        for name in names:
            if name in ONCE and names.count(name) > 1:
                self._refuse_head(f"a request has one `{name.decode().title()}`")

    def _require_chunks_alone(self) -> None:
        """Refuse a body that is compressed in its chunks, say: it would be taken for what it is not."""
        codings = b",".join(value for name, value in self.headers if name == b"transfer-encoding")
        if codings.strip().lower() != b"chunked":
            self._refuse_head("a body comes as it is or in chunks: `Transfer-Encoding` is `chunked`, and nothing else")

    def _refuse_head(self, text: str) -> NoReturn:
        self._why = _said(HTTPStatus.BAD_REQUEST, refusal("BAD_REQUEST", text))
        raise _Refused

    def _crowded(self) -> bytes:
        most = self._limits.open_connections
        found = max(most + 1, len(self.connections) + len(self._crowd.lingering))  # some may have left meanwhile
        text = f"{found:,} connections are open, and this process takes {most:,} at the most; come again in a moment"
        error = LimitExceeded("TOO_MANY_CONNECTIONS", "open_connections", most, found, text)
        return _said(HTTPStatus.SERVICE_UNAVAILABLE, beyond(error), "retry-after: 1\r\n")

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        if cycle.scope["http_version"] == "1.0":
            app = without_chunks(app, cycle)
        running = _Running(Breakable(cycle.run_asgi(app), loop=self.loop, context=self._context.copy()))
        self.tasks.add(running)  # type: ignore[arg-type]  # uvicorn cancels what is in there, and no more
        running.task.add_done_callback(lambda _: self.tasks.discard(running))

    def _is_ignored_upgrade(self) -> bool:
        return bool(self.parser.should_upgrade()) and not self._should_upgrade()

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Take a request as if it asked for no other protocol, as Java's client does: its parser gives up the body."""
        if self.parser.get_method() == b"CONNECT":
            self._refuse(_said(HTTPStatus.BAD_REQUEST, refusal("BAD_REQUEST", "this is no proxy")))
            return
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b" % (name, value) for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.data_received(b"\r\n".join([*lines, b"", b""]) + rest)

    def _require_small_head(self) -> None:
        """Measure a head that came with more than it may have, be it of its own or of what follows it."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self._limits.head_bytes:
            self._why = _head_too_large("head_bytes", "bytes", self._limits, size)
            raise _Refused

    def _refuse(self, answer: bytes) -> None:
        """Say why nothing more is taken, as soon as it is this request's turn."""
        self._deaf = True
        self._crowd.unfinished.pop(self, None)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or not self._in_body:
            if cycle is None or cycle.response_complete:
                self._say(answer)
            else:
                self._last_words = answer
        elif self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()
            self._last_words = answer
        elif cycle.response_started:
            cycle.keep_alive = False
            if cycle.response_complete:
                self.transport.close()
        else:
            self._say(answer)
            cycle.disconnected = True
            cycle.message_event.set()

    def _say(self, answer: bytes) -> None:
        self._last_words = None
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()

    def _is_unread(self) -> bool:
        return self._deaf or self._in_head or self._in_body

    def _look_at_the_time(self) -> None:
        """Give a client up who takes too long to send a request."""
        now, (limit, patience) = self.loop.time(), self._patience_with_it()
        if self.flow.read_paused and self._begun is not None:
            self._begun = now  # it is we who keep him waiting
        if self._begun is not None and not self._deaf and now - self._begun >= patience - 0.001:
            if not (self._in_head or self._in_body):  # there is no request yet that could be answered
                self.transport.close()
                return
            what = "head of the request" if limit == "head_seconds" else "request"
            text = f"the {what} has not come within {patience:g} seconds"
            error = LimitExceeded("TOO_SLOW", limit, patience, round(now - self._begun, 3), text)
            self._refuse(_said(HTTPStatus.REQUEST_TIMEOUT, beyond(error)))
            return
        waits = patience if self._begun is None else self._begun + patience - now
        self._patience = self.loop.call_later(min(waits, self._look_seconds), self._look_at_the_time)

    def _patience_with_it(self) -> tuple[str, float]:
        """The limit that what comes has to keep, and its seconds."""
        limits = self._limits
        if self._in_head and limits.head_seconds < limits.request_seconds:
            return "head_seconds", limits.head_seconds
        return "request_seconds", limits.request_seconds


def _head_too_large(limit: str, words: str, limits: Limits, found: int) -> bytes:
    most: int = getattr(limits, limit)
    text = f"the head of the request has {found:,} {words} and more; {most:,} at the most are allowed"
    error = LimitExceeded("HEAD_TOO_LARGE", limit, most, found, text)
    return _said(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, beyond(error))


def _content_too_large(error: LimitExceeded) -> bytes:
    return _said(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, beyond(error))


def _said(status: HTTPStatus, body: dict[str, Any], fields: str = "") -> bytes:
    """A whole answer, after which the connection ends."""
    text = orjson.dumps(body)
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n{fields}"
    return f"{head}content-length: {len(text)}\r\nconnection: close\r\n\r\n".encode() + text
