"""Several operations in one request, where the operator allows it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx

from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from tests.acceptance.api_company import api_company
from tests.graph_client import serving
from tests.integration.targets.planning import NOON

HELLO = {"query": "{ __typename }"}
ADD = "mutation ($name: String!) { createMember(input: { name: $name }) { member { name } errors { code } } }"
BY_NAME = "{ members(first: 10) { nodes { name } } }"


async def sent(http: httpx.AsyncClient, operations: list[Any], headers: Any = None) -> httpx.Response:
    """The answer to a list of operations."""
    return await http.post("/graphql", json=operations, headers=headers)


def limit_of(answer: Any) -> Any:
    """What the first error of an answer says of a limit: code, limit, allowed, found."""
    told = answer["errors"][0]["extensions"]
    return tuple(told.get(name) for name in ("code", "limit", "allowed", "found"))


async def test_lists_are_refused_unless_they_are_allowed(database_url: str, tmp_path: Path) -> None:
    """By default none is answered, and where three are allowed, four are one too many: nothing is done."""
    async with serving(database_url, tmp_path, NOON) as graph:
        answer = await sent(graph.http, [HELLO, HELLO])
        assert (answer.status_code, limit_of(answer.json())) == (400, ("BATCH_TOO_LARGE", "batch_operations", 1, 2))
        answer = await sent(graph.http, [HELLO])
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]) == (400, {"code": "BAD_REQUEST"})
    async with serving(database_url, tmp_path, NOON, batch_operations=3) as graph:
        answer = await sent(graph.http, [HELLO] * 4)
        assert (answer.status_code, limit_of(answer.json())) == (400, ("BATCH_TOO_LARGE", "batch_operations", 3, 4))
        assert (await sent(graph.http, [HELLO])).json() == [
            {"data": {"__typename": "Query"}, "extensions": {"cost": 1}}
        ]


async def test_what_is_no_operation_is_told_by_its_place(database_url: str, tmp_path: Path) -> None:
    """Counted from 0; none of the others is answered then."""
    one_at_a_time = "send one operation at a time: a request is a JSON object with a `query`"
    lists: list[tuple[list[Any], str]] = [
        ([], "the list holds no operation"),
        ([HELLO, 7], f"operation 1 of the list: {one_at_a_time}"),
        ([[HELLO]], f"operation 0 of the list: {one_at_a_time}"),
        ([HELLO, {"query": 1}], "operation 1 of the list: `query` must be text"),
    ]
    async with serving(database_url, tmp_path, NOON, batch_operations=3) as graph:
        for operations, told in lists:
            answer = await sent(graph.http, operations)
            (error,) = answer.json()["errors"]
            assert (answer.status_code, error["extensions"], error["message"]) == (400, {"code": "BAD_REQUEST"}, told)


async def test_operations_are_done_in_order_and_answered_in_theirs(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """What one writes, the next one reads; one that is refused, or is none for HTTP, takes no other with it."""
    async with api_company(database, database_url, tmp_path, settings={"batch_operations": 5}) as acme:
        answer = await sent(
            acme.graph.http,
            [
                {"query": ADD, "variables": {"name": "Zoe"}},
                {"query": BY_NAME},
                {"query": "{ nothing }"},
                {"query": "subscription { notificationAdded { unread } }"},
                {"documentId": "0" * 64},
            ],
            acme.graph.headers,
        )
    made, read, refused, subscribed, unknown = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert made["data"]["createMember"] == {"member": {"name": "Zoe"}, "errors": []}
    assert {"name": "Zoe"} in read["data"]["members"]["nodes"]
    codes = [one["errors"][0]["extensions"]["code"] for one in (refused, subscribed, unknown)]
    assert codes == ["BAD_REQUEST", "BAD_REQUEST", "PERSISTED_QUERY_NOT_FOUND"]
    costs = [one["extensions"]["cost"] for one in (made, read)]
    assert answer.headers["graphql-cost"] == str(sum(costs))


async def test_all_of_a_list_cost_so_much_and_no_more(database_url: str, tmp_path: Path) -> None:
    """Of 12, five of 4 fit three times; the two that do not are refused in their places, and one of 1 still fits not.

    A smaller one that comes later is let in where there is room for it.
    """
    four = {"query": "{ a: __typename b: __typename c: __typename d: __typename }"}
    five = {"query": "{ a: __typename b: __typename c: __typename d: __typename e: __typename }"}
    async with serving(database_url, tmp_path, NOON, batch_operations=9, batch_cost=12) as graph:
        answers = (await sent(graph.http, [five, five, four, HELLO, HELLO, HELLO])).json()
    assert ["data" in one for one in answers] == [True, True, False, True, True, False]
    assert limit_of(answers[2]) == ("BATCH_TOO_COSTLY", "batch_cost", 12, 14)
    assert limit_of(answers[5]) == ("BATCH_TOO_COSTLY", "batch_cost", 12, 13)


async def test_each_of_a_list_is_charged_as_if_sent_alone(database_url: str, tmp_path: Path) -> None:
    """A token has 2,500 a minute, and each counts 1,001: two are let in; a list of which none is, is answered with 429.

    Each has the 1,000 besides that every operation counts.
    """
    options: dict[str, Any] = {"token_cost_per_minute": 2_500, "batch_operations": 3}
    async with serving(database_url, tmp_path, NOON, **options) as graph:
        ann = graph.signed_in(Identity(1, "ann", Role.MEMBER, 1))
        answer = await sent(ann.http, [HELLO] * 3, ann.headers)
        assert (answer.status_code, ["data" in one for one in answer.json()]) == (200, [True, True, False])
        assert limit_of(answer.json()[2]) == ("RATE_LIMITED", "token_cost_per_minute", 2_500, 1_001)
        assert answer.headers["retry-after"] == str(answer.json()[2]["errors"][0]["extensions"]["retryAfter"])
        assert (await sent(ann.http, [HELLO, HELLO], ann.headers)).status_code == 429


async def test_an_answer_that_is_too_large_is_told_to_each(database_url: str, tmp_path: Path) -> None:
    """The answers are sent together, and none of them once they have more bytes than an answer may."""
    long = {"query": "{ " + " ".join(f"a{number:03}: __typename" for number in range(100)) + " }"}
    async with serving(database_url, tmp_path, NOON, batch_operations=2, answer_bytes=2_500) as graph:
        assert (await graph.http.post("/graphql", json=long)).json()["data"]["a099"] == "Query"
        answers = (await sent(graph.http, [long, long])).json()
    assert [limit_of(one)[:3] for one in answers] == [("ANSWER_TOO_LARGE", "answer_bytes", 2_500)] * 2


async def test_each_of_a_list_has_its_own_idempotency_key(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """In its extensions; the header, which would be one for all, is refused, and nothing is done."""
    zoe = {"query": ADD, "variables": {"name": "Zoe"}, "extensions": {"idempotencyKey": "zoe-1"}}
    max_ = {"query": ADD, "variables": {"name": "Max"}, "extensions": {"idempotencyKey": "max-1"}}
    async with api_company(database, database_url, tmp_path, settings={"batch_operations": 3}) as acme:
        http, headers = acme.graph.http, acme.graph.headers
        refused = await sent(http, [zoe, max_], {**headers, "idempotency-key": "both"})
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]) == (400, {"code": "BAD_KEY"})
        first = (await sent(http, [zoe, max_, zoe], headers)).json()
        again = (await sent(http, [max_, zoe], headers)).json()
        assert [one["data"]["createMember"]["member"]["name"] for one in first] == ["Zoe", "Max", "Zoe"]
        assert [one["data"]["createMember"]["member"]["name"] for one in again] == ["Max", "Zoe"]
        names = [one["name"] for one in (await acme.graph.ask(BY_NAME))["members"]["nodes"]]
    assert (names.count("Zoe"), names.count("Max")) == (1, 1)


async def test_trusted_documents_are_named_in_lists_as_well(database_url: str, tmp_path: Path) -> None:
    """Each by its id; where nothing else is answered, another one is refused in its place."""
    text = "query Hello { a: __typename }"
    (tmp_path / "hello.graphql").write_text(text)
    options: dict[str, Any] = {"trusted_documents": tmp_path / "hello.graphql", "trusted_documents_only": True}
    async with serving(database_url, tmp_path, NOON, batch_operations=2, **options) as graph:
        named = {"documentId": hashlib.sha256(text.encode()).hexdigest()}
        found, refused = (await sent(graph.http, [named, {"query": "{ b: __typename }"}])).json()
    assert found["data"] == {"a": "Query"}
    assert refused["errors"][0]["extensions"] == {"code": "DOCUMENT_NOT_TRUSTED"}
