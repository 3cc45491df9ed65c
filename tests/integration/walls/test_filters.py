"""Filters of statements, taken away: those by company all at once, those by sight one at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import asyncpg
import pytest

from quotaloom.platform.access import Role
from quotaloom.platform.tokens import Identity
from quotaloom.platform.unit_of_work import Snapshot
from tests.integration.walls.asking import Asking, canaries, strangers
from tests.integration.walls.belonging import INSIDERS, hidden_from, rows_of
from tests.integration.walls.code_mutants import Trial
from tests.integration.walls.filters import Filters, watched
from tests.integration.walls.needed_by_tests import FILTERS as MISSED_BY_TESTS
from tests.integration.walls.questions import (
    Asker,
    mutations,
    nothing_written,
    people,
    reads,
    reads_behind,
    sides_of,
)
from tests.integration.walls.surviving import FILTERS
from tests.integration.walls.test_reading import OPERATIONS, all_ids, ids_of
from tests.progress import Progress, stepwise

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""What runs without its filter may leave something behind that nobody waits for."""

LATER: Final = {"quotaloom.activities.reads", "quotaloom.pool.reads"}
"""Modules whose filters are needed in questions that only `make soak` asks."""

STRANGER: Final = "the twin's admin"

_GIVEN: Final = re.compile(r"(?:\b\w+\.)?\bcompany_id = (\$\d+)(?:::bigint)?")
_JOINED: Final = re.compile(r"(?:\b\w+\.)?\bcompany_id = \w+\.company_id\b")


def listed() -> dict[str, set[str]]:
    """The filters that no question misses, by function: tests do, or there is a reason."""
    functions = (*MISSED_BY_TESTS, *FILTERS)
    return {one: {*MISSED_BY_TESTS.get(one, ()), *FILTERS.get(one, ())} for one in functions}


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


async def tracing(
    asking: Asking, admin: asyncpg.Connection[Any], filters: Filters, everybody: tuple[str, ...], several: bool
) -> Trial:
    """What they ask, and which filters it goes through; of a stranger only his jobs, which no policy keeps apart."""
    walls, ids, known = asking.walls, ids_of(asking.walls), await all_ids(asking)
    rows = await rows_of(admin, walls)
    hidden = {one.name: frozenset(hidden_from(one, walls, rows)) for one in INSIDERS}
    stranger = Identity(walls.twin_id, "admin", Role.ADMIN)
    trial = Trial(Asker(asking, {**people(walls), STRANGER: stranger}), filters, hidden)
    for who in everybody:
        await trial.trace(reads(who, ids, known) if several else reads(who, ids, {})[::2])
        if several:
            await trial.trace(mutations(who, walls, sides_of(walls, known)))
            await trial.trace(reads_behind(who, ids, sides_of(walls, known)))
    await trial.trace([one for one in reads(STRANGER, ids, {}) if "failedJobs" in one.text])
    await trial.trace([one for one in mutations(STRANGER, walls) if "Job(" in one.text])
    return trial


async def test_a_filter_of_each_file_is_needed(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ann's sight, and the company of the jobs: where the filter of a statement is gone, she or he sees more."""
    with watched(monkeypatch) as filters, nothing_written(monkeypatch):
        trial = await tracing(asking, admin, filters, ("ann",), several=False)
        needed, asked = set[str](), set[str]()
        for one in filters.met.values():
            module = one.function.rpartition(".")[0]
            if module in needed | LATER or one.name in listed().get(one.function, ()):
                continue
            if trial.asking[one.number]:
                asked.add(module)
                if await trial.is_needed(one):
                    needed.add(module)
    assert len(needed) > 12
    assert "quotaloom.platform.jobs.failures" in needed
    assert asked == needed


@pytest.mark.soak
async def test_each_filter_is_needed(
    asking: Asking,
    admin: asyncpg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
    progress: Progress,
) -> None:
    """Every filter of every statement that goes by somebody's sight, but for those in the list."""
    with watched(monkeypatch) as filters, nothing_written(monkeypatch):
        trial = await tracing(asking, admin, filters, tuple(one.name for one in INSIDERS), several=True)
        needless: dict[str, set[str]] = {}
        for one in stepwise(progress, list(filters.met.values()), "a filter is taken away"):
            if not await trial.is_needed(one):
                needless.setdefault(one.function, set()).add(one.name)
    record_property("filters", len(filters.met))
    record_property("filters that questions miss", len(filters.met) - sum(map(len, needless.values())))
    record_property("missed by a test", sum(map(len, MISSED_BY_TESTS.values())))
    record_property("with a reason", sum(map(len, FILTERS.values())))
    assert len({(one.function, one.name) for one in filters.met.values()}) == len(filters.met)
    assert needless == listed()
