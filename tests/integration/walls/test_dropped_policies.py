"""Row-level security, taken away from one table at a time: whoever relies on it alone is seen through at once."""

from __future__ import annotations

import re
from typing import Any, Final

import asyncpg
import pytest

from quotaloom.platform.unit_of_work import Snapshot
from tests.integration.walls.asking import Asking, canaries, strangers
from tests.integration.walls.operations import Operation
from tests.integration.walls.survivors import SEEN_BY_PROBE
from tests.integration.walls.test_reading import OPERATIONS, ids_of

WHO: Final = ("the twin's admin", "the twin's Ann")


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


async def readers(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[str, Operation]]]:
    """By table, who reads it with which operation; everything is asked once, and nothing planted is answered."""
    found: dict[str, list[tuple[str, Operation]]] = {}
    named: set[str] = set()
    fetch, ids, everybody = Snapshot._fetch, ids_of(asking.walls), strangers(asking.walls)

    async def noting(self: Snapshot, sql: str, arguments: Any) -> Any:
        named.update(re.findall(r"[a-z_]+", sql))
        return await fetch(self, sql, arguments)

    monkeypatch.setattr(Snapshot, "_fetch", noting)
    for name in WHO:
        for operation in OPERATIONS:
            named.clear()
            answer = await asking.ask(everybody[name], operation.text, operation.variables(ids))
            assert not canaries(answer)
            for word in named:
                found.setdefault(word, []).append((name, operation))
    monkeypatch.setattr(Snapshot, "_fetch", fetch)
    return found


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.soak)])
async def test_each_policy_is_needed(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """Without the policy of a table, the twin finds rows of the planted company in it, and answers show canaries.

    Tables that no answer of the graph shows are named in a list. Of all tables, the rows; of one in so many, answers.
    """
    tables, reading = await tables_of(admin), await readers(asking, monkeypatch)
    ids, everybody, unseen = ids_of(asking.walls), strangers(asking.walls), set()
    for number, table in enumerate(tables):
        assert await foreign_rows(asking, table) == 0
        await admin.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        assert await foreign_rows(asking, table) > 0, table
        if number % every == 0:
            for name, operation in reading.get(table, ()):
                try:
                    answer = await asking.ask(everybody[name], operation.text, operation.variables(ids))
                except AssertionError:
                    continue  # it stumbled over rows that should not be there, and showed nothing of them
                if canaries(answer):
                    break
            else:
                unseen.add(table)
        await admin.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    assert unseen == {table for table in tables[::every] if table in SEEN_BY_PROBE}
