"""Filters of statements, taken away: those by company all at once, those by sight one at a time."""

from __future__ import annotations

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
from tests.integration.walls.filters import Filters, watched, without_companies
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

STRANGER: Final = "the twin's admin"


def listed() -> dict[str, set[str]]:
    """The filters that no question misses, by function: tests do, or there is a reason."""
    functions = (*MISSED_BY_TESTS, *FILTERS)
    return {one: {*MISSED_BY_TESTS.get(one, ()), *FILTERS.get(one, ())} for one in functions}


async def test_row_level_security_alone_keeps_companies_apart(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no statement naming the company, everybody of the twin is answered as before, and sees nothing planted."""
    fetch, removed = Snapshot._fetch, 0
    ids, everybody = ids_of(asking.walls), strangers(asking.walls)

    async def unfiltered(self: Snapshot, sql: str, arguments: Any) -> Any:
        nonlocal removed
        bare = without_companies(sql)
        removed += bare != sql
        return await fetch(self, bare, arguments)

    for name in ("the twin's admin", "the twin's Ann"):
        for operation in OPERATIONS:
            before = await asking.ask(everybody[name], operation.text, operation.variables(ids))
            with monkeypatch.context() as patched:
                patched.setattr(Snapshot, "_fetch", unfiltered)
                answer = await asking.ask(everybody[name], operation.text, operation.variables(ids))
            assert not canaries(answer)
            assert answer.text == before.text, operation.name
    assert removed > 3_000


async def tracing(asking: Asking, admin: asyncpg.Connection[Any], filters: Filters) -> Trial:
    """What members ask, and which filters it goes through; of a stranger only his jobs, which no policy keeps apart."""
    walls, ids, known = asking.walls, ids_of(asking.walls), await all_ids(asking)
    rows = await rows_of(admin, walls)
    hidden = {one.name: frozenset(hidden_from(one, walls, rows)) for one in INSIDERS}
    stranger = Identity(walls.twin_id, "admin", Role.ADMIN)
    trial = Trial(Asker(asking, {**people(walls), STRANGER: stranger}), filters, hidden)
    for one in INSIDERS:
        await trial.trace(reads(one.name, ids, known))
        await trial.trace(mutations(one.name, walls, sides_of(walls, known)))
        await trial.trace(reads_behind(one.name, ids, sides_of(walls, known)))
    await trial.trace([one for one in reads(STRANGER, ids, {}) if "failedJobs" in one.text])
    await trial.trace([one for one in mutations(STRANGER, walls) if "Job(" in one.text])
    return trial


async def test_each_filter_is_needed(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every filter that goes by somebody's sight, or by the company of a job, is missed by a question that meets it.

    But for those in the lists; of these, each function that is named sends such a filter.
    """
    with watched(monkeypatch) as filters, nothing_written(monkeypatch):
        trial = await tracing(asking, admin, filters)
        needless: dict[str, set[str]] = {}
        for one in filters.met.values():
            if one.name in listed().get(one.function, ()) or not await trial.is_needed(one):
                needless.setdefault(one.function, set()).add(one.name)
    assert len(filters.met) > 60
    assert needless == listed()


@pytest.mark.soak
async def test_each_filter_is_tried_with_every_question(
    asking: Asking,
    admin: asyncpg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
    progress: Progress,
) -> None:
    """The whole product of filters and the questions that meet them: those in the lists are missed by none."""
    with watched(monkeypatch) as filters, nothing_written(monkeypatch):
        trial = await tracing(asking, admin, filters)
        found = {
            one: await trial.misses(one)
            for one in stepwise(progress, list(filters.met.values()), "a filter is taken away")
        }
    needless: dict[str, set[str]] = {}
    for one, misses in found.items():
        if not misses:
            needless.setdefault(one.function, set()).add(one.name)
    record_property("filters", len(found))
    record_property("filters that questions miss", sum(map(bool, found.values())))
    record_property("times that a question misses a filter", sum(found.values()))
    record_property("missed by a test", sum(map(len, MISSED_BY_TESTS.values())))
    record_property("with a reason", sum(map(len, FILTERS.values())))
    assert len({(one.function, one.name) for one in found}) == len(found)
    assert needless == listed()
