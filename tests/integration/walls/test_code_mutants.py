"""Checks of the code, taken away one at a time: somebody is told more, or refused no more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Final

import asyncpg
import pytest

from tests.integration.walls.asking import Asking
from tests.integration.walls.belonging import INSIDERS, hidden_from, rows_of
from tests.integration.walls.checks import Check, product
from tests.integration.walls.code_mutants import Traced, Trial
from tests.integration.walls.doubled import DOUBLED
from tests.integration.walls.needed_by_tests import CHECKS
from tests.integration.walls.questions import (
    Asker,
    mutations,
    nothing_written,
    people,
    reads,
    reads_behind,
    sides_of,
    subscriptions,
)
from tests.integration.walls.surviving import NEEDLESS
from tests.integration.walls.switches import switched
from tests.integration.walls.test_reading import all_ids, ids_of
from tests.progress import Progress, stepwise

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""What runs without its check may leave something behind that nobody waits for."""

CODE: Final = product()

LISTS: Final[tuple[Mapping[str, Mapping[str, object]], ...]] = (CHECKS, DOUBLED, NEEDLESS)
"""What no question misses: tests do, or they do where another check is gone as well, or there is a reason."""

SHARDS: Final = 2
"""In how many tests a run tries the checks, so that its processes can share them out."""

_traced: list[Traced] = []


@pytest.fixture
async def trial(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Trial]:
    """The product with switches; everything was asked once."""
    rows = await rows_of(admin, asking.walls)
    hidden = {one.name: frozenset(hidden_from(one, asking.walls, rows)) for one in INSIDERS}
    with switched(CODE) as switches, nothing_written(monkeypatch):
        trial = Trial(Asker(asking, people(asking.walls)), switches, hidden)
        if not _traced:
            await ask_everything(trial)
            _traced.append(trial.traced)
        trial.traced = _traced[0]
        yield trial


async def ask_everything(trial: Trial) -> None:
    """All reads, mutations and subscriptions, by everybody, of what is on all sides."""
    walls = trial.asker.asking.walls
    ids, several = ids_of(walls), await all_ids(trial.asker.asking)
    for who in trial.asker.people:
        insider = who in trial.hidden
        if who != "wu":  # what Hal is in the East, he is in the West
            await trial.trace(reads(who, ids, several if insider else {}))
        await trial.trace(mutations(who, walls, sides_of(walls, several) if insider else ()))
        await trial.trace(subscriptions(who, walls))
        if insider:
            await trial.trace(reads_behind(who, ids, sides_of(walls, several)))


def listed(checks: Iterable[Check]) -> dict[str, set[str]]:
    """Their names, by module."""
    found: dict[str, set[str]] = {}
    for check in checks:
        found.setdefault(check.module, set()).add(check.name)
    return found


def is_listed(check: Check) -> bool:
    """Whether a list says why no question misses the check."""
    return any(check.name in of_module.get(check.module, ()) for of_module in LISTS)


def test_lists_name_checks_that_are_there() -> None:
    """A check that is gone or reads otherwise is in no list; no two have one name, and none is in two lists."""
    assert len({(check.module, check.name) for check in CODE.checks}) == len(CODE.checks)
    for of_modules in LISTS:
        named = (check for check in CODE.checks if check.name in of_modules.get(check.module, ()))
        assert listed(named) == {module: set(names) for module, names in of_modules.items()}
    for check in CODE.checks:
        assert sum(check.name in of_modules.get(check.module, ()) for of_modules in LISTS) <= 1, check.name


@pytest.mark.parametrize("shard", range(SHARDS))
async def test_each_check_is_needed(trial: Trial, shard: int) -> None:
    """Each check of the product is missed by a question that comes to it; what others double, once these are gone."""
    checks = [check for check in CODE.checks[shard::SHARDS] if not is_listed(check)]
    assert len(checks) > 200
    assert [f"{check.module}: {check.name}" for check in checks if not await trial.is_needed(check)] == []
    doubled = [check for check in CODE.checks[shard::SHARDS] if check.name in DOUBLED.get(check.module, ())]
    assert [f"{check.module}: {check.name}" for check in doubled if not await is_needed_once_single(trial, check)] == []


async def is_needed_once_single(trial: Trial, check: Check) -> bool:
    """Whether it is missed where the check that doubles it is gone as well."""
    double = DOUBLED[check.module][check.name]
    (other,) = (one for one in CODE.checks if (one.module, one.name) == (double.module, double.name))
    return await trial.is_needed_without(check, other, other.instead.index(double.instead))


@pytest.mark.soak
async def test_each_check_is_tried_with_every_question(
    trial: Trial, record_property: Callable[[str, object], None], progress: Progress
) -> None:
    """The whole product of checks and the questions that come to them: those in the lists are missed by none."""
    found = {check: await trial.misses(check) for check in stepwise(progress, CODE.checks, "a check is taken away")}
    _tell(record_property, trial, found)
    assert listed(check for check, misses in found.items() if not misses) == listed(
        check for check in CODE.checks if is_listed(check)
    )


def _tell(record_property: Callable[[str, object], None], trial: Trial, found: Mapping[Check, int]) -> None:
    """The figures."""
    for kind in ("right", "sight", "rule"):
        misses = [number for check, number in found.items() if check.kind == kind]
        record_property(f"checks: {kind}", len(misses))
        record_property(f"checks that questions miss: {kind}", sum(map(bool, misses)))
    record_property("times that a question misses a check", sum(found.values()))
    record_property("of these by a canary", trial.count["canaries"])
    record_property("of these by what is told or done", trial.count["more"])
    for told, of_modules in zip(("missed by a test", "doubled", "with a reason"), LISTS, strict=True):
        record_property(told, sum(map(len, of_modules.values())))
    record_property("questions asked again", trial.count["asked"])
