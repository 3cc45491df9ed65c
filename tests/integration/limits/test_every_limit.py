"""Whichever limit is met, the error says which one, what it allows, and what was found."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from benchmarks.abuse.http_requests import JSON, chunked, head, lasting, post
from benchmarks.abuse.sending import GOOD, connection
from benchmarks.abuse.websocket_sending import PING, TEXT, frame, handshake

from quotaloom.founding import found_company
from quotaloom.organizations.commands.companies import NewCompany
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.limits import Limits
from quotaloom.platform.tokens import Identity
from quotaloom.policies.host import PolicyHost
from quotaloom_graphql.nodes import encode_id
from tests.graph_client import GraphClient, Moment
from tests.integration.live.boards import Board, LiveServer, live_server
from tests.loaded_once import built_in_plugins

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)

Extensions = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A server with a limit, and those who meet it."""

    server: LiveServer
    admin: GraphClient
    service: GraphClient
    root_id: str

    async def asked(self, query: str, **variables: Any) -> Extensions:
        """What the first error of an operation says."""
        return _first(await self.admin.send(query, **variables))

    async def sent_together(self, *queries: str) -> Extensions:
        """What the first error of a list of operations says, whether it is of the list or in a place of it."""
        answer = await self.admin.http.post(
            "/graphql", json=[{"query": one} for one in queries], headers=_of(self.admin)
        )
        answers = answer.json()
        return _first(next(one for one in answers if "errors" in one) if isinstance(answers, list) else answers)

    async def said(self, request: bytes) -> Extensions:
        """What the last answer on a connection says that the server ends then."""
        async with connection(self.server.port) as (reader, writer):
            writer.write(request)
            async with asyncio.timeout(20):
                said = await reader.read()
        return _first(json.loads(said[said.rindex(b"HTTP/1.1 ") :].partition(b"\r\n\r\n")[2]))

    async def closed(self, frames: bytes = b"") -> Extensions:
        """The code with which a WebSocket is closed after these frames, and what its reason says."""
        async with connection(self.server.port) as (reader, writer):
            writer.write(handshake() + frames)
            async with asyncio.timeout(20):
                said = await reader.read()
        said = said[said.rindex(0x88) :]  # what closes comes last
        code, reason = int.from_bytes(said[2:4], "big"), said[4:].decode()
        told = re.fullmatch(r"\D*([\d.]+) .*; (\w+) allows ([\d.]+)", reason)
        assert told, reason
        return {"code": code, "limit": told[2], "allowed": float(told[3]), "found": float(told[1])}

    async def subscribed(self, *clients: GraphClient, units: int = 1) -> Extensions:
        """What the last of these clients is told, each of whom subscribes on a connection of his own."""
        async with AsyncExitStack() as stack:
            for client in clients:
                board = await stack.enter_async_context(self.server.board(client))
                told = await _subscribed(board, [self.root_id] * units)
        return told

    async def subscribed_twice(self) -> Extensions:
        """What a client is told who subscribes a second time on the same connection."""
        async with self.server.board(self.admin) as board:
            await _subscribed(board, [self.root_id])
            return await _subscribed(board, [self.root_id])

    async def watching(self, other: GraphClient) -> Extensions:
        """What the admin is told while this one has a WebSocket."""
        async with self.server.board(other):
            return await self.asked("{ __typename }")

    async def beside(self, others: int, request: bytes) -> Extensions:
        """What is said where so many connections are in use: bodies that come fast, and half heads beyond ten."""
        async with AsyncExitStack() as stack:
            for number in range(others):
                _, writer = await stack.enter_async_context(connection(self.server.port))
                writer.write(lasting("60024", b" " * 60_000) if number < 10 else head()[:-2])
            await asyncio.sleep(0.1)  # the server has them all
            return await self.said(request)


async def _subscribed(board: Board, unit_ids: list[str]) -> Extensions:
    await board.subscribe(unit_ids, "changedAt")
    message = await board.hear()
    return dict(message["payload"][0]["extensions"]) if message["type"] == "error" else {}


def _first(answer: Any) -> Extensions:
    return dict(answer["errors"][0]["extensions"])


def _of(client: GraphClient) -> dict[str, str]:
    return {**client.headers, "accept": "application/json"}


def _token(place: Place) -> str:
    return f"Authorization: {place.admin.headers['authorization']}"


@dataclass(frozen=True, slots=True)
class Case:
    """How a limit is met where it allows so much, and what is told; a `found` that nobody can foretell is None."""

    allowed: float
    code: str | int
    found: float | None
    meet: Callable[[Place], Awaitable[Extensions]]
    besides: dict[str, Any] = field(default_factory=dict)
    limit: str = ""


def asks(query: str, **variables: Any) -> Callable[[Place], Awaitable[Extensions]]:
    """Sends an operation."""
    return lambda place: place.asked(query, **variables)


def says(request: bytes) -> Callable[[Place], Awaitable[Extensions]]:
    """Sends these bytes."""
    return lambda place: place.said(request)


async def _again(place: Place) -> Extensions:
    await place.admin.ask("{ __typename }")
    return await place.asked("{ __typename }")


RECKONING: Final = {
    "list_size": "nothing is refused by it: it is what lists are reckoned with",
    "own_operations": "nothing is refused by it: who has more under way waits for his turn, while his time lasts",
    "company_operations": "nothing is refused by it either: they wait",
}
"""Fields of `Limits` that refuse nothing, with what they are."""

CASES: Final = {
    "document_characters": Case(100, "DOCUMENT_TOO_LONG", 113, asks("{ __typename }" + " " * 99)),
    "document_tokens": Case(50, "TOO_MANY_TOKENS", 62, asks("{" + "a " * 60 + "}")),
    "document_depth": Case(2, "TOO_DEEP", 3, asks("{ company { root { name } } }")),
    "document_nesting": Case(5, "TOO_NESTED", 6, asks("{ a { ... { ... { ... { ... { b } } } } } }")),
    "document_selections": Case(
        5,
        "TOO_NESTED",
        6,
        asks(
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...D }"
            " fragment D on Query { ...E } fragment E on Query { __typename }"
        ),
    ),
    "document_arguments": Case(5, "TOO_MANY_ARGUMENTS", 6, asks("{ a(b: 1 b: 2 b: 3 b: 4 b: 5 b: 6) }")),
    "document_breadth": Case(2, "TOO_BROAD", 3, asks("{ a b c }")),
    "document_fields": Case(10, "TOO_MANY_FIELDS", 12, asks("{ a { b c d } e { f g h } i { j k l } }")),
    "document_aliases": Case(0, "TOO_MANY_ALIASES", 1, asks("{ a: __typename }")),
    "document_comments": Case(1, "TOO_MANY_COMMENTS", 2, asks("# one\n# two\n{ __typename }")),
    "document_directives": Case(1, "TOO_MANY_DIRECTIVES", 2, asks("{ a @b @c }")),
    "document_merges": Case(
        100, "TOO_MANY_MERGES", 101, asks("{ company { root {" + "children { name } " * 30 + "} } }")
    ),
    # Three operations spread two fragments each, and find two: four steps are taken for each of them.
    "document_spreads": Case(
        10,
        "TOO_MANY_SPREADS",
        12,
        asks(
            "query A { ...A ...B } query B { ...B ...C } query C { ...C ...A } query D { ...A } query E { ...B }"
            " fragment A on Query { __typename } fragment B on Query { __typename } fragment C on Query { __typename }",
        ),
    ),
    "operation_cost": Case(10_100, "TOO_COSTLY", 10_102, asks("{ orgUnits(first: 50) { nodes { key } } }")),
    "operation_seconds": Case(0.0001, "TOO_SLOW", None, asks("{ company { root { name } } }")),
    "operation_rows": Case(
        100,
        "TOO_MANY_ROWS",
        None,
        asks("{" + "".join(f" a{n}: auditLog(first: {n + 10}) {{ nodes {{ id }} }}" for n in range(20)) + "}"),
    ),
    "search_characters": Case(5, "SEARCH_TOO_LONG", 6, asks('{ opportunities(text: "abcdef") { totalCount } }')),
    "variables_depth": Case(2, "VARIABLES_TOO_DEEP", 3, asks("{ __typename }", a=[[1]])),
    "variables_values": Case(10, "TOO_MANY_VALUES", 11, asks("{ __typename }", a=[1] * 10)),
    "variables_items": Case(10, "LIST_TOO_LONG", 11, asks("{ __typename }", a={"b": [[1] * 11, [1]]})),
    "batch_operations": Case(2, "BATCH_TOO_LARGE", 3, lambda place: place.sent_together(*["{ __typename }"] * 3)),
    "batch_cost": Case(
        10,
        "BATCH_TOO_COSTLY",
        12,
        lambda place: place.sent_together(*["{ a: company { name } b: company { name } c: company { name } }"] * 2),
        {"batch_operations": 2},
    ),
    # The path, `Host` and `X-A` come to 8 + 9 + 7 bytes as they are counted.
    "head_bytes": Case(2_000, "HEAD_TOO_LARGE", 2_024, says(head(f"X-A: {'a' * 2_000}"))),
    "head_fields": Case(20, "HEAD_TOO_LARGE", 21, says(head(*(f"X-{n}: a" for n in range(20))))),
    "head_seconds": Case(0.2, "TOO_SLOW", None, says(head(JSON)[:-2])),
    "request_seconds": Case(0.2, "TOO_SLOW", None, says(head(JSON)[:-2])),
    "body_bytes": Case(
        2_000, "BODY_TOO_LARGE", 2_001, lambda place: place.said(post(b" " * 2_001, JSON, _token(place)))
    ),
    "stranger_bytes": Case(2_000, "BODY_TOO_LARGE", 2_001, says(post(b" " * 2_001, JSON))),
    "body_chunks": Case(100, "TOO_MANY_CHUNKS", 101, says(chunked(b"1\r\na\r\n" * 101))),
    "open_connections": Case(10, "TOO_MANY_CONNECTIONS", 11, lambda place: place.beside(10, GOOD)),
    "own_connections": Case(1, "TOO_MANY_CONNECTIONS", 2, lambda place: place.watching(place.admin)),
    "company_connections": Case(1, "TOO_MANY_CONNECTIONS", 2, lambda place: place.watching(place.service)),
    "spare_connections": Case(
        2,
        "TOO_MANY_CONNECTIONS",
        13,
        lambda place: place.beside(12, b""),
        {"open_connections": 10},
        limit="open_connections",
    ),
    "waiting_requests": Case(3, "TOO_MANY_REQUESTS", 4, says(GOOD * 6)),
    "message_bytes": Case(1_000, 1009, 1_001, lambda place: place.closed(frame(TEXT, b" " * 1_001))),
    "greeting_bytes": Case(1_000, 1009, 1_001, lambda place: place.closed(frame(TEXT, b" " * 1_001))),
    "message_frames": Case(
        3, 1009, 4, lambda place: place.closed(frame(TEXT, b"{", final=False) + frame(0, b" ", final=False) * 3)
    ),
    "socket_frames": Case(20, 1008, 21, lambda place: place.closed(frame(PING) * 21)),
    "greeting_seconds": Case(0.2, 4408, None, lambda place: place.closed()),
    "live_subscriptions": Case(
        1, "TOO_MANY_SUBSCRIPTIONS", 2, lambda place: place.subscribed(place.admin, place.service)
    ),
    "own_subscriptions": Case(1, "TOO_MANY_SUBSCRIPTIONS", 2, lambda place: place.subscribed(place.admin, place.admin)),
    "company_subscriptions": Case(
        1, "TOO_MANY_SUBSCRIPTIONS", 2, lambda place: place.subscribed(place.admin, place.service)
    ),
    "connection_subscriptions": Case(1, "TOO_MANY_SUBSCRIPTIONS", 2, lambda place: place.subscribed_twice()),
    "subscription_units": Case(2, "TOO_MANY_UNITS", 3, lambda place: place.subscribed(place.admin, units=3)),
    "answer_bytes": Case(
        1_000, "ANSWER_TOO_LARGE", None, asks("{" + "".join(f" a{n}: __typename" for n in range(90)) + "}")
    ),
    "token_cost_per_minute": Case(1_500, "RATE_LIMITED", 1_001, _again),
    "company_cost_per_minute": Case(1_500, "RATE_LIMITED", 1_001, _again, {"token_cost_per_minute": 0}),
}


@pytest.mark.parametrize("name", [name for name in Limits.model_fields if name not in RECKONING])
async def test_it_is_told_which_limit_and_by_how_much(
    name: str, database: Database, database_url: str, tmp_path: Path
) -> None:
    """A limit without a case here is one of which nobody knows what it says."""
    assert name in CASES, f"how {name} is met, and what is told then, has no case"
    case = CASES[name]
    new = NewCompany(key="acme", name="Acme", currency="CNY", time_zone="Asia/Shanghai")
    founder = NewMember("Ada", role="admin", key="ada")
    host = PolicyHost(built_in_plugins())
    acme = await found_company(database, host, new, founder, subject="tests", now=NOW)
    settings: dict[str, Any] = {**case.besides, name: case.allowed}
    async with live_server(database_url, tmp_path, Moment(NOW), **settings) as server:
        admin = server.graph.admin(acme.company.id, acme.admin_id)
        service = Identity(acme.company.id, "service", Role.SERVICE, scopes=frozenset({"graph:read"}))
        root_id = encode_id("OrgUnit", acme.root_id)
        told = await case.meet(Place(server, admin, server.graph.signed_in(service), root_id))
    limit = case.limit or name
    allowed = case.besides[limit] if case.limit else case.allowed
    assert (told.get("code"), told.get("limit"), told.get("allowed")) == (case.code, limit, allowed)
    assert told["found"] == case.found or (case.found is None and told["found"] >= allowed)


def test_there_is_no_case_of_what_is_no_limit() -> None:
    """Each is of a field that there is."""
    assert CASES.keys() | RECKONING.keys() == Limits.model_fields.keys()
