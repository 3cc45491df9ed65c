"""Answers over real HTTP, as they are and compressed."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson
import pytest
from benchmarks.abuse.sending import connection

from quotaloom.platform.database import Database
from quotaloom_server import pieces
from tests.graph_client import GraphClient, Moment
from tests.integration.live.boards import live_server
from tests.integration.targets.planning import plan_for

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CELLS = '{ company { root { descendants { name targetCells(period: "2017") { period target } } } } }'
UNPACKED: dict[str | None, Callable[[bytes], bytes]] = {
    None: lambda sent: sent,
    "gzip": lambda sent: zlib.decompress(sent, 16 + zlib.MAX_WBITS),
    "zstd": zstd.decompress,
}


async def raw(
    client: GraphClient, method: str, path: str, accepted: str, **options: object
) -> tuple[httpx.Headers, bytes]:
    """The headers of an answer and its body as it was sent."""
    headers = {**client.headers, "accept-encoding": accepted}
    async with client.http.stream(method, path, headers=headers, **options) as response:  # type: ignore[arg-type]
        assert response.status_code == 200
        return response.headers, b"".join([part async for part in response.aiter_raw()])


async def of_old_http(port: int, client: GraphClient, path: str, accepted: str) -> tuple[bytes, bytes]:
    """The head of an answer to HTTP/1.0, and all that comes behind it."""
    authorization = client.headers["authorization"]
    asked = f"GET {path} HTTP/1.0\r\nAuthorization: {authorization}\r\nAccept-Encoding: {accepted}\r\n\r\n"
    async with connection(port) as (reader, writer):
        writer.write(asked.encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return head + b"\r\n", body


async def test_answers_are_sent_as_the_client_takes_them(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graph and CSV alike: the same content as it is, as gzip and as zstd; short answers and spreadsheets as they are.

    The graph's answer is written in many pieces, some of them compressed in a thread.
    """
    monkeypatch.setattr(pieces, "HEAVY", 2_000)
    monkeypatch.setattr(pieces, "LARGE", 60_000)
    planning = await plan_for(database, {"Acme": ["East"], "East": [f"E {number}" for number in range(200)]})
    await planning.decompose("Acme", 1_200_000)
    await planning.publish()
    async with live_server(database_url, tmp_path, Moment(datetime(2017, 2, 1, tzinfo=UTC))) as served:
        admin = served.graph.admin(planning.work.company.id, planning.founded.admin_id)
        found = {}
        for accepted, encoding in (("identity", None), ("gzip", "gzip"), ("br, zstd, gzip;q=0.9", "zstd")):
            headers, body = await raw(admin, "POST", "/graphql", accepted, json={"query": CELLS})
            assert (headers.get("content-encoding"), int(headers["content-length"])) == (encoding, len(body))
            assert "accept-encoding" in headers["vary"].lower()
            found[encoding] = UNPACKED[encoding](body)
            assert len(body) <= (len(found[None]) if encoding is None else len(found[None]) // 4)
        assert found["gzip"] == found["zstd"] == found[None]
        units = orjson.loads(found[None])["data"]["company"]["root"]["descendants"]
        assert [len(unit["targetCells"]) for unit in units] == [12] * 201

        headers, body = await raw(admin, "POST", "/graphql", "gzip", json={"query": "{ company { name } }"})
        assert "content-encoding" not in headers
        assert body == b'{"data":{"company":{"name":"Acme"}},"extensions":{"cost":2}}'

        files = "csv: export(format: CSV) { path } xlsx: export(format: XLSX) { path }"
        paths = (await admin.ask(f'{{ attainmentReport(period: "2017") {{ {files} }} }}'))["attainmentReport"]
        _, plain = await raw(admin, "GET", paths["csv"]["path"], "identity")
        for encoding in ("gzip", "zstd"):
            headers, body = await raw(admin, "GET", paths["csv"]["path"], encoding)
            assert (headers["content-encoding"], headers["vary"].split(",")[0]) == (encoding, "accept-encoding")
            assert UNPACKED[encoding](body) == plain
        for accepted in ("identity", "gzip", "zstd"):
            head, body = await of_old_http(served.port, admin, paths["csv"]["path"], accepted)
            assert UNPACKED[None if accepted == "identity" else accepted](body) == plain
            assert b"transfer-encoding" not in head
            assert b"\r\nconnection: close\r\n" in head
        head, body = await of_old_http(served.port, admin, "/graphql?query={company{name}}", "gzip")
        assert b"content-length: 60\r\n" in head
        assert body == b'{"data":{"company":{"name":"Acme"}},"extensions":{"cost":2}}'
        headers, body = await raw(admin, "GET", paths["xlsx"]["path"], "gzip")
        assert ("content-encoding" in headers, body[:2]) == (False, b"PK")
