"""Bodies that are too large are refused by what they say of their length, or as soon as they have gone too far."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from starlette.types import ASGIApp, Message

from quotaloom.platform.limits import LimitExceeded
from quotaloom.platform.settings import Settings
from quotaloom_server.application import create_application
from quotaloom_server.bearers import operator
from quotaloom_server.bodies import require_few_values

QUERY = b'{"query":"{ __typename }"}'
SPACES = b" " * 1_000


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> ASGIApp:
    """An application that takes 2,000 bytes; its database is never asked."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), body_bytes=2_000, stranger_bytes=1_900)
    return create_application(settings, "postgresql://nobody@127.0.0.1:1/none")


async def exchanged(
    application: ASGIApp, parts: list[bytes], headers: dict[str, str], **scope: Any
) -> tuple[int, dict[str, str], Any, int]:
    """Status, headers and body of the answer to a request that comes in parts, and how many of them were read."""
    waiting = list(parts)
    sent: list[Message] = []

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    request = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", **scope}
    raw = [(name.encode(), value.encode()) for name, value in {"content-type": "application/json", **headers}.items()]
    await application({**request, "headers": raw}, receive, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message["body"] for message in sent[1:])
    return sent[0]["status"], told, orjson.loads(body), len(parts) - len(waiting)


def known(application: ASGIApp) -> dict[str, str]:
    """A header that names somebody."""
    token = application.state.gate.authority.issue(  # type: ignore[attr-defined]
        operator(), datetime.now(UTC), timedelta(hours=1)
    )
    return {"authorization": f"Bearer {token}"}


def refusal(found: int) -> dict[str, Any]:
    """What is told of so many bytes."""
    text = f"the request sends {found:,} bytes, and 2,000 at the most are allowed"
    told = {"code": "BODY_TOO_LARGE", "limit": "body_bytes", "allowed": 2_000, "found": found}
    return {"errors": [{"message": text, "extensions": told}]}


@pytest.mark.parametrize("path", ["/graphql", "/health", "/nowhere"])
async def test_a_length_beyond_the_limit_is_refused_before_anything_is_read(application: ASGIApp, path: str) -> None:
    """413, on every path, and the connection is not kept."""
    status, headers, body, read = await exchanged(application, [SPACES] * 3, {"content-length": "3000"}, path=path)
    assert (status, headers["connection"], body, read) == (413, "close", refusal(3_000), 0)


@pytest.mark.parametrize("headers", [{"transfer-encoding": "chunked"}, {}, {"content-length": "many"}])
async def test_a_body_without_a_length_is_read_no_further_than_the_limit(
    application: ASGIApp, headers: dict[str, str]
) -> None:
    """Of ten parts of a thousand bytes two of a stranger's are read, and three of somebody's with a token."""
    status, _, body, read = await exchanged(application, [SPACES] * 10, headers)
    assert (status, body["errors"][0]["extensions"]["found"], read) == (413, 2_000, 2)
    status, _, body, read = await exchanged(application, [SPACES] * 10, {**headers, **known(application)})
    assert (status, body, read) == (413, refusal(3_000), 3)


@pytest.mark.parametrize("headers", [{"transfer-encoding": "chunked"}, {"content-length": "1026"}])
async def test_a_body_within_the_limit_is_answered(application: ASGIApp, headers: dict[str, str]) -> None:
    """However it comes."""
    status, told, body, _ = await exchanged(application, [SPACES, QUERY[:10], QUERY[10:]], headers)
    assert (status, body, told["graphql-cost"]) == (
        200,
        {"data": {"__typename": "Query"}, "extensions": {"cost": 1}},
        "1",
    )


@pytest.mark.parametrize("framing", ["content-length", "transfer-encoding"])
async def test_the_largest_body_is_taken(application: ASGIApp, framing: str) -> None:
    """2,000 bytes are allowed to whoever has a token and 1,900 to a stranger, and not one more."""
    stranger = {"authorization": "Bearer a.b.c"}
    for headers, most, limit in ((known(application), 2_000, "body_bytes"), (stranger, 1_900, "stranger_bytes")):
        for more, status in ((0, 200), (1, 413)):
            body = QUERY + b" " * (most - len(QUERY) + more)
            framed = {framing: str(len(body)) if framing == "content-length" else "chunked"}
            answered, _, told, _ = await exchanged(application, [body], {**headers, **framed})
            assert answered == status
            if more:
                assert told["errors"][0]["extensions"] == {
                    "code": "BODY_TOO_LARGE",
                    "limit": limit,
                    "allowed": most,
                    "found": most + 1,
                }


async def test_a_request_without_a_body_waits_for_none(application: ASGIApp) -> None:
    """A GET request is answered at once, though nothing comes."""
    async with asyncio.timeout(30):
        status, _, body, read = await exchanged(
            application, [], {"accept": "application/json"}, method="GET", query_string=b"query={__typename}"
        )
    assert (status, body["data"], read) == (200, {"__typename": "Query"}, 0)


def test_json_with_too_many_values_is_not_read() -> None:
    """Of 100 values 200 marks are let in, and 30,000 besides, wherever they stand; longer texts do no harm."""
    require_few_values(b"[" + b"1," * 30_199, 100)
    require_few_values(b"[" + b"1," * 30_199 + b'"' + b"x" * 50_000, 100)
    with pytest.raises(LimitExceeded) as caught:
        require_few_values(b"[{" + b"1," * 30_200, 100)
    assert caught.value.extensions == {
        "code": "TOO_MANY_VALUES",
        "limit": "variables_values",
        "allowed": 100,
        "found": 101,
    }


def test_json_with_too_many_names_is_not_read() -> None:
    """Besides those of 100 values there may be 10,000, however they are written; colons in texts are none."""

    def named(count: int, colon: bytes = b":") -> bytes:
        return b"{" + b",".join([b'"a"' + colon + b"1"] * count) + b"}"

    require_few_values(named(10_100), 100)
    require_few_values(named(10_000) + b'"' + b":" * 50_000, 100)
    for colon in (b":", b" :", b"\n\t :"):
        with pytest.raises(LimitExceeded, match="10,101 names of fields, and 100 values") as caught:
            require_few_values(named(10_101, colon), 100)
        assert caught.value.extensions == {
            "code": "TOO_MANY_VALUES",
            "limit": "variables_values",
            "allowed": 100,
            "found": 101,
        }
