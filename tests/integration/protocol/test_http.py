"""GraphQL over HTTP beyond the audits: which operation is meant, and what a refusal looks like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from quotaloom.platform.database import Database
from quotaloom_server.media_types import JSON, RESPONSE
from tests.acceptance.api_company import api_company
from tests.graph_client import serving
from tests.integration.targets.planning import NOON

TWO = "query A { a: __typename } query B { b: __typename } mutation C { c: __typename }"


async def sent(http: httpx.AsyncClient, accept: str = RESPONSE, **body: Any) -> tuple[int, Any]:
    """Status and body of an answer, which is of the media type asked for."""
    answer = await http.post("/graphql", json=body, headers={"accept": accept})
    assert answer.headers["content-type"] == accept
    assert answer.headers["vary"] == "accept, accept-encoding"
    return answer.status_code, answer.json()


async def test_which_operation_is_meant(database_url: str, tmp_path: Path) -> None:
    """Of several one is named; without a name, or with one that is not there, nothing is executed, cached or not."""
    async with serving(database_url, tmp_path, NOON) as graph:
        for _ in range(2):
            assert await sent(graph.http, query=TWO, operationName="B") == (
                200,
                {"data": {"b": "Query"}, "extensions": {"cost": 1}},
            )
            for name in (None, "D", ""):
                status, body = await sent(graph.http, query=TWO, operationName=name)
                assert status == 400
                assert list(body) == ["errors"]
                assert body["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
                assert await sent(graph.http, JSON, query=TWO, operationName=name) == (200, body)
            status, body = await sent(graph.http, query="query A { a: __typename }", operationName="B")
            assert (status, list(body)) == (400, ["errors"])


async def test_what_was_executed_is_answered_with_200(database: Database, database_url: str, tmp_path: Path) -> None:
    """An error of a field is none of the request, even where it takes all data with it; one of a variable is."""
    async with api_company(database, database_url, tmp_path) as acme:
        http, headers = acme.graph.http, {**acme.graph.headers, "accept": RESPONSE}
        found = await http.post("/graphql", json={"query": "{ company { key } }"}, headers={"accept": RESPONSE})
        assert found.status_code == 200
        assert found.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert "data" in found.json()
        query = "query ($first: Int!) { members(first: $first) { totalCount } }"
        for first, status in ((1, 200), ("many", 400)):
            answer = await http.post("/graphql", json={"query": query, "variables": {"first": first}}, headers=headers)
            assert answer.status_code == status, answer.text
            assert ("data" in answer.json()) == (status == 200)


async def test_a_request_that_is_none_says_so_in_json(database_url: str, tmp_path: Path) -> None:
    """Whatever is wrong with it, in words and with a code; nothing is executed."""
    async with serving(database_url, tmp_path, NOON) as graph:
        json = {"content-type": JSON}
        requests: list[tuple[int, str, str, dict[str, Any]]] = [
            (400, "BAD_REQUEST", "POST", {"content": b"{", "headers": json}),
            (400, "BAD_REQUEST", "POST", {"content": b"null", "headers": json}),
            (400, "BAD_REQUEST", "POST", {"json": [{"query": "{ __typename }"}]}),
            (400, "BAD_REQUEST", "POST", {"json": {}}),
            (400, "BAD_REQUEST", "POST", {"json": {"query": "{ __typename }", "operationName": 7}}),
            (400, "BAD_REQUEST", "POST", {"json": {"query": "{ __typename }", "variables": []}}),
            (400, "BAD_REQUEST", "GET", {"params": {"query": "{ __typename }", "variables": "{"}}),
            (400, "BAD_REQUEST", "GET", {"params": {"query": "{ __typename }", "variables": "[]"}}),
            (400, "BAD_REQUEST", "POST", {"json": {"query": "subscription { notificationAdded { unread } }"}}),
            (405, "METHOD_NOT_ALLOWED", "GET", {"params": {"query": TWO, "operationName": "C"}}),
            (405, "METHOD_NOT_ALLOWED", "PUT", {"json": {"query": "{ __typename }"}}),
            (405, "METHOD_NOT_ALLOWED", "PUT", {}),
            (405, "METHOD_NOT_ALLOWED", "DELETE", {"params": {"operationId": "1"}}),
            (415, "UNSUPPORTED_MEDIA_TYPE", "POST", {"content": b"query={__typename}"}),
            (415, "UNSUPPORTED_MEDIA_TYPE", "POST", {"data": {"query": "{ __typename }"}}),
        ]
        for status, code, method, sent in requests:
            answer = await graph.http.request(method, "/graphql", **sent)
            assert answer.status_code == status, (sent, answer.text)
            assert answer.headers.get("allow") == ("GET, POST" if status == 405 else None)
            (error,) = answer.json()["errors"]
            assert error["extensions"] == {"code": code}, sent
            assert error["message"]
        reserving = await graph.http.put("/graphql", headers={"accept": "text/plain"})
        assert "the single connection mode of graphql-sse is not offered" in reserving.json()["errors"][0]["message"]
        page = await graph.http.get("/graphql", params={"query": TWO, "operationName": "A"})
        assert page.json()["data"] == {"a": "Query"}
