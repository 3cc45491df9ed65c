"""The HTTP side: origins, health, bodies that are none, and errors that nobody foresaw."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.settings import Settings
from quotaloom_server.application import create_application
from tests.acceptance.api_company import api_company
from tests.graph_client import serving
from tests.integration.targets.planning import NOON
from tests.loaded_once import loading_once


def application_of(settings: Settings, database_url: str) -> Starlette:
    """The application of these settings."""
    with loading_once():
        return create_application(settings, database_url)


async def test_configured_origins_may_call(database_url: str, tmp_path: Path) -> None:
    """A preflight of a configured origin is answered, one of another is not."""
    settings = Settings(data_dir=tmp_path, cors_origins=("https://app.example.com",))
    transport = httpx.ASGITransport(app=application_of(settings, database_url))
    async with httpx.AsyncClient(transport=transport, base_url="http://quotaloom.test") as http:
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        allowed = await http.options("/graphql", headers={"origin": "https://app.example.com", **asked})
        refused = await http.options("/graphql", headers={"origin": "https://evil.example.com", **asked})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://app.example.com"
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers


async def test_an_answer_is_the_same_with_an_origin_and_without(database_url: str, tmp_path: Path) -> None:
    """A page's origin changes the headers that are for browsers, and nothing else."""
    settings = Settings(data_dir=tmp_path, cors_origins=("https://app.example.com",))
    transport = httpx.ASGITransport(app=application_of(settings, database_url))
    async with httpx.AsyncClient(transport=transport, base_url="http://quotaloom.test") as http:
        bodies: list[Any] = [{"query": "{ __typename }"}, {"query": "{ nothing }"}, {"query": 1}, [], {}]
        for sent in bodies:
            plain, page, other = [
                await http.post("/graphql", json=sent, headers=headers)
                for headers in ({}, {"origin": "https://app.example.com"}, {"origin": "https://evil.example.com"})
            ]
            assert plain.status_code == page.status_code == other.status_code
            assert plain.content == page.content == other.content
            assert page.headers["access-control-allow-origin"] == "https://app.example.com"
            assert "access-control-allow-origin" not in {*plain.headers, *other.headers}


async def test_health_tells_whether_the_database_answers(database: Database, database_url: str, tmp_path: Path) -> None:
    """200 with it, and the root leads to the graph."""
    async with serving(database_url, tmp_path, NOON) as graph:
        assert (await graph.http.get("/health")).json() == {"status": "ok"}
        assert (await graph.http.get("/")).headers["location"] == "/graphql"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"query": 1}', b"\xff\xfe", b'{"query": "{"}'])
async def test_a_body_that_is_no_operation_is_refused(database_url: str, tmp_path: Path, body: bytes) -> None:
    """No server error, whatever is sent."""
    async with serving(database_url, tmp_path, NOON) as graph:
        answer = await graph.http.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 400)
    assert answer.status_code == 400 or answer.json()["errors"]


async def test_a_page_in_a_browser_is_graphiql(database_url: str, tmp_path: Path) -> None:
    """A browser that opens the endpoint gets the manual."""
    async with serving(database_url, tmp_path, NOON) as graph:
        page = await graph.http.get("/graphql", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "graphiql" in page.text.lower()


async def test_what_nobody_foresaw_is_masked(
    database: Database, database_url: str, admin_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A table that is gone is a number for the caller, and a traceback under that number in the operator's log."""
    async with api_company(database, database_url, tmp_path) as acme:
        administrator = await asyncpg.connect(**credentials(admin_url))
        await administrator.execute("ALTER TABLE holiday RENAME TO gone")
        await administrator.close()
        (error,) = (await acme.graph.send('{ company { holidays(period: "2026") { name } } }'))["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "holiday" not in error["message"]
    assert error["extensions"]["number"] in caplog.text
    assert 'relation "holiday" does not exist' in caplog.text


async def test_many_writers_and_readers_share_a_small_pool(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Forty mutations at once on ten connections all end: none holds one connection while it waits for another."""
    async with api_company(database, database_url, tmp_path) as acme, asyncio.timeout(30):
        payloads = await asyncio.gather(
            *(acme.graph.do("createMember", "member { name }", name=f"M{number}") for number in range(40))
        )
    assert len({payload["member"]["name"] for payload in payloads}) == 40
