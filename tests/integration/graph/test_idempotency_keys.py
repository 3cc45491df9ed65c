"""Mutations that come again with the same key: one effect, one answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
    is_required_argument,
)

from quotaloom.platform.database import Database
from quotaloom_graphql.nodes import split_id
from tests.acceptance.api_company import api_company
from tests.graph_client import GraphClient
from tests.integration.graph.asking import ask, ask_once, gid
from tests.integration.graph.test_every_mutation import MUTATIONS, as_whom, written
from tests.integration.graph.valid_calls import VALID
from tests.integration.graph.worlds import NOTHING, small_world
from tests.integration.pool.seas import sea_for
from tests.progress import Progress, stepwise

SECRET = {"createApiKey": "secret"}
"""What is told the first time alone."""

ZOE = """mutation ($name: String!) { createMember(input: { name: $name }) {
    member { id name } errors { path code message } } }"""


def selection(kind: GraphQLObjectType) -> str:
    """All of a payload that needs no arguments, and the leaves of the objects that it shows."""
    leaves = (GraphQLScalarType, GraphQLEnumType)

    def fields(of: GraphQLObjectType, *, objects: bool) -> str:
        found = ["__typename"]
        for name, field in of.fields.items():
            named = get_named_type(field.type)
            if any(is_required_argument(argument) for argument in field.args.values()):
                continue
            if isinstance(named, leaves):
                found.append(name)
            elif objects and isinstance(named, GraphQLObjectType):
                found.append(f"{name} {{ {fields(named, objects=False)} }}")
        return " ".join(found)

    return fields(kind, objects=True)


MOVING = frozenset({"postAchievements", "decomposeTarget", "payIncentiveRun", "transferRecords"})
"""They move money, targets and ownership: each is sent a hundred times at once, and by `make soak` all others too."""

TRIALS = frozenset({"askWhatIf", "simulatePolicy"})
"""They store nothing, so that no answer need be kept."""


@pytest.fixture
async def elsewhere(database: Database, database_url: str) -> AsyncIterator[Database]:
    """The same database as another process has it."""
    other = Database(database_url, pool_size=3)
    await other.connect()
    yield other
    await other.close()


@pytest.mark.parametrize(
    "often", [MOVING, pytest.param(frozenset(VALID) - TRIALS, marks=pytest.mark.soak)], ids=["few", "all"]
)
async def test_every_mutation_is_done_once(
    database: Database,
    elsewhere: Database,
    often: Collection[str],
    record_property: Callable[[str, object], None],
    progress: Progress,
) -> None:
    """Each is sent with a key, some a hundred times at once to two processes, and then again: all that it can show is
    the same every time, and only the first changed anything.

    Whatever else is sent with the key is refused, and changes nothing either: another document, or the same one with a
    single variable that is another.
    """
    world = await small_world(database)
    here, company_id = world.floor, world.floor.work.company.id
    there = replace(here, work=replace(here.work, database=elsewhere))
    sent_in_all = 0
    for name in stepwise(progress, list(VALID), "a mutation is sent again and again"):
        kind, fields = MUTATIONS[name].args["input"].type, selection(get_named_type(MUTATIONS[name].type))
        query = f"mutation ($input: {kind}) {{ {name}(input: $input) {{ {fields} }} }}"
        sent = {"input": VALID[name](world)}
        floors = [here, there] * 50 if name in often else [here]
        answers = await asyncio.gather(
            *(ask_once(floor, f"key of {name}", query, as_whom(name), **sent) for floor in floors)
        )
        sent_in_all += len(floors)
        assert len(secrets(name, answers)) == (name in SECRET), name
        first, errors = answers[0]
        assert answers == [(first, [])] * len(floors), f"{name}: {errors}"
        assert first is not None
        assert first[name].get("errors", []) == [], name
        before = await written(database, company_id)
        again = [await ask_once(floor, f"key of {name}", query, as_whom(name), **sent) for floor in (here, there)]
        assert secrets(name, again) == [], name
        assert again == [(first, [])] * 2, name
        other = f"mutation ($input: {kind}) {{ {name}(input: $input) {{ {fields} again: __typename }} }}"
        _, refused = await ask_once(here, f"key of {name}", other, as_whom(name), **sent)
        assert refused == ([] if name in TRIALS else ["IDEMPOTENCY_KEY_REUSED"]), name
        varied = {"input": another(kind, sent["input"])}
        assert varied != sent, name
        _, refused = await ask_once(here, f"key of {name}", query, as_whom(name), **varied)
        assert refused == ([] if name in TRIALS else ["IDEMPOTENCY_KEY_REUSED"]), f"{name} with {varied}"
        assert await written(database, company_id) == before, f"{name} was done again"
    record_property("mutations", len(VALID))
    record_property("of these a hundred times at once", len(often))
    record_property("requests", sent_in_all)


VARIED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "String": lambda text: f"{text}x",
    "ID": lambda text: gid(split_id(text)[0], NOTHING),
    "Int": lambda number: number + 1,
    "Boolean": lambda truth: not truth,
    "Decimal": lambda amount: f"{amount}1" if "." in amount else f"{amount}.1",
    "JSON": lambda value: {**value, "another": 1},
    "Date": lambda day: (date.fromisoformat(day) + timedelta(1)).isoformat(),
    "DateTime": lambda moment: moment.replace("T00", "T01"),
    "Time": lambda time: time.replace(":00", ":01"),
}
"""Another value, by the scalar's name."""


def another(of: GraphQLInputType, value: Any) -> Any:
    """The value of an input type with one place that has another value: the first that can."""
    kind: Any = get_nullable_type(of)
    if value is None:
        return None
    if isinstance(kind, GraphQLList):
        return [another(kind.of_type, value[0]), *value[1:]] if value else value
    if isinstance(kind, GraphQLInputObjectType):
        for name, field in kind.fields.items():
            if name in value and (varied := another(field.type, value[name])) != value[name]:
                return {**value, name: varied}
        return value
    if isinstance(kind, GraphQLEnumType):
        return next((other for other in kind.values if other != value), value)
    return VARIED[kind.name](value)


def secrets(name: str, answers: Sequence[tuple[dict[str, Any] | None, list[str]]]) -> list[str]:
    """The secrets that the answers to a mutation tell, which are taken out of them."""
    told = [data[name].pop(SECRET[name], None) for data, _ in answers if data and name in SECRET]
    return [secret for secret in told if secret is not None]


async def test_records_are_claimed_once_however_often_it_is_sent(database: Database, elsewhere: Database) -> None:
    """A hundred claims of the next two records with one key, sent to two processes, take two of ten; all are told of
    the same two."""
    sea = await sea_for(database)
    there = replace(sea.floor, work=replace(sea.floor.work, database=elsewhere))
    await sea.customers(10)
    query = """mutation ($pool: ID!) { claimNextRecords(input: { poolId: $pool, count: 2 }) {
        results { recordId done } errors { code } } }"""
    pool = gid("Pool", sea.pool)
    answers = await asyncio.gather(
        *(ask_once(floor, "claim", query, "ann", pool=pool) for floor in [sea.floor, there] * 50)
    )
    assert len(answers) == 100
    (results,) = {str(data["claimNextRecords"]["results"]) for data, errors in answers if data and not errors}
    assert results.count("'done': True") == 2
    held = await ask(sea.floor, "{ heldRecords { totalCount } }", "ann")
    assert held == {"heldRecords": {"totalCount": 2}}
    _, errors = await ask_once(sea.floor, "claim", query.replace("count: 2", "count: 3"), "ann", pool=pool)
    assert errors == ["IDEMPOTENCY_KEY_REUSED"]


def test_all_that_is_told_once_is_known() -> None:
    """No payload has another field that is called a secret, a token or a password."""
    words = ("secret", "token", "password")
    found = {
        (name, field)
        for name, mutation in MUTATIONS.items()
        for field in get_named_type(mutation.type).fields
        if any(word in field.lower() for word in words)
    }
    assert found == set(SECRET.items())


async def test_a_secret_is_told_once_and_kept_nowhere(database: Database) -> None:
    """Sent again, the new API key is shown without its secret, of which the stored answer has nothing."""
    world = await small_world(database)
    query = """mutation { createApiKey(input: { name: "CRM", scopes: ["graph:read"] }) {
        apiKey { id } secret errors { code } } }"""
    first, _ = await ask_once(world.floor, "crm", query)
    assert first is not None
    secret = first["createApiKey"]["secret"]
    assert secret.startswith("qlk_")
    again, _ = await ask_once(world.floor, "crm", query)
    assert again == {"createApiKey": {**first["createApiKey"], "secret": None}}
    async with database.snapshot(world.floor.work.company.id) as snapshot:
        (kept,) = await snapshot.fetch("SELECT answers::text FROM kept_answer")
    assert secret.rpartition("_")[2] not in kept["answers"]


async def test_a_key_is_known_to_whoever_used_it(database: Database) -> None:
    """Ann and Bob each enter a customer under one key: two are entered, and each is answered with his own again."""
    world = await small_world(database)
    query = 'mutation { createCustomer(input: { name: "Hooli" }) { customer { id } errors { code } } }'
    told = [await ask_once(world.floor, "once", query, who) for who in ("ann", "bob", "ann", "bob")]
    ids = [data["createCustomer"]["customer"]["id"] for data, _ in told if data is not None]
    assert ids == [ids[0], ids[1], ids[0], ids[1]]
    assert ids[0] != ids[1]


async def send(graph: GraphClient, key: str | None, query: str = ZOE, extensions: Any = None, **variables: Any) -> Any:
    """The whole response to an operation, with a key in the header and extensions in the body."""
    headers = graph.headers | ({} if key is None else {"Idempotency-Key": key})
    body = {"query": query, "variables": variables, "extensions": extensions}
    return (await graph.http.post("/graphql", json=body, headers=headers)).json()


def code(answer: Any) -> str:
    """The code of the only error."""
    (error,) = answer["errors"]
    found: str = error["extensions"]["code"]
    return found


async def test_a_key_comes_as_a_header_or_in_the_extensions(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Bare, in quotation marks, and where an operation has no headers, it is the same key; two keys are refused."""
    async with api_company(database, database_url, tmp_path) as acme:
        first = await send(acme.graph, "9f3c", name="Zoe")
        assert first["data"]["createMember"]["member"]["name"] == "Zoe"
        assert await send(acme.graph, '"9f3c"', name="Zoe") == first
        assert await send(acme.graph, None, extensions={"idempotencyKey": "9f3c"}, name="Zoe") == first
        assert await send(acme.graph, "9f3c", ZOE.replace("{ id name }", "{ id  name }"), name="Zoe") == first
        assert code(await send(acme.graph, "9f3c", name="Eve")) == "IDEMPOTENCY_KEY_REUSED"
        assert (
            code(await send(acme.graph, "9f3c", ZOE.replace("id name", "id"), name="Zoe")) == "IDEMPOTENCY_KEY_REUSED"
        )
        assert code(await send(acme.graph, "9f3c", extensions={"idempotencyKey": "a"}, name="Zoe")) == "BAD_KEY"
        assert code(await send(acme.graph, None, extensions={"idempotencyKey": 7}, name="Zoe")) == "BAD_KEY"
        assert code(await send(acme.graph, "k" * 201, name="Zoe")) == "BAD_KEY"
        assert (await send(acme.graph, "9f3c", "{ members { totalCount } }"))["data"]["members"]["totalCount"] == 2


async def test_what_is_refused_may_be_mended_under_the_same_key(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """A refusal keeps nothing; once done, the same again shows the member as she stands by now."""
    async with api_company(database, database_url, tmp_path) as acme:
        refused = await send(acme.graph, "form", name="")
        assert refused["data"]["createMember"]["errors"][0]["path"] == ["name"]
        made = await send(acme.graph, "form", name="Zoe")
        assert made["data"]["createMember"]["errors"] == []
        renamed = {"id": made["data"]["createMember"]["member"]["id"], "name": "Zoë"}
        await acme.graph.do("updateMember", "member { name }", **renamed)
        again = await send(acme.graph, "form", name="Zoe")
        assert again["data"]["createMember"]["member"] == renamed


async def test_each_field_of_a_mutation_is_done_once(database: Database, database_url: str, tmp_path: Path) -> None:
    """Where the first of two is done and the second refused, sending both again does the second alone."""
    both = """mutation { first: createMember(input: { name: "Zoe" }) { member { id } errors { code } }
        second: updateMember(input: { id: "%s", name: "Ada L.", expectedVersion: 2 }) {
            member { name } errors { code } }
        }"""
    async with api_company(database, database_url, tmp_path) as acme:
        query = both % acme.ids["Ada"]
        once = await send(acme.graph, "two", query)
        assert once["data"]["second"] == {"member": None, "errors": [{"code": "STALE"}]}
        await acme.graph.do("updateMember", "member { version }", id=acme.ids["Ada"], email="ada@example.com")
        again = await send(acme.graph, "two", query)
        assert again["data"] == {
            "first": once["data"]["first"],
            "second": {"member": {"name": "Ada L."}, "errors": []},
        }
        assert await send(acme.graph, "two", query) == again
        assert (await send(acme.graph, None, "{ members { totalCount } }"))["data"]["members"]["totalCount"] == 2
