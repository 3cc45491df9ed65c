"""How many connections one who asks, and his company, keep busy: the rest are for others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from tests.acceptance.companies import planned_company
from tests.graph_client import GraphClient, Moment
from tests.integration.live.boards import LiveServer, live_server
from tests.integration.live.conftest import NOW, Live
from tests.integration.live.test_events import stream

BODY = {"query": "{ company { key } }"}

FILE = "/reports/attainment.csv?plan=none&period=2026"


@asynccontextmanager
async def small(database: Database, database_url: str, folder: Path) -> AsyncIterator[Live]:
    """A company on a server with twelve connections: three for one who asks, six for a company."""
    async with live_server(database_url, folder, Moment(NOW), open_connections=12) as server:
        yield Live(server, server, await planned_company(database, server.graph, "acme", NOW))


@pytest.fixture
async def live(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Live]:
    async with small(database, database_url, tmp_path) as found:
        yield found


def service(live: Live, name: str) -> GraphClient:
    """A service of the company."""
    scopes = frozenset({"graph:read"})
    return live.here.graph.signed_in(Identity(live.company.company_id, name, Role.SERVICE, scopes=scopes))


async def asked(client: GraphClient) -> httpx.Response:
    """What a query is answered with."""
    return await client.http.post("/graphql", json=BODY, headers=client.headers)


async def closed_on_greeting(server: LiveServer, client: GraphClient) -> tuple[int, str]:
    """With what a WebSocket is closed that says whose it is."""
    async with server.connected() as board:
        await board.send(type="connection_init", payload=client.headers)
        code = await board.closed()
        return code, board.socket.close_reason or ""


async def test_one_who_asks_keeps_a_quarter_busy(live: Live) -> None:
    """Two WebSockets and a stream of events; what he asks for beside them is refused, and what others ask is not."""
    async with live.here.board(live.admin), live.here.board(live.admin):
        assert (await asked(live.admin)).status_code == 200
        async with stream(live.admin, ids=live.ids("acme")) as events:
            await events.told()
            answer = await asked(live.admin)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
            (error,) = answer.json()["errors"]
            assert error["extensions"] == {
                "code": "TOO_MANY_CONNECTIONS",
                "limit": "own_connections",
                "allowed": 3,
                "found": 4,
                "retryAfter": 1,
            }
            file = await live.admin.http.get(FILE, headers=live.admin.headers)
            assert (file.status_code, file.json()["limit"]) == (429, "own_connections")
            said = await closed_on_greeting(live.here, live.admin)
            assert said == (1013, "4 connections are busy; own_connections allows 3")
            assert (await asked(live.member("Ann"))).status_code == 200
        await live.here.nobody_watches()
        assert (await asked(live.admin)).status_code == 200


async def test_a_company_keeps_half_busy(live: Live) -> None:
    """Two services with three WebSockets each; a member is refused until one ends."""
    async with AsyncExitStack() as stack:
        for name in ("first", "second"):
            for _ in range(2):
                await stack.enter_async_context(live.here.board(service(live, name)))
        await stack.enter_async_context(live.here.board(service(live, "first")))
        async with live.here.board(service(live, "second")):
            answer = await asked(live.admin)
            found = answer.json()["errors"][0]["extensions"]
            assert (answer.status_code, found["limit"], found["found"]) == (429, "company_connections", 7)
        await asyncio.sleep(0.1)
        assert (await asked(live.admin)).status_code == 200


async def test_whatever_ends_is_counted_no_more(live: Live) -> None:
    """Answers, refusals, files, streams and WebSockets, ended by either side, and those that were never let in."""
    admin, http = live.admin, live.admin.http
    for sent in (BODY, {"query": "{ nothing }"}, {"query": "{"}, [], [BODY] * 2, {"query": "x" * 200_000}):
        await http.post("/graphql", json=sent, headers=admin.headers)
    await http.post("/graphql", content=b"{", headers=admin.headers)
    await http.post("/graphql", json=BODY)
    for path in (FILE, "/reports/attainment.csv", "/graphql?query=%7Bcompany%7Bkey%7D%7D"):
        await http.get(path, headers=admin.headers)
    async with stream(admin, ids=live.ids("acme")) as events:
        await events.told()
    async with live.here.board(admin) as board:
        await board.send(type="connection_init")
        assert await board.closed() == 4429
    async with live.here.board(admin) as board:
        board.socket.transport.abort()
    async with live.here.connected() as board:
        await board.send(type="connection_init", payload={"authorization": "Bearer nonsense"})
        assert await board.closed() == 4403
    for _ in range(100):
        if not live.here.gate.busy.kept:
            break
        await asyncio.sleep(0.02)
    assert live.here.gate.busy.kept == {}
