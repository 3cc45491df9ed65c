"""Filters of statements, taken away: those by company all at once, those by who asks and his sight one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import asyncpg
import pytest

from quotaloom.platform.access import Role
from quotaloom.platform.tokens import Identity
from tests.integration.walls.asking import Asking, canaries, strangers
from tests.integration.walls.belonging import INSIDERS, hidden_from, rows_of
from tests.integration.walls.changes import HERE
from tests.integration.walls.code_mutants import Trial
from tests.integration.walls.filters import Filter, Filters, watched, without_naming_companies
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


FURTHER: Final = {**HERE, "markNotificationsRead": lambda _: {}}
"""Inputs with which mutations come to filters that they do not come to with the others."""

MANY: Final = 1_000
ONE_IN: Final = 10
"""All questions begin by asking who asks and what he sees. A filter to which so many come is tried with one in ten."""

Named = set[tuple[str, str]]
"""Functions that send statements, and filters of these."""


def named(lists: Mapping[str, Iterable[str]]) -> Named:
    """What a list names."""
    return {(function, name) for function, names in lists.items() for name in names}


def listed(met: Iterable[Filter]) -> Named:
    """Those that no question misses: tests do, some of which no question meets, or there is a reason."""
    return named(MISSED_BY_TESTS) & {(one.function, one.name) for one in met} | named(FILTERS)


async def test_row_level_security_alone_keeps_companies_apart(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no statement naming the company, everybody of the twin is answered as before, and sees nothing planted."""
    ids, everybody = ids_of(asking.walls), strangers(asking.walls)
    total = 0
    for name in ("the twin's admin", "the twin's Ann"):
        for operation in OPERATIONS:
            before = await asking.ask(everybody[name], operation.text, operation.variables(ids))
            with without_naming_companies(monkeypatch) as removed:
                answer = await asking.ask(everybody[name], operation.text, operation.variables(ids))
            assert not canaries(answer)
            assert answer.text == before.text, operation.name
            total += removed.total()
    assert total > 3_000


async def tracing(asking: Asking, admin: asyncpg.Connection[Any], filters: Filters) -> Trial:
    """What members ask, and which filters it goes through; of a stranger only his jobs, which no policy keeps apart."""
    walls, ids, known = asking.walls, ids_of(asking.walls), await all_ids(asking)
    rows = await rows_of(admin, walls)
    hidden = {one.name: frozenset(hidden_from(one, walls, rows)) for one in INSIDERS}
    stranger = Identity(walls.twin_id, "admin", Role.ADMIN)
    asker = Asker(asking, {**people(walls), STRANGER: stranger}, lambda: filters.written)
    trial = Trial(asker, filters, hidden)
    for one in INSIDERS:
        await trial.trace(reads(one.name, ids, known))
        await trial.trace(mutations(one.name, walls, sides_of(walls, known)))
        await trial.trace(mutations(one.name, walls, valid=FURTHER))
        await trial.trace(reads_behind(one.name, ids, sides_of(walls, known)))
    await trial.trace([one for one in reads(STRANGER, ids, {}) if "failedJobs" in one.text])
    await trial.trace([one for one in mutations(STRANGER, walls) if "Job(" in one.text])
    for coming in trial.traced.asking.values():
        if len(coming) > MANY:
            coming[:] = coming[::ONE_IN]
    return trial


async def test_each_filter_is_needed(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every filter that goes by who asks, by his sight, or by the company of a job, is missed by a question.

    But for those in the lists; of these, each function that is named sends such a filter.
    """
    with watched(monkeypatch) as filters, nothing_written(monkeypatch):
        trial = await tracing(asking, admin, filters)
        met = list(filters.met.values())
        needless = {
            (one.function, one.name)
            for one in met
            if (one.function, one.name) in listed(met) or not await trial.is_needed(one)
        }
    assert len(met) > 100
    assert needless == listed(met)


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
    record_property("filters", len(found))
    record_property("filters that questions miss", sum(map(bool, found.values())))
    record_property("times that a question misses a filter", sum(found.values()))
    record_property("missed by a test", len(named(MISSED_BY_TESTS)))
    record_property("of these met by no question", len(named(MISSED_BY_TESTS) - listed(found)))
    record_property("with a reason", len(named(FILTERS)))
    assert len({(one.function, one.name) for one in found}) == len(found)
    assert {(one.function, one.name) for one, misses in found.items() if not misses} == listed(found)
