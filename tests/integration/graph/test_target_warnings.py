"""Who is warned of targets that may be out of reach."""

from __future__ import annotations

from typing import Any

import pytest

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.database import Database
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import answer
from tests.integration.targets.planning import Planning, plan_for

WARNINGS = """query ($plan: ID!) { targetWarnings(plan: $plan, first: 2) { totalCount pageInfo { hasNextPage }
    nodes { target beyond history pipeline potential orgUnit { name } } } }"""


async def hopeful(database: Database) -> Planning:
    """East, headed by Hal, and West have targets, and nobody has deals."""
    tree = {"Acme": ["East", "West"], "East": ["E 1", "E 2"], "West": ["W 1"]}
    planning = await plan_for(database, tree, holders={"E 1": "Ann"})
    planning.members["Hal"] = await create_member(planning.work, NewMember("Hal"))
    await appoint_head(planning.work, planning.units["East"], planning.members["Hal"], None)
    for unit, target in (("E 1", 100), ("E 2", 300), ("W 1", 200)):
        await planning.set(unit, {"2017-03": target})
    return planning


async def warned(planning: Planning, who: str | None) -> Any:
    """The first two warnings of the draft."""
    found = await answer(planning, WARNINGS, who, plan=gid("Plan", planning.plan_id))
    return found.data["targetWarnings"]


async def test_an_admin_is_warned_of_all_and_a_head_of_what_is_his(database: Database) -> None:
    """Three are beyond a pipeline of nothing, the largest first; two of them are Hal's."""
    planning = await hopeful(database)
    found = await warned(planning, None)
    assert (found["totalCount"], found["pageInfo"]) == (3, {"hasNextPage": True})
    assert found["nodes"][0] == {
        "target": "3.00",
        "beyond": ["PIPELINE"],
        "history": None,
        "pipeline": "0.00",
        "potential": None,
        "orgUnit": {"name": "E 2"},
    }
    found = await warned(planning, "Hal")
    assert [node["orgUnit"]["name"] for node in found["nodes"]] == ["E 2", "E 1"]


async def test_whoever_plans_nothing_is_told_of_no_plan(database: Database) -> None:
    """Ann's question is answered as one about a plan that does not exist."""
    planning = await hopeful(database)
    with pytest.raises(AssertionError, match="there is no such plan that you can see"):
        await warned(planning, "Ann")
