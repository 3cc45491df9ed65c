"""What the front refuses before there is a request: it says which limit was met, and by how much."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from benchmarks.abuse.http_requests import JSON, chunked, head
from benchmarks.abuse.sending import GOOD, connection

from tests.integration.server.conftest import new_home


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server with small limits."""
    with new_home() as home:
        home.serve(
            QUOTALOOM_REQUEST_SECONDS="2",
            QUOTALOOM_BODY_CHUNKS="100",
            QUOTALOOM_HEAD_BYTES="2000",
            QUOTALOOM_HEAD_FIELDS="20",
            QUOTALOOM_WAITING_REQUESTS="3",
        )
        yield home.port


async def last_answer(port: int, sent: bytes) -> tuple[bytes, dict[str, Any]]:
    """The status line of the last answer before the connection ends, and what its error says."""
    async with connection(port) as (reader, writer):
        writer.write(sent)
        async with asyncio.timeout(20):
            said = await reader.read()
    answer = said[said.rindex(b"HTTP/1.1 ") :]
    told, _, body = answer.partition(b"\r\n\r\n")
    (error,) = json.loads(body)["errors"]
    return told.split(b"\r\n")[0], error


@pytest.mark.parametrize(
    ("sent", "status", "code", "limit", "allowed", "found"),
    [
        (head(f"X-A: {'a' * 2_000}"), 431, "HEAD_TOO_LARGE", "head_bytes", 2_000, 2_024),
        (head(*(f"X-{n}: a" for n in range(21))), 431, "HEAD_TOO_LARGE", "head_fields", 20, 21),
        (head(JSON)[:-2], 408, "TOO_SLOW", "request_seconds", 2, 2),
        (GOOD * 6, 429, "TOO_MANY_REQUESTS", "waiting_requests", 3, 4),
        (chunked(b"1\r\na\r\n" * 101), 413, "TOO_MANY_CHUNKS", "body_chunks", 100, 101),
    ],
    ids=["bytes of a head", "fields of a head", "seconds", "requests that wait", "chunks"],
)
async def test_it_says_which_limit_and_by_how_much(
    port: int, sent: bytes, status: int, code: str, limit: str, allowed: float, found: float
) -> None:
    """A head of 2,000 letters has its path, `Host` and `X-A` besides: 8 + 9 + 7 bytes as they are counted."""
    line, error = await last_answer(port, sent)
    told = error["extensions"]
    assert line.startswith(b"HTTP/1.1 %d " % status)
    assert (told["code"], told["limit"], told["allowed"]) == (code, limit, allowed)
    assert told["found"] == pytest.approx(found, rel=0.2 if limit == "request_seconds" else 0)
    assert f"{allowed:,g}" in error["message"]
