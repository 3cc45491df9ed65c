"""A connection that is lost in the very moment of COMMIT: nothing is half there, nor done twice under a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quotaloom.platform.database import Database
from tests.acceptance.api_company import START, ApiCompany, api_company
from tests.graph_client import serving
from tests.integration.platform.ways import Cut, way_to

ZOE = {"query": 'mutation { createMember(input: { name: "Zoe" }) { member { name } errors { code } } }'}
DONE = {"member": {"name": "Zoe"}, "errors": []}
NOTHING, WHOLE = [0, 0, 0], [1, 1, 1]


async def send(acme: ApiCompany, key: str | None) -> Any:
    """The data of the answer, or the code of its error."""
    headers = {**acme.graph.headers, **({} if key is None else {"idempotency-key": key})}
    answer = (await acme.graph.http.post("/graphql", json=ZOE, headers=headers)).json()
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else answer["data"]["createMember"]


async def effects(database: Database, company_id: int) -> list[int]:
    """How many Zoes there are, how often her coming is audited, and how often it is told."""
    async with database.snapshot(company_id) as snapshot:
        row = await snapshot.fetch_one(
            "SELECT (SELECT count(*) FROM member WHERE name = 'Zoe') AS members,"
            " (SELECT count(*) FROM audit_entry WHERE action = 'member.create' AND after->>'name' = 'Zoe') AS entries,"
            " (SELECT count(*) FROM outbox_event JOIN member ON member.id = (payload->>'id')::bigint"
            "  WHERE topic = 'member.created' AND member.name = 'Zoe') AS events"
        )
    assert row is not None
    return list(row.values())


@pytest.mark.parametrize(
    ("cut", "key", "answers", "left"),
    [
        (Cut.BEFORE, None, ["UNAVAILABLE"], [NOTHING]),
        (Cut.AFTER, None, ["UNAVAILABLE"], [WHOLE]),
        (Cut.BEFORE, "a-key", ["UNAVAILABLE"], [NOTHING]),
        (Cut.AFTER, "a-key", [DONE], [WHOLE]),
        (Cut.MEANWHILE, "a-key", ["UNAVAILABLE", DONE], [NOTHING, WHOLE]),
    ],
)
async def test_a_commit_that_nobody_hears_of(
    database: Database, database_url: str, tmp_path: Path, cut: Cut, key: str | None, answers: Any, left: Any
) -> None:
    """Cut before it, nothing is done; cut after it, all of it is, and without a key the client cannot know.

    With a key the answer is found where it is kept, at once or when the same is sent again: then there is one Zoe.
    """
    async with api_company(database, database_url, tmp_path) as acme:
        pass
    async with way_to(database_url) as way, serving(way.url, tmp_path, START, database_pool_size=2) as graph:
        acme.graph = graph.admin(acme.company_id, acme.admin_id)
        way.cut = cut
        assert await send(acme, key) in answers
        assert way.cuts == 1
        assert await effects(database, acme.company_id) in left
        if key is not None:
            for _ in range(2):
                assert await send(acme, key) == DONE
            assert await effects(database, acme.company_id) == WHOLE
