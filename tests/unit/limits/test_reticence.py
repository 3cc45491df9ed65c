"""What the production profile tells: nothing of the schema, and strangers nothing at all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import GraphQLError, get_introspection_query
from strawberry.types import ExecutionResult

from quotaloom.platform.settings import Settings
from quotaloom_graphql.schema import build_schema
from quotaloom_server.application import create_application

PRODUCTION = build_schema(production=True)
DEVELOPMENT = build_schema()

NOT_VALID = "the document is not valid for this graph; a server in the development profile says what is wrong with it"
HINT = "Did you mean"

RENAME = "mutation ($i: RenameOrgUnitInput!) { renameOrgUnit(input: $i) { errors { code } } }"
POSTED = "mutation ($i: PostAchievementsInput!) { postAchievements(input: $i) { errors { code } } }"
RANKED = "query ($k: [OrgUnitKind!]) { orgUnits(kind: $k) { totalCount } }"

GUESSES = [
    ("a field", "{ compny { key } }", {}, "company"),
    ("a type for a field", '{ node(id: "x") { kind } }', {}, "OrgUnit"),
    ("an argument", '{ orgUnit(kee: "a") { name } }', {}, "key"),
    ("an argument of a directive", "{ company @skip(iff: true) { key } }", {}, "if"),
    ("a type", "{ company { ... on Compny { key } } }", {}, "Company"),
    ("a type of a variable", "query ($i: RenameOrgUnitInpt) { company { key } }", {}, "RenameOrgUnitInput"),
    ("an enum value", "{ orgUnits(kind: DEPARTMNT) { totalCount } }", {}, "DEPARTMENT"),
    ("a text for an enum value", '{ orgUnits(kind: "DEPARTMENT") { totalCount } }', {}, "DEPARTMENT"),
    ("an enum value of a variable", RANKED, {"k": "DEPARTMNT"}, "DEPARTMENT"),
    ("an input field", 'mutation { renameOrgUnit(input: {nam: "a"}) { errors { code } } }', {}, "name"),
    ("an input field of a variable", RENAME, {"i": {"nam": "a"}}, "name"),
    ("an input field within others", POSTED, {"i": {"items": [{"amont": "1"}]}}, "amount"),
]


SENT = ("{ company { key } }", "{ compny { key } }", "{ __schema { types { name } } }", "{{{", "mutation { a }")


def only_error(result: ExecutionResult) -> GraphQLError:
    """The one error of an answer."""
    assert result.errors is not None
    (error,) = result.errors
    return error


@pytest.mark.parametrize(("query", "variables", "name"), [one[1:] for one in GUESSES], ids=[one[0] for one in GUESSES])
async def test_no_guess_is_helped_in_production(query: str, variables: dict[str, Any], name: str) -> None:
    """In development each of these is told the name that is near; in production, the first time and later, none is."""
    told = " ".join(error.message for error in (await DEVELOPMENT.execute(query, variables)).errors or ())
    assert HINT in told
    assert f"'{name}'" in told.partition(HINT)[2]
    for _ in range(2):
        errors = (await PRODUCTION.execute(query, variables)).errors
        assert errors
        assert all(error.extensions == {"code": "BAD_REQUEST"} for error in errors)
        told = " ".join(error.message for error in errors)
        assert HINT not in told
        assert name not in told


@pytest.mark.parametrize(
    "query",
    [
        "{ nothing }",
        "{ company }",
        "{ company { key { deeper } } }",
        "{ node { id } }",
        '{ orgUnit(key: "a", key: "b") { name } }',
        "{ company { a: key a: name } }",
        "{ company @nothing { key } }",
        "query ($unused: Int) { company { key } }",
        "query { company { key } } fragment Unused on Company { key }",
        "mutation { renameOrgUnit { errors { code } } }",
        "subscription { notificationAdded { unread } attainmentChanged(orgUnitIds: []) { changedAt } }",
    ],
)
async def test_every_document_that_is_not_valid_is_told_the_same(query: str) -> None:
    """Whether a name is there, what it takes and what it answers with cannot be told from the words."""
    results: list[Any] = [item async for item in await PRODUCTION.stream(query)]
    assert [[error.message for error in result.errors] for result in results] == [[NOT_VALID]]
    results = [item async for item in await DEVELOPMENT.stream(query)]
    assert NOT_VALID not in str(results)


async def test_a_value_of_a_variable_is_refused_without_the_fields_of_its_type() -> None:
    """An input that lacks everything names the variable, which the caller named himself, and nothing else."""
    for _ in range(2):
        error = only_error(await PRODUCTION.execute(RENAME, {"i": {"a": 1, "b": 2}}))
        assert error.message.startswith("the value of $i is not of the type that the document declares")
    assert "required" in str((await DEVELOPMENT.execute(RENAME, {"i": {}})).errors)


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query ($v: Int = 1) { orgUnits(first: $v) { totalCount } }", {"v": None}),
        ('query ($v: ID = "x") { node(id: $v) { id } }', {"v": None}),
        ('mutation ($v: ID = "x") { renameOrgUnit(input: {id: $v, name: "a"}) { errors { code } } }', {"v": None}),
        ("query ($v: Boolean = true) { company @skip(if: $v) { key } }", {"v": None}),
    ],
)
async def test_a_null_where_there_must_be_a_value_does_not_tell_the_type(query: str, variables: dict[str, Any]) -> None:
    """A variable with a default may be null, which is found out last; in development the type of the place is told."""
    for _ in range(2):
        error = only_error(await PRODUCTION.execute(query, variables))
        assert error.message.startswith("the value of an argument is not one that it takes")
        assert error.extensions == {"code": "BAD_REQUEST"}
    assert "non-null type" in only_error(await DEVELOPMENT.execute(query, variables)).message


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { queryType { name } } }",
        '{ __type(name: "Company") { fields { name } } }',
        "{ innocent: __schema { types { name } } }",
        "{ __typename ... { ... on Query { __schema { types { name } } } } }",
        "query { ...I } fragment I on Query { __schema { types { name } } }",
        "query { ...A } fragment A on Query { ...B } fragment B on Query { __schema { types { name } } }",
        "query ($deep: Boolean!) { __schema @include(if: $deep) { types { name } } }",
        "query A { __typename } query B { __schema { types { name } } }",
        get_introspection_query(),
    ],
)
async def test_introspection_is_off_in_production(query: str) -> None:
    """It says that it is off, since everybody knows that there could be one."""
    asked: dict[str, Any] = {"variable_values": {"deep": True}, "operation_name": "B" if "query B" in query else None}
    for _ in range(2):
        error = only_error(await PRODUCTION.execute(query, **asked))
        assert error.extensions == {"code": "INTROSPECTION_DISABLED"}
    assert (await DEVELOPMENT.execute(query, **asked)).data is not None


@pytest.mark.parametrize(
    "query",
    [
        "{ compny { key } __schema { types { name } } }",
        "{ __schema { nothing } }",
        "{ company { __schema { types { name } } } }",
        "query { company { key } } fragment Unused on Query { __schema { types { name } } }",
        "mutation { __schema { types { name } } }",
    ],
)
async def test_introspection_is_off_whatever_is_beside_it(query: str) -> None:
    """So that it does not tell whether all else is valid."""
    assert only_error(await PRODUCTION.execute(query)).extensions == {"code": "INTROSPECTION_DISABLED"}


async def test_a_value_may_look_like_introspection() -> None:
    """A document that names it in a value alone is like any other."""
    error = only_error(await PRODUCTION.execute('{ orgUnit(kee: "__schema") { __typename } }'))
    assert error.message == NOT_VALID


@pytest.fixture
async def stranger(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token, before a server in production; its database is never asked."""
    url = "postgresql://nobody@127.0.0.1:1/none"
    settings = Settings(profile="production", database_url=url, admin_database_url=url, data_dir=tmp_path)
    transport = httpx.ASGITransport(app=create_application(settings, url))
    async with httpx.AsyncClient(transport=transport, base_url="http://quotaloom.test") as http:
        yield http


async def test_strangers_are_told_nothing_in_production(stranger: httpx.AsyncClient) -> None:
    """What is valid, what is not and what is no GraphQL at all: the same answer to each."""
    answers = set()
    for query in SENT:
        for headers in ({}, {"authorization": "Bearer x.y.z"}):
            answer = await stranger.post("/graphql", json={"query": query}, headers=headers)
            (error,) = answer.json()["errors"]
            answers.add((answer.status_code, error["extensions"]["code"], bool(headers), error["message"]))
        assert (await stranger.get("/graphql", params={"query": query})).json()["errors"][0]["extensions"] == {
            "code": "UNAUTHENTICATED"
        }
    assert {code for _, code, _, _ in answers} == {"UNAUTHENTICATED"}
    assert len(answers) == 2  # one for no token, one for a token that is none


async def test_strangers_who_take_events_alone_are_told_by_the_status(stranger: httpx.AsyncClient) -> None:
    """So that their clients come back with a new token."""
    headers = {"accept": "text/event-stream"}
    answer = await stranger.post(
        "/graphql", json={"query": "subscription { notificationAdded { unread } }"}, headers=headers
    )
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_probe_is_answered_to_anybody(stranger: httpx.AsyncClient) -> None:
    """`{ __typename }` says that somebody is there, as load balancers ask."""
    for query in ("{__typename}", "query { __typename }", "query Health{ __typename }"):
        assert (await stranger.post("/graphql", json={"query": query})).json()["data"] == {"__typename": "Query"}


async def test_a_list_of_probes_is_refused_once_and_noted_once(tmp_path: Path) -> None:
    """Where lists are allowed, a thousand probes of a stranger are one answer, and so are a thousand of nonsense."""
    url = "postgresql://nobody@127.0.0.1:1/none"
    settings = Settings(
        profile="production",
        database_url=url,
        admin_database_url=url,
        data_dir=tmp_path,
        batch_operations=1_000,
    )
    transport = httpx.ASGITransport(app=create_application(settings, url))
    async with httpx.AsyncClient(transport=transport, base_url="http://quotaloom.test") as http:
        for sent in ([{"query": "{__typename}"}] * 1_000, [{"query": "{__typename}"}], ["x"] * 1_001, []):
            (error,) = (await http.post("/graphql", json=sent)).json()["errors"]
            assert error["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_strangers_are_not_told_which_documents_are_trusted(tmp_path: Path) -> None:
    """Neither by an id, nor by an id beside the text that it names or another one: they are answered alike."""
    url = "postgresql://nobody@127.0.0.1:1/none"
    documents = tmp_path / "documents.json"
    documents.write_text(json.dumps({"mine": "{ company { key } }"}))
    settings = Settings(
        profile="production",
        database_url=url,
        admin_database_url=url,
        data_dir=tmp_path,
        trusted_documents=documents,
        trusted_documents_only=True,
    )
    transport = httpx.ASGITransport(app=create_application(settings, url))
    answers = set()
    async with httpx.AsyncClient(transport=transport, base_url="http://quotaloom.test") as http:
        for query in (None, "{ company { key } }", "{ company { name } }", "}", "x" * 5_000):
            for named in (None, "mine", "yours"):
                answer = await http.post("/graphql", json={"query": query, "documentId": named})
                answers.add((answer.status_code, answer.text))
    ((status, text),) = answers
    assert (status, json.loads(text)["errors"][0]["extensions"]) == (200, {"code": "UNAUTHENTICATED"})


async def test_what_a_stranger_sends_is_not_read(stranger: httpx.AsyncClient) -> None:
    """Of more than a probe has not even the JSON: it may be broken, or hold a probe."""
    for sent in (b"{" * 2_000, b'{"query":"{__typename}"}' + b" " * 1_000):
        answer = await stranger.post("/graphql", content=sent, headers={"content-type": "application/json"})
        assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_there_is_no_page_to_ask_in_production(stranger: httpx.AsyncClient) -> None:
    """GraphiQL is for development."""
    page = await stranger.get("/graphql", headers={"accept": "text/html"})
    assert page.status_code == 404
