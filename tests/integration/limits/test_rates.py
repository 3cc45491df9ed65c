"""Who asks for too much in a minute is told when to come back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from tests.founding import found
from tests.graph_client import GraphClient, serving
from tests.integration.targets.planning import NOON


async def test_what_is_too_much_for_a_minute_is_refused_with_the_seconds_to_wait(
    database_url: str, tmp_path: Path
) -> None:
    """A token has 2,500: two operations count 1,001 each, their text 157; the third is refused, in either type."""
    async with serving(database_url, tmp_path, NOON, token_cost_per_minute=2_500) as graph:
        ann = graph.signed_in(Identity(1, "ann", Role.MEMBER, 1))
        for _ in range(2):
            assert (await ann.ask("{ __typename }")) == {"__typename": "Query"}
        for accept in ("application/json", "application/graphql-response+json"):
            answer = await ann.http.post(
                "/graphql", json={"query": "{ __typename }"}, headers={**ann.headers, "accept": accept}
            )
            told = answer.json()["errors"][0]["extensions"]
            assert (answer.status_code, told["code"], told["limit"]) == (429, "RATE_LIMITED", "token_cost_per_minute")
            assert (told["allowed"], told["found"]) == (2_500, 1_001)
            assert answer.headers["retry-after"] == str(told["retryAfter"])
            assert 1 <= told["retryAfter"] <= 16  # 660 lack at the most, at 41.7 a second
        other = graph.signed_in(Identity(1, "bob", Role.MEMBER, 2))
        assert (await other.ask("{ __typename }")) == {"__typename": "Query"}


REFUSED = [
    ("{ nothing }", {}),
    ("{ a", {}),
    ("{ ...A } fragment A on Query { ...A }", {}),
    ("{" + "a " * 300 + "}", {}),
    (
        "{ orgUnits(first: 500) { nodes { opportunities(first: 500) { activities(first: 500) { nodes { id } } } } } }",
        {},
    ),
    ("{ __typename }", {"a": [[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]}),
    ("query A { __typename } query B { __typename }", {}),
    ("subscription { notificationAdded { unread } }", {}),
]
"""Not valid, not readable, hostile, too broad, too costly, with too deep variables, without a name, out of place."""


async def test_what_is_refused_for_what_it_asks_counts_as_well(database_url: str, tmp_path: Path) -> None:
    """Each refusal takes 50,000 of a token's 2,500: then no document of its is read for a while, be it good or bad."""
    async with serving(database_url, tmp_path, NOON, token_cost_per_minute=2_500, company_cost_per_minute=0) as graph:
        for number, (query, variables) in enumerate(REFUSED):
            ann = graph.signed_in(Identity(1, f"ann {number}", Role.MEMBER, number + 1))
            first = await asked(ann, query, variables)
            second = await asked(ann, f"{{ nothing{number} }}", {})
            third = await asked(ann, "{ __typename }", {})
            assert "RATE_LIMITED" not in first.text, query
            assert (second.status_code, third.status_code) == (429, 429), query
            assert second.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


ALIASES = "query Q { " + " ".join(f"a{number:03}:__typename" for number in range(200)) + " }"
"""604 names and marks, 3,211 characters: 30,200 and 1,605 where it is not known. The answer has 200 values."""


async def test_reading_a_new_document_counts_besides(database_url: str, tmp_path: Path) -> None:
    """Of 2,500 it leaves 29,305 less than nothing; for its 1,200 there have to come 30,505, at 41.7 a second.

    It says what the operation costs as ever, once it is let in.
    """
    async with serving(database_url, tmp_path, NOON, token_cost_per_minute=2_500) as graph:
        ann = graph.signed_in(Identity(1, "ann", Role.MEMBER, 1))
        told = (await ann.send(ALIASES))["errors"][0]["extensions"]
        assert (told["code"], told["found"]) == ("RATE_LIMITED", 1_200)
        assert 700 <= told["retryAfter"] <= 733
        bob = graph.signed_in(Identity(1, "bob", Role.MEMBER, 2))
        assert (await bob.send(ALIASES))["extensions"] == {"cost": 200}  # which is known by now


async def test_a_document_that_is_known_counts_its_operation_alone(database_url: str, tmp_path: Path) -> None:
    """Of 60,000 the first time takes 33,005, and 20 more take 1,200 each."""
    async with serving(database_url, tmp_path, NOON, token_cost_per_minute=60_000) as graph:
        ann = graph.signed_in(Identity(1, "ann", Role.MEMBER, 1))
        for _ in range(21):
            assert (await ann.send(ALIASES))["extensions"] == {"cost": 200}


LONG_ONES = [
    ("query Q { nothing(a: [" + "1 " * 900 + "]) }", 912),
    ("query Q { __typename }" + "".join(f" fragment F{n} on Query {{ __typename }}" for n in range(150)), 1_055),
]
"""Hostile documents that are not valid, and how many names, values and marks they have."""


@pytest.mark.parametrize(("query", "tokens"), LONG_ONES)
async def test_a_document_that_is_refused_counts_by_its_length(
    database_url: str, tmp_path: Path, query: str, tokens: int
) -> None:
    """50 for each token and 1 for two characters, besides the 50,000: so long it takes until 1,001 are there again."""
    async with serving(database_url, tmp_path, NOON, token_cost_per_minute=2_500) as graph:
        ann = graph.signed_in(Identity(1, "ann", Role.MEMBER, 1))
        assert "RATE_LIMITED" not in str(await ann.send(query))
        told = (await ann.send("{ __typename }"))["errors"][0]["extensions"]
        lacking = tokens * 50 + len(query) // 2 + 50_000 + 1_000 - 2_500
        assert told["code"] == "RATE_LIMITED"
        assert 0 <= lacking * 60 / 2_500 - told["retryAfter"] + 1 < 30


async def test_strangers_take_nothing_from_a_company(database_url: str, tmp_path: Path) -> None:
    """Without a token, with one that is none, or with one that another key has signed for this very company."""
    async with serving(database_url, tmp_path, NOON, company_cost_per_minute=60_000) as graph:
        ann = graph.signed_in(Identity(1, "ann", Role.MEMBER, 1))
        forged = ann.headers["authorization"].rpartition(".")[0] + ".AAAA"
        for authorization in ({}, {"authorization": "Bearer a.b.c"}, {"authorization": forged}):
            for _ in range(3):
                stranger = GraphClient(graph.http, graph.authority, graph.clock, None, authorization)
                assert "errors" in await stranger.send("{ nothing }")
        assert (await ann.ask("{ __typename }")) == {"__typename": "Query"}


async def asked(client: GraphClient, query: str, variables: Mapping[str, object]) -> httpx.Response:
    """The answer to an operation."""
    body = {"query": query, "variables": variables}
    return await client.http.post("/graphql", json=body, headers=client.headers)


async def test_files_count_as_operations_do(database: Database, database_url: str, tmp_path: Path) -> None:
    """Of 2,600,000 a minute two files take 1,001,000 each; the third comes again later, and a statement still goes."""
    company = (await found(database)).company
    async with serving(database_url, tmp_path, NOON, token_cost_per_minute=2_600_000) as graph:
        service = Identity(company.id, "sheet", Role.SERVICE, scopes=frozenset({"graph:read"}))
        sheet = graph.signed_in(service)

        async def fetched(path: str) -> httpx.Response:
            return await sheet.http.get(path, headers=sheet.headers)

        paths = ("/reports/attainment.csv?period=2017", "/plans/none/template.csv", "/reports/activity.xlsx")
        *_, refused = [await fetched(path) for path in paths]
        told = refused.json()
        assert (refused.status_code, told["code"], told["limit"]) == (429, "RATE_LIMITED", "token_cost_per_minute")
        assert refused.headers["retry-after"] == str(told["retryAfter"])
        assert (await fetched("/statements/none/statement.csv")).status_code == 404


async def test_what_is_no_operation_counts_as_what_is_refused(database_url: str, tmp_path: Path) -> None:
    """Of 120,000 broken JSON takes 50,000, and so does a list where none is allowed; then little is left."""
    async with serving(database_url, tmp_path, NOON, token_cost_per_minute=120_000) as graph:
        ann = graph.signed_in(Identity(1, "ann", Role.MEMBER, 1))
        headers = {**ann.headers, "content-type": "application/json"}
        for broken in (b"{", b"[{},{}]"):
            assert (await ann.http.post("/graphql", content=broken, headers=headers)).status_code == 400
            assert await ann.ask("{ __typename }") == {"__typename": "Query"}
        assert (await ann.http.post("/graphql", content=b"{", headers=headers)).status_code == 400
        assert (await ann.send("{ __typename }"))["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_large_requests_count_before_they_are_read(database_url: str, tmp_path: Path) -> None:
    """Of 10,000 a request of 500,000 bytes takes 5,000 besides its operation: the second one comes again later."""
    async with serving(database_url, tmp_path, NOON, token_cost_per_minute=10_000) as graph:
        ann = graph.signed_in(Identity(1, "ann", Role.MEMBER, 1))
        large = {"query": "{ __typename }", "variables": {"a": "x" * 500_000}}
        first = await ann.http.post("/graphql", json=large, headers=ann.headers)
        assert first.json()["data"] == {"__typename": "Query"}
        second = await ann.http.post("/graphql", json=large, headers=ann.headers)
        told = second.json()["errors"][0]["extensions"]
        assert (second.status_code, told["code"], told["found"]) == (429, "RATE_LIMITED", 5_000)
        assert second.headers["retry-after"] == str(told["retryAfter"])
        assert await ann.ask("{ __typename }") == {"__typename": "Query"}
