"""Subscriptions as server-sent events: the same as over a WebSocket, and what is particular to them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from quotaloom_graphql.schema import build_schema
from quotaloom_server import events
from quotaloom_server.connections import Connection
from quotaloom_server.events import EventStream, Streams
from quotaloom_server.operations import operation_in
from quotaloom_server.trusted_documents import TrustedDocuments
from tests.graph_client import GraphClient
from tests.integration.live.boards import FIGURES, SECONDS
from tests.integration.live.conftest import Live

QUERY = f"subscription ($ids: [ID!]!) {{ attainmentChanged(orgUnitIds: $ids) {{ {FIGURES} }} }}"


@dataclass
class Stream:
    """An answer that is read line by line."""

    answer: httpx.Response
    lines: AsyncIterator[str]

    async def line(self) -> str | None:
        """The next line that is not empty; None at the end."""
        while (found := await asyncio.wait_for(anext(self.lines, None), SECONDS)) == "":
            pass
        return found

    async def told(self) -> Any:
        """What the next event `next` holds."""
        assert await self.line() == "event: next"
        line = await self.line()
        assert line is not None
        return json.loads(line.removeprefix("data: "))

    async def achieved(self) -> dict[str, str]:
        """What the next message says is achieved, by the unit's name."""
        units = (await self.told())["data"]["attainmentChanged"]["orgUnits"]
        return {unit["name"]: unit["attainment"]["achieved"] for unit in units}


@asynccontextmanager
async def stream(client: GraphClient, query: str = QUERY, **variables: Any) -> AsyncIterator[Stream]:
    """Ask for events."""
    headers = {**client.headers, "accept": "text/event-stream"}
    body = {"query": query, "variables": variables}
    async with client.http.stream("POST", "/graphql", json=body, headers=headers) as answer:
        yield Stream(answer, answer.aiter_lines())


async def test_a_stream_lives_as_long_as_its_client(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that it is there while nothing happens, and is gone when the client hangs up."""
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.5)
    async with stream(live.admin, ids=live.ids("acme", "East")) as found:
        assert found.answer.headers["content-type"] == "text/event-stream"
        assert found.answer.headers["cache-control"] == "no-cache, no-transform"
        assert await found.achieved() == {"Acme": "0.00", "East": "0.00"}
        assert [await found.line() for _ in range(2)] == [":", ":"]
        await live.post("5", "first")
        while (line := await found.line()) == ":":
            pass
        assert line == "event: next"
        assert live.there.watching + live.here.watching == 1
    assert await live.here.nobody_watches()
    assert await live.there.nobody_watches()


async def test_whoever_is_not_let_in_is_told_so_at_once(live: Live) -> None:
    """Without a good token, or once the member has left: 401, and nothing is subscribed to."""
    ann = live.member("Ann")
    await live.admin.do("memberLeaves", "member { id }", id=live.company.ids["Ann"], on="2026-05-05")
    for headers in ({}, {"authorization": "Bearer nonsense"}, ann.headers):
        stranger = GraphClient(ann.http, ann.authority, ann.clock, None, headers)
        async with stream(stranger, ids=live.ids("East")) as found:
            assert found.answer.status_code == 401
            assert found.answer.headers["www-authenticate"] == "Bearer"
            body = json.loads(await found.answer.aread())
            assert body["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert live.here.watching == 0


async def test_what_is_refused_is_told_as_an_event(live: Live) -> None:
    """A unit that one does not see, too many of them, a field that is not there: `next` with errors, and the end."""
    ann = live.member("Ann")
    for query, ids, code in (
        (QUERY, live.ids("West"), "NOT_FOUND"),
        (QUERY, live.ids("East") * 501, "TOO_MANY_UNITS"),
        ("subscription { nothing }", [], "BAD_REQUEST"),
        ("query A { __typename } subscription B { notificationAdded { unread } }", [], "BAD_REQUEST"),
        ("{", [], "BAD_REQUEST"),
    ):
        async with stream(ann, query, ids=ids) as found:
            assert (await found.told())["errors"][0]["extensions"]["code"] == code
            assert [await found.line() for _ in range(3)] == ["event: complete", "data: ", None]


async def test_one_result_is_one_event_or_json(live: Live) -> None:
    """A query asked for as events is one; a client that takes JSON as well gets that, and events for a subscription."""
    async with stream(live.admin, "{ company { key } }") as found:
        assert await found.told() == {"data": {"company": {"key": "acme"}}, "extensions": {"cost": 2}}
        assert [await found.line() for _ in range(3)] == ["event: complete", "data: ", None]
    both = {**live.admin.headers, "accept": "application/json, text/event-stream"}
    answer = await live.admin.http.post("/graphql", json={"query": "{ company { key } }"}, headers=both)
    assert answer.json() == {"data": {"company": {"key": "acme"}}, "extensions": {"cost": 2}}
    params = {"query": QUERY, "variables": json.dumps({"ids": live.ids("East")})}
    async with live.admin.http.stream("GET", "/graphql", params=params, headers=both) as opened:
        assert await Stream(opened, opened.aiter_lines()).achieved() == {"East": "0.00"}


async def test_streams_end_without_complete_when_the_token_or_the_server_does(live: Live) -> None:
    """So that clients come back; a server that ends does not wait for them."""
    identity = live.member("Ann").identity
    assert identity is not None
    token = live.here.graph.authority.issue(identity, datetime.now(UTC), timedelta(seconds=2))
    ann = GraphClient(live.here.graph.http, live.here.graph.authority, live.here.graph.clock)
    ann.headers["authorization"] = f"Bearer {token}"
    async with stream(ann, ids=live.ids("East")) as short, stream(live.admin, ids=live.ids("East")) as long:
        assert await short.achieved() == await long.achieved() == {"East": "0.00"}
        assert await short.line() is None
        began = asyncio.get_running_loop().time()
        await live.there.end()
        assert await long.line() is None
        assert asyncio.get_running_loop().time() - began < 3


async def test_a_client_that_takes_nothing_is_given_up(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its subscription ends, so that it keeps nobody else from one; its connection, once it takes something or goes."""
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.3)
    operation = operation_in({"query": QUERY, "variables": {"ids": live.ids("East")}}, TrustedDocuments())
    connection = Connection(live.here.gate, live.admin.headers["authorization"])
    took: list[str] = []
    never = asyncio.Event()

    async def send(message: Any) -> None:
        took.append(message["type"])
        if message.get("more_body"):
            await never.wait()

    async def receive() -> Any:
        await never.wait()

    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": []}
    await asyncio.wait_for(EventStream(build_schema(), connection, operation, Streams())(scope, receive, send), SECONDS)
    assert live.here.watching == 0
    assert took[:2] == ["http.response.start", "http.response.body"]
