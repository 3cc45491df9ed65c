"""Subscriptions by the id of a trusted document alone, over WebSockets and as server-sent events."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from quotaloom.platform.database import Database
from quotaloom_server.trusted_documents import digest
from tests.acceptance.companies import planned_company
from tests.graph_client import Moment
from tests.integration.live.boards import FIGURES, SECONDS, Board, live_server
from tests.integration.live.conftest import NOW

TRUSTED = f"subscription Board($ids: [ID!]!) {{ attainmentChanged(orgUnitIds: $ids) {{ {FIGURES} }} }}"
OTHER = TRUSTED.replace("Board", "Other")
HASH = digest(TRUSTED)
NAMED: list[dict[str, Any]] = [
    {"documentId": f"sha256:{HASH}"},
    {"documentId": "board"},
    {"query": None, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}},
    {"query": TRUSTED, "documentId": HASH},
]
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"documentId": digest(OTHER)}, "PERSISTED_QUERY_NOT_FOUND"),
    ({"documentId": 7}, "BAD_REQUEST"),
    ({"documentId": None}, "BAD_REQUEST"),
    ({"extensions": {"persistedQuery": 7}}, "BAD_REQUEST"),
    ({"query": OTHER, "documentId": HASH}, "BAD_REQUEST"),
]


async def refusal(board: Board, **payload: Any) -> str:
    """The code of the error that a subscription is answered with."""
    await board.send(id="refused", type="subscribe", payload=payload)
    ((code, _),) = await board.refused()
    return code


@pytest.mark.parametrize("only", [False, True])
async def test_subscriptions_name_trusted_documents(
    database: Database, database_url: str, tmp_path: Path, only: bool
) -> None:
    """In each of the forms that HTTP takes, both ways; an id that names none is told of, and the connection goes on.

    Where nothing else is answered, a document that nobody registered is refused both ways.
    """
    manifest = tmp_path / "documents.json"
    manifest.write_text(json.dumps({"board": TRUSTED}))
    options: dict[str, Any] = {"trusted_documents": manifest, "trusted_documents_only": only}
    async with live_server(database_url, tmp_path, Moment(NOW)) as office:
        acme = await planned_company(database, office.graph, "acme", NOW)
    variables = {"variables": {"ids": [acme.ids["East"]]}}
    async with live_server(database_url, tmp_path, Moment(NOW), **options) as server:
        admin = server.graph.admin(acme.company_id, acme.admin_id)
        async with server.board(admin) as board:
            for number, named in enumerate(NAMED):
                await board.send(id=str(number), type="subscribe", payload={**named, **variables})
                assert await board.told() == {"East": "0.00"}
            for sent, code in REFUSED:
                assert await refusal(board, **sent, **variables) == code
            await board.send(id="other", type="subscribe", payload={"query": OTHER, **variables})
            if only:
                assert await board.refused() == [("DOCUMENT_NOT_TRUSTED", [])]
            else:
                assert await board.told() == {"East": "0.00"}
        headers = {**admin.headers, "accept": "text/event-stream"}
        for named in NAMED:
            sent = {**named, **variables}
            async with (
                asyncio.timeout(SECONDS),
                admin.http.stream("POST", "/graphql", json=sent, headers=headers) as it,
            ):
                lines = it.aiter_lines()
                assert [await anext(lines), "East" in await anext(lines)] == ["event: next", True]
        for sent, code in [*REFUSED, *([({"query": OTHER}, "DOCUMENT_NOT_TRUSTED")] if only else [])]:
            answer = await admin.http.post("/graphql", json={**sent, **variables}, headers=headers)
            assert code in answer.text


async def test_a_message_without_a_document_closes_the_connection(database_url: str, tmp_path: Path) -> None:
    """It is none of the protocol."""
    async with live_server(database_url, tmp_path, Moment(NOW)) as server:
        payloads: list[dict[str, Any]] = [{}, {"query": None}, {"query": 1, "documentId": "x"}, {"extensions": []}]
        for payload in payloads:
            async with server.connected() as board:
                await board.send(id="1", type="subscribe", payload=payload)
                assert await board.closed() == 4400
