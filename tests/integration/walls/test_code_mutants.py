"""Checks of the code, taken away one at a time: somebody is told more, or refused no more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final

import asyncpg
import pytest

from tests.integration.walls.asking import Asking
from tests.integration.walls.belonging import INSIDERS, hidden_from, rows_of
from tests.integration.walls.checks import Check, product
from tests.integration.walls.code_mutants import Trial
from tests.integration.walls.questions import Asker, mutations, nothing_written, people, reads, sides_of, subscriptions
from tests.integration.walls.surviving import NEEDLESS, Reasons
from tests.integration.walls.switches import switched
from tests.integration.walls.test_reading import all_ids, ids_of
from tests.integration.walls.unasked import UNASKED

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""What runs without its check may leave something behind that nobody waits for."""

CODE: Final = product()

LATER: Final = {
    *("action_plans/commenting", "action_plans/placing", "activities/reads", "funnels/approving", "incentives/duties"),
    *("policies/trials", "pool/claiming", "reviews/follow_ups", "reviews/scoring", "quotaloom_graphql/reliefs"),
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


def is_listed(check: Check, reasons: Reasons) -> bool:
    """Whether a list gives a reason for the check."""
    return check.name in reasons.get(check.module, ())


def test_lists_name_checks_that_are_there() -> None:
    """A check that is gone or reads otherwise is no longer in a list; no two have one name, and none two reasons."""
    assert len({(check.module, check.name) for check in CODE.checks}) == len(CODE.checks)
    for reasons in (NEEDLESS, UNASKED):
        assert listed(one for one in CODE.checks if is_listed(one, reasons)) == {
            module: set(names) for module, names in reasons.items()
        }
    assert [one.name for one in CODE.checks if is_listed(one, NEEDLESS) and is_listed(one, UNASKED)] == []


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
        if check.module in needed | LATER or is_listed(check, NEEDLESS):
            continue
        if trial.asking[check.number]:
            asked.add(check.module)
            if await trial.is_needed(check):
                needed.add(check.module)
    assert len(needed) > 90
    assert asked == needed


@pytest.mark.soak
async def test_each_check_is_needed(trial: Trial, record_property: Callable[[str, object], None]) -> None:
    """Each check of the product, but for those in the lists: nobody misses these, or nobody asks them here."""
    walls = trial.asker.asking.walls
    ids, several = ids_of(walls), await all_ids(trial.asker.asking)
    for who in trial.asker.people:
        insider = who in trial.hidden
        if who != "wu":  # what Hal is in the East, he is in the West
            await trial.trace(reads(who, ids, several if insider else {}))
        await trial.trace(mutations(who, walls, sides_of(walls, several) if insider else ()))
        await trial.trace(subscriptions(who, walls))
    asked = [check for check in CODE.checks if trial.asking[check.number]]
    needed = [check for check in asked if await trial.is_needed(check)]
    _tell(record_property, trial, asked, needed)
    assert listed(check for check in CODE.checks if check not in asked) == {
        module: set(names) for module, names in UNASKED.items()
    }
    assert listed(check for check in asked if check not in needed) == {
        module: set(names) for module, names in NEEDLESS.items()
    }


def _tell(
    record_property: Callable[[str, object], None], trial: Trial, asked: list[Check], needed: list[Check]
) -> None:
    """The figures."""
    for kind in ("right", "sight", "rule"):
        record_property(f"checks tried: {kind}", len([check for check in asked if check.kind == kind]))
        record_property(f"checks needed: {kind}", len([check for check in needed if check.kind == kind]))
    record_property("needed, by a canary", trial.count["canaries"])
    record_property("needed, by what is told or done", trial.count["more"])
    record_property("checks not asked", len(CODE.checks) - len(asked))
    record_property("questions asked again", trial.count["asked"])
