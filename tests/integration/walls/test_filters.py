"""Filters of statements, taken away: those by company all at once, those by sight one at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import asyncpg
import pytest

from quotaloom.platform.unit_of_work import Snapshot
from tests.integration.graph.asking import SCHEMA
from tests.integration.walls.asking import Asking, canaries, strangers
from tests.integration.walls.belonging import INSIDERS, hidden_from, rows_of
from tests.integration.walls.code_mutants import Trial
from tests.integration.walls.filters import watched
from tests.integration.walls.questions import Asker, mutations, nothing_written, people, reads
from tests.integration.walls.surviving import FILTERS
from tests.integration.walls.test_reading import OPERATIONS, all_ids, ids_of

_GIVEN: Final = re.compile(r"(?:\b\w+\.)?\bcompany_id = (\$\d+)")
_JOINED: Final = re.compile(r"(?:\b\w+\.)?\bcompany_id = \w+\.company_id\b")


def without_companies(sql: str) -> str:
    """The statement without any filter by company; what it is given for one is looked at, and lets everything in."""
    return _JOINED.sub("true", _GIVEN.sub(r"(\1::bigint IS NOT NULL)", sql))


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.soak)])
async def test_row_level_security_alone_keeps_companies_apart(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None], every: int
) -> None:
    """With no statement naming the company, everybody of the twin is answered as before, and sees nothing planted."""
    fetch, removed = Snapshot._fetch, 0
    ids, everybody = ids_of(asking.walls), strangers(asking.walls)

    async def unfiltered(self: Snapshot, sql: str, arguments: Any) -> Any:
        nonlocal removed
        bare = without_companies(sql)
        removed += bare != sql
        return await fetch(self, bare, arguments)

    for name in ("the twin's admin", "the twin's Ann"):
        for operation in OPERATIONS[::every]:
            before = await asking.ask(everybody[name], operation.text, operation.variables(ids))
            with monkeypatch.context() as patched:
                patched.setattr(Snapshot, "_fetch", unfiltered)
                answer = await asking.ask(everybody[name], operation.text, operation.variables(ids))
            assert not canaries(answer)
            assert answer.text == before.text, operation.name
    assert removed > 0
    record_property("statements without the company", removed)


@pytest.mark.soak
async def test_each_filter_by_sight_is_needed(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    log=open('/tmp/wt/filters-try.log','w')
    walls, ids, several = asking.walls, ids_of(asking.walls), await all_ids(asking)
    rows = await rows_of(admin, walls)
    hidden = {one.name: frozenset(hidden_from(one, walls, rows)) for one in INSIDERS}
    with watched(monkeypatch) as filters, nothing_written(monkeypatch):
        trial = Trial(Asker(asking, {**people(walls), **strangers(walls)}), filters, hidden)
        for who in hidden:
            await trial.trace(reads(who, OPERATIONS, ids, several))
            await trial.trace(mutations(who, walls))
            print(who, len(filters.met), file=log, flush=True)
        n=0
        for one in filters.met.values():
            ok = await trial.is_needed(one)
            n+=ok
            print(ok, one.name, len(trial.asking[one.number]), file=log, flush=True)
        print(n, len(filters.met), trial.count, file=log, flush=True)
