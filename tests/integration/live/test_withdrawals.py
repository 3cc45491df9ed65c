"""Whoever is connected is cut off once his access is withdrawn, though nothing else happens."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from quotaloom_server import withdrawals
from quotaloom_server.live import FORBIDDEN
from tests.graph_client import GraphClient
from tests.integration.live.conftest import Live


async def test_a_revoked_key_is_cut_off(live: Live) -> None:
    """On another server than the one that revokes it, and by nobody's doing; another key stays and is told."""
    made = [
        await live.admin.do("createApiKey", "secret apiKey { id }", name=name, scopes=["graph:read"])
        for name in ("CRM", "BI")
    ]
    first, second = (
        GraphClient(
            live.here.graph.http,
            live.here.graph.authority,
            live.here.graph.clock,
            headers={"authorization": f"Bearer {one['secret']}"},
        )
        for one in made
    )
    async with live.here.board(first) as board, live.here.board(second) as other:
        for one in (board, other):
            await one.subscribe(live.ids("East"))
            assert await one.told() == {"East": "0.00"}
        await live.admin.do("revokeApiKey", "apiKey { id }", id=made[0]["apiKey"]["id"])
        assert await board.closed() == FORBIDDEN
        await live.post("7", "first")
        assert await other.told() == {"East": "7.00"}
    assert await live.here.nobody_watches()


async def test_nobody_listens_longer_because_the_server_is_busy(live: Live) -> None:
    """Requests hold every connection of the pool, and more wait for one, while the key is cut off."""
    made = await live.admin.do("createApiKey", "secret apiKey { id }", name="CRM", scopes=["graph:read"])
    database = live.here.services.database
    graph = live.here.graph
    key = GraphClient(graph.http, graph.authority, graph.clock, headers={"authorization": f"Bearer {made['secret']}"})
    async with live.here.board(key) as board, AsyncExitStack() as stack:
        await board.subscribe(live.ids("East"))
        assert await board.told() == {"East": "0.00"}
        for _ in range(10):
            snapshot = await stack.enter_async_context(database.snapshot(live.company.company_id))
            await snapshot.fetch("SELECT 1")
        waiting = asyncio.create_task(live.member("Ann").ask("{ company { name } }"))
        await live.admin.do("revokeApiKey", "apiKey { id }", id=made["apiKey"]["id"])
        assert await board.closed() == FORBIDDEN
        assert not waiting.done()
        await stack.aclose()
        assert await waiting == {"company": {"name": "Acme"}}
    assert await live.here.nobody_watches()


async def test_an_event_stream_is_cut_off_too(live: Live) -> None:
    """A key that is revoked ends the stream after its first message, without the event `complete`."""
    made = await live.admin.do("createApiKey", "secret apiKey { id }", name="CRM", scopes=["graph:read"])
    query = "subscription ($ids: [ID!]!) { attainmentChanged(orgUnitIds: $ids) { orgUnits { name } } }"
    headers = {"authorization": f"Bearer {made['secret']}", "accept": "text/event-stream"}
    body = {"query": query, "variables": {"ids": live.ids("East")}}
    async with live.here.graph.http.stream("POST", "/graphql", json=body, headers=headers) as response:
        assert response.status_code == 200
        lines = response.aiter_lines()
        assert await anext(lines) == "event: next"
        await live.admin.do("revokeApiKey", "apiKey { id }", id=made["apiKey"]["id"])
        assert "event: complete" not in [line async for line in lines]
    assert await live.here.nobody_watches()


async def test_whoever_leaves_is_cut_off(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once where he has left, and once his last day is over where he leaves later; he need not even listen."""
    monkeypatch.setattr(withdrawals, "LOOKED_AT_EVERY", 0.2)
    async with live.here.board(live.member("Ann")) as ann, live.here.board(live.member("Bob")) as bob:
        await live.admin.do("memberLeaves", "member { id }", id=live.company.ids["Bob"], on="2026-05-06")
        await live.admin.do("memberLeaves", "member { id }", id=live.company.ids["Ann"], on="2026-05-05")
        assert await ann.closed() == FORBIDDEN
        await bob.subscribe(live.ids("East"))
        live.here.graph.clock.now += timedelta(days=1)
        assert await bob.closed() == FORBIDDEN
