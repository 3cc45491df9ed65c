"""Row-level security, taken away from one table at a time: whoever relies on it alone is seen through at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import asyncpg
import pytest

from tests.integration.walls.asking import Asking, strangers
from tests.integration.walls.keyed import BY_SESSION, by_session, give_keys, keyed
from tests.integration.walls.policies import Policies, Read, Shown, watched
from tests.integration.walls.questions import Question, reads
from tests.integration.walls.survivors import DOUBLED, OTHERWISE, UNSEEN
from tests.integration.walls.test_reading import all_ids, ids_of
from tests.progress import Progress, stepwise

SHARDS: Final = 2
"""In how many tests a run tries the policies, so that its processes can share them out."""

THOROUGH: Final = "the twin's admin"
"""He asks for the first and the last of everything, the others for one of each."""

WHO: Final = (THOROUGH, "the twin's Ann", "the stranger's admin")

_read: list[Read] = []


async def tables_of(admin: asyncpg.Connection[Any]) -> list[str]:
    """Every table that has a policy."""
    rows = await admin.fetch("SELECT tablename FROM pg_policies WHERE schemaname = 'public' ORDER BY tablename")
    return [row["tablename"] for row in rows]


async def foreign_rows(asking: Asking, table: str) -> int:
    """How many rows of other companies the twin finds in a table."""
    own = "id" if table == "company" else "company_id"
    async with asking.database.snapshot(asking.walls.twin_id) as snapshot:
        row = await snapshot.fetch_one(f"SELECT count(*) AS n FROM {table} WHERE {own} <> $1", asking.walls.twin_id)
    assert row is not None
    return int(row["n"])


@pytest.fixture
async def policies(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Policies]:
    """The three companies; everything was asked once."""
    walls = asking.walls
    await give_keys(admin, walls)
    people = {**strangers(walls), BY_SESSION: await by_session(admin, walls)}
    with watched(monkeypatch) as statements:
        policies = Policies(asking, admin, statements, people)
        if not _read:
            await policies.ask_everything(await questions(asking))
            _read.append(policies.read)
        policies.read = _read[0]
        yield policies


async def questions(asking: Asking) -> list[Question]:
    """What reads: all operations, and those that are answered by a key."""
    ids, several = ids_of(asking.walls), await all_ids(asking)
    asked = [one for who in WHO for one in reads(who, ids, several if who == THOROUGH else {}, every=True)]
    return [*asked, *keyed(asking.walls)]


async def require_wall(policies: Policies, table: str) -> None:
    """Fail unless rows of others are away because of the policy."""
    assert await foreign_rows(policies.asking, table) == 0, table
    async with policies.without(table):
        assert await foreign_rows(policies.asking, table) > 0, table


@pytest.mark.parametrize("shard", range(SHARDS))
async def test_each_policy_is_needed(policies: Policies, shard: int) -> None:
    """Without the policy of a table the twin finds rows of the planted company in it, and who reads it shows them.

    That is by a canary, or as a list says: by another answer, or where the statements name no company either.
    """
    tables = await tables_of(policies.admin)
    assert {*tables} >= OTHERWISE | DOUBLED | UNSEEN.keys()
    assert len(tables) > 90
    wrong = []
    for table in tables[shard::SHARDS]:
        await require_wall(policies, table)
        enough = Shown.OTHERWISE if table in OTHERWISE | DOUBLED else Shown.CANARY
        shown = await policies.shown(table, enough, bare=table in DOUBLED)
        if table not in UNSEEN and shown < enough:
            wrong.append((table, shown))
    assert wrong == []


@pytest.mark.soak
async def test_each_policy_is_tried_with_every_question(
    policies: Policies, record_property: Callable[[str, object], None], progress: Progress
) -> None:
    """The whole product of policies and the questions that read their tables: the lists are exact."""
    shown = {}
    for table in stepwise(progress, await tables_of(policies.admin), "a policy is taken away"):
        alone = await policies.shown(table, Shown.CANARY)
        doubled = alone or await policies.shown(table, Shown.CANARY, bare=True)
        shown[table] = alone, doubled
    record_property("policies", len(shown))
    record_property("shown by a canary", sum(alone is Shown.CANARY for alone, _ in shown.values()))
    record_property("shown by another answer", len(OTHERWISE))
    record_property("shown where statements name no company", len(DOUBLED))
    record_property("with a reason", len(UNSEEN))
    record_property("questions asked again", policies.asked)
    assert {table for table, (alone, _) in shown.items() if alone is Shown.OTHERWISE} == OTHERWISE
    assert {table for table, (alone, doubled) in shown.items() if not alone and doubled} == DOUBLED
    assert {table for table, (_, doubled) in shown.items() if not doubled} == UNSEEN.keys()
