"""clairvoyance before a server in production, with every word of the schema in its hands: it learns nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest

from quotaloom.platform.database import Database
from tests.founding import found
from tests.graph_client import GraphClient, Moment
from tests.integration.funnels.floors import NOON
from tests.integration.graph.asking import SCHEMA
from tests.integration.live.boards import LiveServer, live_server
from tests.integration.probes.clairvoyant import Clairvoyance, installed
from tests.integration.probes.vocabulary import vocabulary

FEW = ("company", "key", "name", "root", "viewer", "orgUnit", "kind", "id")
GIVEN_UP = "It is very likely that Field Suggestion is not fully enabled on this endpoint."

WRONG = (
    "{ nothing }",
    "{ company }",
    "{ company { nothing } }",
    "{ company { key { deeper } } }",
    "{ compny { key } }",
    "{ company(key: 1) { key } }",
    "{ orgUnit(kee: 7) { name } }",
    "{ orgUnit(key: 7) { name } }",
    '{ orgUnit(key: "a", key: "b") { name } }',
    "{ orgUnits(kind: DEPARTMNT) { totalCount } }",
    '{ orgUnits(kind: "DEPARTMENT") { totalCount } }',
    "{ orgUnits(first: {}) { totalCount } }",
    "{ node { id } }",
    '{ node(id: "x") { kind } }',
    "{ company { a: key a: name } }",
    "{ company { ... on Nothing { key } } }",
    "{ company { ... on OrgUnit { key } } }",
    "{ company @nothing { key } }",
    "{ company @skip { key } }",
    "{ company @skip(iff: true) { key } }",
    "{ company { ...Nothing } }",
    "query ($unused: Int) { company { key } }",
    "query ($a: Nothing) { company { key } }",
    "query ($a: Company) { company { key } }",
    "query ($a: String) { orgUnits(first: $a) { totalCount } }",
    "query { company { key } } fragment Unused on Company { key }",
    "query { company { key } } fragment Unused on String { key }",
    "mutation { renameOrgUnit }",
    "mutation { renameOrgUnit { errors { code } } }",
    "mutation { renameOrgUnit(input: {}) { errors { code } } }",
    'mutation { renameOrgUnit(input: {id: "a", nam: "a"}) { errors { code } } }',
    "mutation { nothing(input: {}) { errors { code } } }",
    "mutation ($i: RenameOrgUnitInpt!) { renameOrgUnit(input: $i) { errors { code } } }",
)
"""Documents that are not valid, each for another reason, of names that there are and of others."""

INTROSPECTION = (
    "{ __schema { queryType { name } } }",
    '{ __type(name: "Company") { name } }',
    "{ company { key } __schema { types { name } } }",
    "{ compny { key } __schema { types { name } } }",
    "{ __schema { nothing } }",
    "{ company { __schema { types { name } } } }",
)

STRANGE = (*WRONG, *INTROSPECTION, "{ company { key } }", "{{{", "mutation { __typename }", "subscription { a }")


@pytest.fixture
def clairvoyance(tmp_path: Path) -> Clairvoyance:
    return Clairvoyance(installed(), tmp_path)


@pytest.fixture
async def production(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[LiveServer]:
    """A server in production, with an empty company."""
    settings: dict[str, Any] = {
        "profile": "production",
        "batch_operations": 2,
        "database_url": database_url,
        "admin_database_url": database_url,
    }
    async with live_server(database_url, tmp_path, Moment(NOON), **settings) as server:
        yield server


@pytest.fixture
async def admin(production: LiveServer, database: Database) -> GraphClient:
    """The admin of a company on it."""
    return production.graph.admin((await found(database)).company.id, 1)


async def test_it_learns_nothing_with_a_token(
    production: LiveServer, admin: GraphClient, clairvoyance: Clairvoyance
) -> None:
    """Given all words of the schema, it gives up at the first, of queries and of mutations."""
    url = f"http://127.0.0.1:{production.port}/graphql"
    for document in ("query { FUZZ }", "mutation { FUZZ }"):
        looked = await clairvoyance.look(url, vocabulary(SCHEMA._schema), document, admin.headers)
        assert looked.types == {}
        assert GIVEN_UP in looked.said


async def test_it_learns_nothing_without_a_token(production: LiveServer, clairvoyance: Clairvoyance) -> None:
    """Given all words of the schema, it gives up at the first."""
    url = f"http://127.0.0.1:{production.port}/graphql"
    looked = await clairvoyance.look(url, vocabulary(SCHEMA._schema), "query { FUZZ }", {})
    assert (looked.types, GIVEN_UP in looked.said) == ({}, True)


async def test_it_learns_from_a_server_in_development(
    database_url: str, tmp_path: Path, clairvoyance: Clairvoyance
) -> None:
    """With 8 words it finds them, types, and fields that are none of them: it is a probe that can succeed."""
    async with live_server(database_url, tmp_path, Moment(NOON)) as server:
        looked = await clairvoyance.look(f"http://127.0.0.1:{server.port}/graphql", FEW, "query { FUZZ }", {})
    assert {"company", "orgUnit", "viewer"} <= looked.types["Query"]
    assert set().union(*looked.types.values()) > set(FEW)


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_whatever_is_wrong_is_told_in_the_same_bytes(
    production: LiveServer, admin: GraphClient, accept: str
) -> None:
    """Status, headers and body are the same for all documents that are not valid, the first time and later.

    So they are for all that ask for introspection, be the rest of them valid or not.
    """
    for documents, code in ((WRONG, "BAD_REQUEST"), (INTROSPECTION, "INTROSPECTION_DISABLED")):
        ((_, headers, body),) = await told(admin, [*documents, *documents], accept)
        assert json.loads(body)["errors"][0]["extensions"] == {"code": code}
        assert json.loads(body).keys() == {"errors"}
        assert "graphql-cost" not in headers


async def test_strangers_are_told_the_same_bytes_of_everything(production: LiveServer) -> None:
    """Of what is valid or not, of introspection, of what is no GraphQL, of lists, and of ids that nobody registered."""
    ((_, _, body),) = await told(production.graph, STRANGE, "application/json")
    assert json.loads(body)["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    named = await production.graph.http.post("/graphql", json={"documentId": "sha256:0"})
    assert named.content == body
    listed = await production.graph.http.post("/graphql", json=[{"documentId": "sha256:0"}, {"query": WRONG[0]}])
    assert listed.content == body


async def told(client: GraphClient, documents: Iterable[str], accept: str) -> set[tuple[int, str, bytes]]:
    """Whatever is answered to documents: status, headers but the time, and body."""
    answers = set()
    for document in documents:
        answer = await client.http.post(
            "/graphql", json={"query": document}, headers={**client.headers, "accept": accept}
        )
        headers = sorted((name, value) for name, value in answer.headers.items() if name != "date")
        answers.add((answer.status_code, str(headers), answer.content))
    return answers
