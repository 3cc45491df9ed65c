"""Who sees and sets the goals that members set themselves."""

from __future__ import annotations

from typing import Any

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.database import Database
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import answer, of_member, of_unit
from tests.integration.targets.planning import Planning, plan_for

SET = """mutation ($input: SetOwnGoalInput!) { setOwnGoal(input: $input) { errors { code path } ownGoals {
    period startsOn endsOn goal target achieved rate gap version position { name } } } }"""


async def aimed(database: Database) -> tuple[Planning, Any]:
    """Ann, whom Hal of East leads, has 100.00 a month, and sets herself 150.00 for March; her payload."""
    tree = {"Acme": ["East", "West"], "East": ["E 1"], "West": ["W 1"]}
    planning = await plan_for(database, tree, holders={"E 1": "Ann", "W 1": "Wei"})
    for unit, name in (("East", "Hal"), ("West", "Wu")):
        planning.members[name] = await create_member(planning.work, NewMember(name))
        await appoint_head(planning.work, planning.units[unit], planning.members[name], None)
    await planning.set("E 1", {f"2017-{month:02}": 100_00 for month in range(1, 13)})
    await planning.publish()
    given = {
        "planId": gid("Plan", planning.plan_id),
        "positionId": gid("OrgUnit", planning.units["E 1"]),
        "period": "2017-03",
        "goal": "150",
    }
    return planning, (await answer(planning, SET, "Ann", input=given)).data["setOwnGoal"]


async def test_a_member_sets_a_goal_and_reads_it_with_his_target(database: Database) -> None:
    """150.00 beside 100.00, of which nothing is achieved yet."""
    _, payload = await aimed(database)
    assert payload == {
        "errors": [],
        "ownGoals": [
            {
                "period": "2017-03",
                "startsOn": "2017-03-01",
                "endsOn": "2017-04-01",
                "goal": "150.00",
                "target": "100.00",
                "achieved": "0.00",
                "rate": "0.000000",
                "gap": "150.00",
                "version": 1,
                "position": {"name": "E 1"},
            }
        ],
    }


async def test_those_above_see_it_and_nobody_else(database: Database) -> None:
    """An admin and Hal read it; Wu of West sees no Ann, and Hal may not set it."""
    planning, _ = await aimed(database)
    fields = f'ownGoals(plan: "{gid("Plan", planning.plan_id)}") {{ goal }}'
    for who in (None, "Hal", "Ann"):
        assert await of_member(planning, "Ann", fields, who) == {"ownGoals": [{"goal": "150.00"}]}
    assert await of_member(planning, "Ann", fields, "Wu") is None
    right = "viewerCan { setOwnGoal }"
    assert (await of_unit(planning, "E 1", right, "Ann"))["viewerCan"] == {"setOwnGoal": True}
    assert (await of_unit(planning, "E 1", right, "Hal"))["viewerCan"] == {"setOwnGoal": False}


async def test_a_refused_goal_shows_none(database: Database) -> None:
    """Below the target, nothing is answered but the error."""
    planning, _ = await aimed(database)
    given = {
        "planId": gid("Plan", planning.plan_id),
        "positionId": gid("OrgUnit", planning.units["E 1"]),
        "period": "2017-03",
        "goal": "99",
    }
    payload = (await answer(planning, SET, "Ann", input=given)).data["setOwnGoal"]
    assert payload == {"errors": [{"code": "BELOW_TARGET", "path": ["goal"]}], "ownGoals": None}


async def test_goals_of_many_members_cost_as_much_as_those_of_one(database: Database) -> None:
    """Those of Ann, then those of all members: the same number of statements."""
    planning, _ = await aimed(database)
    fields = f'ownGoals(plan: "{gid("Plan", planning.plan_id)}") {{ goal target achieved }}'
    counts = []
    for first in (1, 50):
        query = f'{{ members(first: {first}, text: "{"Ann" if first == 1 else ""}") {{ nodes {{ {fields} }} }} }}'
        counts.append((await answer(planning, query)).statements)
    assert counts[0] == counts[1]
