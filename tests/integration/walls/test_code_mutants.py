"""Checks of the code, taken away one at a time: somebody is told more, or refused no more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Final

import asyncpg
import pytest

from tests.integration.walls.asking import Asking
from tests.integration.walls.belonging import INSIDERS, hidden_from, rows_of
from tests.integration.walls.checks import Check, product
from tests.integration.walls.code_mutants import Trial
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

LATER: Final = {
    *("action_plans/commenting", "action_plans/placing", "activities/reads", "funnels/approving", "incentives/duties"),
    *("policies/trials", "pool/claiming", "reviews/follow_ups", "reviews/scoring", "quotaloom_graphql/reliefs"),
    "quotaloom_graphql/action_plan_loaders",
    *("quotaloom_graphql/achievement_loaders", "quotaloom_graphql/deal_review_loaders", "quotaloom_graphql/roots"),
    *("quotaloom_graphql/own_goal_loaders", "quotaloom_graphql/policy_health", "quotaloom_graphql/projections"),
    *("quotaloom_graphql/schedule_loaders", "quotaloom_graphql/version_loaders"),
    "quotaloom_graphql/version_comparisons",
}
"""Modules whose checks are needed in questions that only `make soak` asks."""


@pytest.fixture
async def trial(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Trial]:
    """The product with switches; nothing was asked yet."""
    rows = await rows_of(admin, asking.walls)
    hidden = {one.name: frozenset(hidden_from(one, asking.walls, rows)) for one in INSIDERS}
    with switched(CODE) as switches, nothing_written(monkeypatch):
        yield Trial(Asker(asking, people(asking.walls)), switches, hidden)


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


async def test_a_check_of_each_file_is_needed(trial: Trial) -> None:
    """Asked by Ann, a service that reads and one that may do nothing: one of each file that they come to."""
    walls = trial.asker.asking.walls
    ids = ids_of(walls)
    for who, every in (("ann", 2), ("a service that reads", 4)):
        await trial.trace(reads(who, ids, {})[::every])
    for who in ("ann", "a service without scopes"):
        await trial.trace([*mutations(who, walls), *subscriptions(who, walls)])
    needed, asked = set[str](), set[str]()
    for check in CODE.checks:
        if check.module in needed | LATER or is_listed(check):
            continue
        if trial.asking[check.number]:
            asked.add(check.module)
            if await trial.is_needed(check):
                needed.add(check.module)
    assert len(needed) > 90
    assert asked == needed


@pytest.mark.soak
async def test_each_check_is_needed(
    trial: Trial, record_property: Callable[[str, object], None], progress: Progress
) -> None:
    """Each check of the product, but for those in the lists; those that have a double once that is gone, too."""
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
    checks = stepwise(progress, CODE.checks, "a check is taken away")
    needed = [check for check in checks if await trial.is_needed(check)]
    _tell(record_property, trial, needed)
    assert listed(check for check in CODE.checks if check not in needed) == listed(
        check for check in CODE.checks if is_listed(check)
    )
    named = {(check.module, check.name): check for check in CODE.checks}
    for module, doubles in DOUBLED.items():
        for name, double in doubles.items():
            other = named[double.module, double.name]
            assert await trial.is_needed_without(named[module, name], other, other.instead.index(double.instead)), name


def _tell(record_property: Callable[[str, object], None], trial: Trial, needed: list[Check]) -> None:
    """The figures."""
    for kind in ("right", "sight", "rule"):
        record_property(f"checks: {kind}", len([check for check in CODE.checks if check.kind == kind]))
        record_property(f"checks that questions miss: {kind}", len([check for check in needed if check.kind == kind]))
    record_property("missed by a canary", trial.count["canaries"])
    record_property("missed by what is told or done", trial.count["more"])
    for told, of_modules in zip(("missed by a test", "doubled", "with a reason"), LISTS, strict=True):
        record_property(told, sum(map(len, of_modules.values())))
    record_property("questions asked again", trial.count["asked"])
