"""A plan that is not published is told to those who plan alone: to others its id answers like one of nothing."""

from __future__ import annotations

from typing import Any, Final

import pytest

from quotaloom.platform.database import Database
from tests.integration.graph.asking import ask, ask_once, gid
from tests.integration.graph.worlds import NOTHING, World, small_world

TOO_PRECISE: Final = "1.12345"


async def told(world: World, name: str, plan: str, given: dict[str, Any]) -> list[tuple[str, str]]:
    """Code and message of the errors of a payload, to Ann, who sells."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ errors {{ code message }} }} }}"
    answer = await ask(world.floor, query, "ann", input={"planId": plan, **given})
    return [(error["code"], error["message"]) for error in answer[name]["errors"]]


@pytest.mark.parametrize("amount", ["1", TOO_PRECISE])
async def test_of_a_draft_sellers_are_told_as_of_nothing(database: Database, amount: str) -> None:
    """Whether the amount is good or not, which cannot be said without the plan."""
    world = await small_world(database)
    ann, nothing = world.unit("ann"), gid("Plan", NOTHING)
    calls: dict[str, dict[str, Any]] = {
        "setOwnGoal": {"positionId": ann, "period": "2026-12", "goal": amount},
        "commitTargets": {"orgUnitId": ann, "months": [{"month": "2026-12", "amount": amount}]},
    }
    for name, given in calls.items():
        answers = [await told(world, name, plan, given) for plan in (world["draft"], nothing)]
        assert answers == [[("NOT_FOUND", "there is no such plan that you can see")]] * 2, name


@pytest.mark.parametrize("amount", ["1", TOO_PRECISE])
async def test_who_does_not_plan_is_told_so_of_any_plan(database: Database, amount: str) -> None:
    """Ann may set no targets, whether there is such a plan or not."""
    world = await small_world(database)
    calls: dict[str, dict[str, Any]] = {
        "setTargetCells": {"cells": [{"orgUnitId": world.unit("ann"), "month": "2026-12", "target": amount}]},
        "decomposeTarget": {"orgUnitId": world.unit("ann"), "target": amount},
    }
    for name, given in calls.items():
        kind = f"{name[0].upper()}{name[1:]}Input"
        query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ errors {{ code }} }} }}"
        for plan in (world["draft"], world["published"], gid("Plan", NOTHING)):
            answer = await ask_once(world.floor, f"{name} {plan}", query, "ann", input={"planId": plan, **given})
            assert answer == (None, ["FORBIDDEN"]), name


async def test_a_plan_that_calls_for_commitments_is_known(database: Database) -> None:
    """Ann is told what is wrong with her amount, and that she can set herself no goal beyond what is not in force."""
    world = await small_world(database)
    await world.call("callForCommitments", "plan { id }", planId=world["draft"], until="2026-12-31")
    given: dict[str, Any] = {"orgUnitId": world.unit("ann"), "months": [{"month": "2026-12", "amount": TOO_PRECISE}]}
    assert [code for code, _ in await told(world, "commitTargets", world["draft"], given)] == ["TOO_PRECISE"]
    given = {"positionId": world.unit("ann"), "period": "2026-12", "goal": "1"}
    assert await told(world, "setOwnGoal", world["draft"], given) == [("NOT_FOUND", "there is no such plan in force")]
