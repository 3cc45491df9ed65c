"""What is sent to do harm is refused, at little work, and never an error of the server's."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from benchmarks.hostility import HOSTILE, LARGEST
from graphql import GraphQLError, parse

from quotaloom.platform.database import Database
from quotaloom_graphql.shapes import Shapes
from tests.acceptance.api_company import api_company

HEADERS = {"content-type": "application/json"}


def told(answer: httpx.Response) -> tuple[int, str | None]:
    """Status and code of an answer."""
    errors = answer.json().get("errors")
    return answer.status_code, errors[0]["extensions"]["code"] if errors else None


def test_there_are_many_and_all_are_short() -> None:
    """At least forty, of two kilobytes at the most, each with a name of its own."""
    assert len(HOSTILE) >= 40
    assert len({one.name for one in HOSTILE}) == len(HOSTILE)
    assert {one.name: len(one.sent) for one in HOSTILE if len(one.document or one.body) > LARGEST} == {}


async def test_each_is_refused_with_its_code_or_harmless(database: Database, database_url: str, tmp_path: Path) -> None:
    """Sent by an admin, twice: what was refused once is refused again, and the server goes on."""
    found: dict[str, list[tuple[int, str | None]]] = {}
    async with api_company(database, database_url, tmp_path) as acme:
        for hostile in HOSTILE:
            for _ in range(2):
                answer = await acme.graph.http.post(
                    "/graphql", content=hostile.sent, headers={**HEADERS, **acme.graph.headers}
                )
                found.setdefault(hostile.name, []).append(told(answer))
        assert (await acme.graph.ask("{ company { key } }"))["company"]["key"] == "acme"
    expected = {one.name: [(one.status, one.code)] * 2 for one in HOSTILE}
    assert {name: codes for name, codes in found.items() if codes != expected[name]} == {}


PARSED = [one.document for one in HOSTILE if one.document is not None]


@pytest.mark.parametrize("text", PARSED, ids=[one.name for one in HOSTILE if one.document is not None])
def test_each_is_measured_by_a_look_at_each_selection(text: str) -> None:
    """However many fields it stands for, no more selections are looked at than its text has names and spreads."""
    try:
        shapes = Shapes(parse(text))
    except GraphQLError:
        return  # it is refused before that
    assert shapes.visited <= len(re.findall(r"\w+|\.\.\.", text))
