"""Requests of one connection, answered in tasks of their own, each in its turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import pytest
import uvicorn

from quotaloom.platform.limits import Limits
from quotaloom.platform.unbroken import to_the_end
from quotaloom_server.cycles import WHOLE
from quotaloom_server.front_config import FrontConfig
from quotaloom_server.http_front import HTTPFront

SECONDS = 5.0

Send = Callable[[dict[str, Any]], Awaitable[None]]

seen: ContextVar[str] = ContextVar("seen", default="")


class Application:
    """Answers by what the path says."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.begun = asyncio.Event()
        self.done: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        path = scope["path"]
        if path == "/echo":
            body, more = b"", True
            while more:
                message = await receive()
                body, more = body + message["body"], message["more_body"]
            await answer(scope, send, body)
        elif path == "/slow":
            self.begun.set()
            await self.go_on.wait()
            await answer(scope, send, b"slow")
        elif path == "/whole":
            await to_the_end(self.whole())
            await answer(scope, send, b"whole")
        elif path == "/parts":
            await send(start((b"transfer-encoding", b"chunked")))
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
            await asyncio.sleep(0.01)
            await send({"type": "http.response.body", "body": b"two" * 10_000, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/endless":
            self.begun.set()
            await self.go_on.wait()
            await send(start((b"transfer-encoding", b"chunked")))
            for _ in range(5_000):
                await send({"type": "http.response.body", "body": b"more", "more_body": True})
            await receive()
        elif path == "/empty":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/breaks":
            raise RuntimeError("it breaks")
        elif path == "/breaks-off":
            await send(start((b"content-length", b"10")))
            raise RuntimeError("it breaks off")
        elif path == "/split":
            await send({**start((b"content-length", b"1"), (b"x-told", b"a\r\nset-cookie: b")), WHOLE: b"c"})
        elif path == "/context":
            before = seen.get()
            seen.set(scope["query_string"].decode())
            await answer(scope, send, before.encode())
        else:
            await answer(scope, send, path.encode())
        self.done.append(path)

    async def whole(self) -> None:
        self.begun.set()
        await self.go_on.wait()
        self.done.append("work")


def start(*fields: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": 200, "headers": list(fields)}


@pytest.fixture(autouse=True, params=["whole", "in parts"])
def written(request: pytest.FixtureRequest) -> None:
    """Answers that are there as a whole are written as one, or in two messages."""
    AS_ONE[0] = request.param == "whole"


AS_ONE = [True]


async def answer(scope: Any, send: Send, body: bytes) -> None:
    head = start((b"content-length", b"%d" % len(body)))
    if AS_ONE[0] and WHOLE in scope.get("extensions", ()):
        await send({**head, WHOLE: body})
        return
    await send(head)
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(patience: float = 5.0) -> AsyncIterator[tuple[Application, uvicorn.Server, int]]:
    application = Application()
    config = FrontConfig(
        Limits(),
        application,
        http=HTTPFront,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    config.timeout_keep_alive = patience  # type: ignore[assignment]  # uvicorn takes whole seconds alone
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    config.port = 0
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield application, server, port
    finally:
        await server.shutdown()


async def told(port: int, sent: bytes) -> bytes:
    """All that is answered until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    found = await asyncio.wait_for(reader.read(), SECONDS)
    writer.close()
    return found


def request(path: str, method: str = "GET", *fields: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: here", *fields]
    if body:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


LAST = "connection: close"


def parted(found: bytes) -> list[tuple[bytes, bytes]]:
    """Status and body of each answer."""
    answers = []
    while found:
        head, _, found = found.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", b"0"))
        answers.append((head.split(b" ")[1], found[:length]))
        found = found[length:]
    return answers


async def test_the_answer_to_head_comes_before_the_last_words() -> None:
    """What comes after it is no request: that is told second, and the connection ends."""
    async with serving() as (_, _, port):
        found = await told(port, request("/a", "HEAD") + b"GARBAGE\r\n\r\n")
    first, second = found.split(b"HTTP/1.1 ")[1:]
    assert first.startswith(b"200 OK\r\n")
    assert second.startswith(b"400 Bad Request\r\n")


@pytest.mark.parametrize(("method", "end"), [("HEAD", b"\r\n\r\n"), ("GET", b"\r\n\r\n/a")])
async def test_an_answer_is_whole_before_the_connection_ends(method: str, end: bytes) -> None:
    """Whether it has a body or not."""
    async with serving() as (_, _, port):
        found = await told(port, request("/a", method, LAST))
    assert found.startswith(b"HTTP/1.1 200 OK\r\n")
    assert found.endswith(end)


async def test_requests_that_come_together_are_answered_in_their_order() -> None:
    """Those without a body among them."""
    async with serving() as (_, _, port):
        asked = [request(f"/{number}") for number in range(14)]
        found = await told(port, b"".join(asked) + request("/empty") + request("/last", "GET", LAST))
    assert [body for _, body in parted(found)] == [f"/{number}".encode() for number in range(14)] + [b"", b"/last"]


async def test_heads_that_come_with_others_are_answered_in_their_order() -> None:
    """Four answers, of which two have a body."""
    asked = [request("/a", "HEAD"), request("/b"), request("/cc", "HEAD"), request("/d", "GET", LAST)]
    async with serving() as (_, _, port):
        found = await told(port, b"".join(asked))
    answers = [one.partition(b"\r\n\r\n") for one in found.split(b"HTTP/1.1 ")[1:]]
    assert [body for _, _, body in answers] == [b"", b"/b", b"", b"/d"]
    assert [b"content-length: 3" in head for head, _, _ in answers] == [False, False, True, False]


async def test_whoever_waits_to_be_told_to_go_on_is_told_each_time() -> None:
    """`100 Continue` comes alone, and then the answer, three times on one connection."""
    async with serving() as (_, _, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(request("/echo", "POST", "expect: 100-continue", "content-length: 4"))
            assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS) == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"body")
            assert (await asyncio.wait_for(reader.readuntil(b"body"), SECONDS)).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()


async def test_an_application_that_breaks_is_told_of_in_its_turn() -> None:
    """With 500; or, where it has begun to answer, with what there is of it. Then the connection ends."""
    async with serving() as (_, _, port):
        found = await told(port, request("/a") + request("/breaks"))
        assert [status for status, _ in parted(found)] == [b"200", b"500"]
        found = await told(port, request("/a") + request("/breaks-off") + request("/c"))
        assert [status for status, _ in parted(found)] == [b"200", b"200"]


async def test_a_request_leaves_nothing_to_the_next() -> None:
    """Though the end of one is what has the next begin."""
    async with serving() as (_, _, port):
        asked = [request("/context?one"), request("/context?two"), request("/context?three", "GET", LAST)]
        found = await told(port, b"".join(asked))
    assert [body for _, body in parted(found)] == [b"", b"", b""]


async def test_what_comes_in_parts_comes_whole() -> None:
    """The head with the first of them; the answer to the next request after the last."""
    async with serving() as (_, _, port):
        found = await told(port, request("/parts") + request("/b", "GET", LAST))
    _, _, body = found.partition(b"\r\n\r\n")
    parts = b"3\r\none\r\n7530\r\n" + b"two" * 10_000 + b"\r\n0\r\n\r\n"
    assert body.startswith(parts + b"HTTP/1.1 200 OK\r\n")
    assert body.endswith(b"\r\n\r\n/b")


async def test_a_refusal_waits_for_the_answer_before_it() -> None:
    """What came after the request is none; the answer is still on its way."""
    async with serving() as (application, _, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("/slow"))
        await application.begun.wait()
        writer.write(b"GARBAGE\r\n\r\n")
        await asyncio.sleep(0.05)
        application.go_on.set()
        found = await asyncio.wait_for(reader.read(), SECONDS)
        writer.close()
    assert [status for status, _ in parted(found)] == [b"200", b"400"]


async def test_a_server_that_ends_answers_what_runs_to_its_end() -> None:
    """What only waits is cut off, and told so."""
    async with serving() as (application, server, port):
        whole, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("/whole"))
        await application.begun.wait()
        slow, other_writer = await asyncio.open_connection("127.0.0.1", port)
        application.begun.clear()
        other_writer.write(request("/slow"))
        await application.begun.wait()
        await server.shutdown()
        assert (await asyncio.wait_for(slow.read(), SECONDS)).startswith(b"HTTP/1.1 500 ")
        assert len(server.server_state.tasks) == 1
        application.go_on.set()
        assert (await asyncio.wait_for(whole.read(), SECONDS)).endswith(b"\r\n\r\nwhole")
        assert application.done == ["work", "/whole"]
        assert not server.server_state.tasks
        writer.close()
        other_writer.close()


async def test_a_field_cannot_end_its_line() -> None:
    """Nothing of such an answer is sent: what it would come to is 500."""
    async with serving() as (_, _, port):
        found = await told(port, request("/split"))
    assert found.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in found


async def test_a_small_answer_is_one_packet() -> None:
    """However it is written: its client is woken once."""
    async with serving() as (_, _, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(10):
            writer.write(request(f"/{number}"))
            found = await asyncio.wait_for(reader.read(1_000), SECONDS)
            assert found.endswith(b"\r\n\r\n/%d" % number)
        writer.close()


async def test_who_has_nothing_to_ask_is_hung_up_on() -> None:
    """After the patience of 0.5 seconds, and no earlier; whoever asks once more has as much again."""
    loop = asyncio.get_running_loop()
    async with serving(0.5) as (_, _, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for wait in (0.3, 0.3, 0.0):  # 0.6 seconds together
            writer.write(request("/a"))
            assert (await asyncio.wait_for(reader.readuntil(b"/a"), SECONDS)).startswith(b"HTTP/1.1 200 OK\r\n")
            answered = loop.time()
            await asyncio.sleep(wait)
        assert await asyncio.wait_for(reader.read(), SECONDS) == b""
        assert loop.time() - answered >= 0.49
        writer.close()


async def test_who_waits_for_his_answer_is_not_hung_up_on() -> None:
    """However long that takes; nor is he who is in the middle of his next request."""
    async with serving(0.2) as (application, _, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("/a"))
        await asyncio.wait_for(reader.readuntil(b"/a"), SECONDS)
        writer.write(request("/slow"))
        await application.begun.wait()
        await asyncio.sleep(0.5)
        application.go_on.set()
        await asyncio.wait_for(reader.readuntil(b"slow"), SECONDS)
        writer.write(b"GET /b HTTP/1.1\r\nhost:")
        await asyncio.sleep(0.5)
        writer.write(b" here\r\n\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"/b"), SECONDS)).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()


async def test_what_is_sent_to_a_client_who_has_hung_up_leaves_nothing() -> None:
    """In however many parts, and though he would still have to be told to go on with his request."""
    async with serving() as (application, server, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("/endless", "POST", "expect: 100-continue", "content-length: 4"))
        await application.begun.wait()
        writer.transport.abort()
        while server.server_state.connections:  # noqa: ASYNC110 (uvicorn tells nobody)
            await asyncio.sleep(0.001)
        application.go_on.set()
        while server.server_state.tasks:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    assert application.done == ["/endless"]
