"""Documents that are registered by the operator, and named by the SHA-256 of their text."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from quotaloom.platform.errors import InputError
from quotaloom.platform.settings import Settings
from quotaloom_server.application import create_application
from quotaloom_server.commands.listed import app
from quotaloom_server.trusted_documents import digest, read_documents

HELLO = "query Hello { a: __typename }"
OTHER = "query Other { b: __typename }"
STRANGE = "{ c: __typename }"


def folder(path: Path) -> Path:
    """A folder with a document of each kind: a file, Apollo's manifest and Relay's."""
    (path / "deep").mkdir(parents=True)
    (path / "deep" / "hello.graphql").write_text(HELLO)
    entry = {"id": digest(OTHER), "name": "Other", "type": "query", "body": OTHER}
    manifest = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [entry]}
    (path / "apollo.json").write_text(json.dumps(manifest))
    (path / "relay.json").write_text(json.dumps({"0cc175b9c0f1b6a831c399e269772661": "query Third { d: __typename }"}))
    (path / "notes.txt").write_text("{ nothing }")
    return path


@asynccontextmanager
async def client(path: Path, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application with the documents of the folder; its database is never asked."""
    made = Settings(data_dir=path, trusted_documents=folder(path / "documents"), **settings)
    transport = httpx.ASGITransport(app=create_application(made, "postgresql://nobody@127.0.0.1:1/none"))
    async with httpx.AsyncClient(transport=transport, base_url="http://quotaloom.test") as http:
        yield http


async def sent(http: httpx.AsyncClient, **body: Any) -> Any:
    """The data of an answer, or the code of its first error."""
    answer: Any = (await http.post("/graphql", json=body)).json()
    return answer["data"] if "data" in answer else answer["errors"][0]["extensions"]["code"]


def persisted(name: str) -> dict[str, Any]:
    """The extensions by which Apollo names a document."""
    return {"persistedQuery": {"version": 1, "sha256Hash": name}}


async def test_a_registered_document_is_named_as_apollo_and_relay_do(tmp_path: Path) -> None:
    """By hash in the extensions, by `documentId` with `sha256:` or without, or by the id of the manifest."""
    async with client(tmp_path) as http:
        assert await sent(http, extensions=persisted(digest(HELLO))) == {"a": "Query"}
        assert await sent(http, documentId=f"sha256:{digest(OTHER)}") == {"b": "Query"}
        assert await sent(http, documentId=digest(OTHER)) == {"b": "Query"}
        assert await sent(http, documentId="0cc175b9c0f1b6a831c399e269772661") == {"d": "Query"}
        asked = await http.get("/graphql", params={"extensions": json.dumps(persisted(digest(HELLO)))})
        assert asked.json()["data"] == {"a": "Query"}
        assert await sent(http, query=HELLO, extensions=persisted(digest(HELLO))) == {"a": "Query"}


async def test_nobody_registers_a_document_by_a_request(tmp_path: Path) -> None:
    """An id that names none is told in Apollo's words; the document that comes next is answered, and not kept."""
    async with client(tmp_path) as http:
        for _ in range(2):
            answer = await http.post("/graphql", json={"extensions": persisted(digest(STRANGE))})
            assert answer.status_code == 200
            assert answer.json() == {
                "errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]
            }
            assert await sent(http, query=STRANGE, extensions=persisted(digest(STRANGE))) == {"c": "Query"}


@pytest.mark.parametrize(
    "body",
    [
        {"query": STRANGE, "extensions": persisted("0" * 64)},
        {"query": STRANGE, "documentId": "sha256:" + "0" * 64},
        {"extensions": persisted(7)},  # type: ignore[arg-type]  # no text
        {"documentId": ["a"]},
    ],
)
async def test_an_id_that_is_none_is_refused(tmp_path: Path, body: dict[str, Any]) -> None:
    """Of another document, or no text."""
    async with client(tmp_path) as http:
        assert (await http.post("/graphql", json=body)).status_code == 400


async def test_nothing_else_is_answered_where_that_is_set(tmp_path: Path) -> None:
    """Registered documents are, by id or as text, and so is the probe; no other, however often it is sent."""
    async with client(tmp_path, trusted_documents_only=True) as http:
        for _ in range(2):
            assert await sent(http, query=HELLO) == {"a": "Query"}
            assert await sent(http, documentId=digest(OTHER)) == {"b": "Query"}
            assert await sent(http, query="{ __typename }") == {"__typename": "Query"}
            for other in (STRANGE, HELLO + " ", "{ __schema { types { name } } }", "{"):
                assert await sent(http, query=other) == "DOCUMENT_NOT_TRUSTED"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.json", json.dumps({"0" * 64: HELLO}), f"is not the SHA-256 of its document, which is {digest(HELLO)}"),
        ("a.json", "[1", "cannot be read"),
        ("a.json", "[]", "a manifest names each document by an id"),
        ("a.json", '{"operations": [{"id": 1, "body": "{ a }"}]}', "a manifest names each document by an id"),
        ("a.txt", HELLO, "documents are in .graphql files or in a manifest"),
    ],
)
def test_a_manifest_that_is_none_is_told_with_its_file(tmp_path: Path, name: str, content: str, told: str) -> None:
    """The server does not start with documents of which it is not sure."""
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=told) as caught:
        read_documents(tmp_path / name)
    assert (caught.value.code, str(tmp_path / name) in caught.value.message) == ("BAD_DOCUMENTS", True)


def test_documents_that_are_not_there_are_told() -> None:
    """A path that leads nowhere is a mistake; no path is none."""
    with pytest.raises(InputError, match="it is not there"):
        read_documents(Path("/nowhere/at/all"))
    assert len(read_documents(None)) == 0


def test_the_command_lists_ids_and_costs_and_what_is_refused(tmp_path: Path) -> None:
    """With 1 where a document would be refused, so that a build can stop."""
    good = folder(tmp_path / "good")
    listed = CliRunner().invoke(app, ["documents", str(good)])
    assert (listed.exit_code, listed.stdout.count("cost 1")) == (0, 3)
    assert f"{digest(HELLO)}\n  query Hello: cost 1" in listed.stdout
    (good / "bad.graphql").write_text("{ compny { key } }")
    listed = CliRunner().invoke(app, ["documents", str(good)])
    assert listed.exit_code == 1
    assert "refused: Cannot query field 'compny'" in listed.stdout
