"""Fields of a request's head that come twice: no two parts of the server, nor a proxy and it, may read them otherwise.

What may come once (RFC 9110, 5.3) is refused where it comes twice, also with the same value; lists are one list.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from benchmarks.abuse.http_requests import get, post
from benchmarks.abuse.sending import connection
from benchmarks.abuse.websocket_sending import handshake

from quotaloom.platform.database import Database
from tests.acceptance.companies import planned_company
from tests.graph_client import GraphClient, Moment
from tests.integration.live.boards import live_server
from tests.integration.live.conftest import NOW

SWITCHED = b"HTTP/1.1 101 "
JSON = "Content-Type: application/json"
MEMBERS = b'{"query":"{ members(first: 50) { totalCount } }"}'
ZOE = b'{"query":"mutation { createMember(input: { name: \\"Zoe\\" }) { errors { code } } }"}'
LARGE = b'{"query":"{ __schema { types { name description } } }"}'


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request."""

    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of its error."""
        return str(orjson.loads(self.body)["errors"][0]["extensions"]["code"])


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends requests as they are written."""

    port: int
    admin: GraphClient
    other: GraphClient
    plan_id: str

    async def send(self, request: bytes) -> Answer:
        """The answer to a request, after which the connection ends, unless it becomes a WebSocket."""
        async with connection(self.port) as (reader, writer):
            writer.write(request)
            async with asyncio.timeout(20):
                head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
                body = b"" if head.startswith(SWITCHED) else await reader.read()
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Answer(int(first.split(" ")[1]), fields, body)

    async def members(self) -> int:
        """How many members the company has."""
        return int((await self.admin.ask("{ members(first: 50) { totalCount } }"))["members"]["totalCount"])


@pytest.fixture
async def sender(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Sender]:
    """A server with two companies; who sends is the admin of one, and knows a token of the other."""
    async with live_server(database_url, tmp_path, Moment(NOW), cors_origins="http://a.example") as server:
        acme, other = [await planned_company(database, server.graph, key, NOW) for key in ("acme", "other")]
        yield Sender(server.port, acme.graph, other.graph, acme.ids["plan"])


def authorization(client: GraphClient) -> str:
    """The field that says who sends."""
    return f"Authorization: {client.headers['authorization']}"


ONCE = {
    "Content-Type": ("application/json", "text/plain"),
    "Idempotency-Key": ("7c1e", "7c1f"),
    "Origin": ("http://a.example", "http://b.example"),
    "Quotaloom-Company": ("acme", "other"),
}
"""Fields that may come once, with two values."""


def orders(name: str) -> list[Sequence[str]]:
    """Both values of a field, in either order, and the first one twice."""
    one, two = (f"{name}: {value}" for value in ONCE[name])
    return [(one, two), (two, one), (one, one)]


@pytest.mark.parametrize(
    ("name", "fields"), [pytest.param(name, fields, id=" ".join(fields)) for name in ONCE for fields in orders(name)]
)
async def test_what_may_come_once_is_refused_where_it_comes_twice(
    sender: Sender, name: str, fields: Sequence[str]
) -> None:
    """With 400, and nothing is done."""
    before = await sender.members()
    usual = [] if name == "Content-Type" else [JSON]
    answer = await sender.send(post(ZOE, *usual, *fields, authorization(sender.admin), "Connection: close"))
    assert (answer.status, await sender.members()) == (400, before)
    assert answer.code == "BAD_REQUEST"


@pytest.mark.parametrize("order", ["good and other", "other and good", "good and bad", "bad and good", "good twice"])
@pytest.mark.parametrize("way", ["POST", "GET", "a file", "a WebSocket"])
async def test_nobody_says_twice_who_he_is(sender: Sender, way: str, order: str) -> None:
    """Whether it is another one, one who is unknown or the same: on no way into the server."""
    known = {
        "good": authorization(sender.admin),
        "other": authorization(sender.other),
        "bad": "Authorization: Bearer x",
    }
    first, _, second = order.partition(" and ")
    fields = [known[first], known[second]] if second else [known["good"]] * 2
    request = {
        "POST": post(MEMBERS, JSON, *fields, "Connection: close"),
        "GET": get("/graphql?query=%7B__typename%7D", *fields, "Connection: close"),
        "a file": get(f"/plans/{sender.plan_id}/template.csv", *fields, "Connection: close"),
        "a WebSocket": handshake(*fields),
    }[way]
    assert (await sender.send(request)).status == 400


@pytest.mark.parametrize("lengths", [(0, 1), (1, 0), (0, 0)], ids=["as it is, longer", "longer, as it is", "the same"])
async def test_a_body_has_one_length(sender: Sender, lengths: Sequence[int]) -> None:
    """Two would let one request hide in another."""
    fields = [f"Content-Length: {len(MEMBERS) + more}" for more in lengths]
    usual = [JSON, authorization(sender.admin), "Connection: close"]
    answer = await sender.send(get("/graphql", *usual, *fields, method="POST") + MEMBERS)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("Accept", ("text/html", "application/graphql-response+json"), "content-type"),
        ("Accept", ("application/json;q=0.5", "application/graphql-response+json"), "content-type"),
        ("Accept-Encoding", ("identity;q=0.5", "gzip"), "content-encoding"),
        ("Accept-Encoding", ("br", "zstd;q=0.2"), "content-encoding"),
    ],
)
async def test_lists_in_two_fields_are_one_list(sender: Sender, name: str, values: Sequence[str], told: str) -> None:
    """In either order, as if they were written in one field."""
    usual = [JSON, authorization(sender.admin), "Connection: close"]
    for one, two in (values, values[::-1]):
        apart = await sender.send(post(LARGE, *usual, f"{name}: {one}", f"{name}: {two}"))
        together = await sender.send(post(LARGE, *usual, f"{name}: {one}, {two}"))
        assert (apart.status, apart.fields.get(told)) == (together.status, together.fields.get(told))
        assert together.status == 200
