"""From a member's March target up to the company's goal, and what of the strategy each viewer sees."""

from __future__ import annotations

from typing import Any

from asyncpg import Record

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.database import Database
from quotaloom.strategy.commands import create_objective
from quotaloom.strategy.objectives import NewObjective, ObjectiveLevel
from quotaloom.targets.plan_objectives import attach_plan
from quotaloom.targets.plans import create_plan
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import Answer, answer
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1"], "West": ["W 1"]}

WALK = """query ($id: ID!) { member(id: $id) { positions { position { targetCells(period: "2017-03") { target plan {
    name objective { level name parent { level name parent { level name parent { name } } } } } } } } } }"""

LISTED = """{ objectives(fiscalYear: 2017) { level name owner { name } orgUnit { name }
    children { name } plans { name status } viewerCan { edit } } }"""


async def strategy(database: Database) -> Planning:
    """Ann's E 1 has 100.00 a month in a plan that serves East's sales; West has a business objective of its own."""
    planning = await plan_for(database, TREE, holders={"E 1": "Ann", "W 1": "Wei"})
    await planning.decompose("Acme", 2_400_00)
    await planning.publish()

    async def made(level: ObjectiveLevel, name: str, parent_id: int | None, unit: str | None = None) -> int:
        unit_id = None if unit is None else planning.units[unit]
        owner = planning.members["Wei"]
        return await create_objective(planning.work, NewObjective(2017, level, name, owner, parent_id, unit_id=unit_id))

    corporate, business, functional = ObjectiveLevel
    top = await made(corporate, "Lead the market", None)
    east = await made(business, "Win the east", top, "East")
    await made(business, "Hold the west", top, "West")
    sales = await made(functional, "Sell to ten more", east, "East")
    await attach_plan(planning.work, planning.plan_id, sales)
    return planning


async def walk(planning: Planning, member: str, who: str | None) -> Answer:
    """The walk of a member's March target."""
    return await answer(planning, WALK, who, id=gid("Member", planning.members[member]))


async def test_a_member_walks_from_his_march_target_to_the_companys_goal(database: Database) -> None:
    """Ann asks once: 100.00 in March, of the plan, for East's sales, for the east's business, for the company."""
    planning = await strategy(database)
    found = (await walk(planning, "Ann", "Ann")).data["member"]
    (cell,) = found["positions"][0]["position"]["targetCells"]
    assert cell == {
        "target": "100.00",
        "plan": {
            "name": "Plan 2017",
            "objective": {
                "level": "FUNCTIONAL",
                "name": "Sell to ten more",
                "parent": {
                    "level": "BUSINESS",
                    "name": "Win the east",
                    "parent": {"level": "CORPORATE", "name": "Lead the market", "parent": None},
                },
            },
        },
    }


async def names(planning: Planning, who: str | None) -> list[str]:
    """The names of the objectives that somebody is answered."""
    return [row["name"] for row in (await answer(planning, LISTED, who)).data["objectives"]]


async def test_members_see_the_objectives_above_them_and_those_that_plans_serve(database: Database) -> None:
    """Of Hold the west, which is West's and which no plan serves, Ann of East learns nothing; Wei of West does."""
    planning = await strategy(database)
    served = ["Lead the market", "Win the east", "Sell to ten more"]
    assert await names(planning, "Ann") == served
    assert await names(planning, "Wei") == ["Lead the market", "Hold the west", "Win the east", "Sell to ten more"]
    assert await names(planning, None) == await names(planning, "Wei")


async def test_what_a_draft_serves_is_told_to_those_who_see_drafts(database: Database) -> None:
    """Once a draft serves Hold the west, Bo, who heads East, learns of it, and Ann, who plans nothing, does not."""
    planning = await strategy(database)
    (west,) = await planning_rows(planning, "SELECT id FROM objective WHERE name = 'Hold the west'")
    (metric,) = await planning_rows(planning, "SELECT id FROM metric WHERE key = 'revenue'")
    draft = await create_plan(planning.work, "Next", metric["id"], 2017)
    await attach_plan(planning.work, draft, west["id"])
    planning.members["Bo"] = await create_member(planning.work, NewMember("Bo"))
    await appoint_head(planning.work, planning.units["East"], planning.members["Bo"], None)
    assert "Hold the west" not in await names(planning, "Ann")
    assert "Hold the west" in await names(planning, "Bo")


async def test_of_the_plans_of_an_objective_drafts_are_told_to_those_who_see_drafts(database: Database) -> None:
    """A draft serves what a published plan serves as well: Ann is told of that one, an admin of both."""
    planning = await strategy(database)
    (sales,) = await planning_rows(planning, "SELECT id FROM objective WHERE name = 'Sell to ten more'")
    (metric,) = await planning_rows(planning, "SELECT id FROM metric WHERE key = 'revenue'")
    await attach_plan(planning.work, await create_plan(planning.work, "Next", metric["id"], 2017), sales["id"])
    for who, expected in (("Ann", ["Plan 2017"]), (None, ["Next", "Plan 2017"])):
        told = {row["name"]: row["plans"] for row in (await answer(planning, LISTED, who)).data["objectives"]}
        assert [plan["name"] for plan in told["Sell to ten more"]] == expected


async def planning_rows(planning: Planning, sql: str) -> list[Record]:
    """The rows of a query."""
    async with planning.work.snapshot() as snapshot:
        return await snapshot.fetch(sql)


async def test_an_objective_is_told_with_its_children_and_plans(database: Database) -> None:
    """An admin may edit it, a member not; the corporate one has two below it, the functional one the plan."""
    planning = await strategy(database)
    told: dict[str, Any] = {row["name"]: row for row in (await answer(planning, LISTED)).data["objectives"]}
    assert told["Lead the market"] == {
        "level": "CORPORATE",
        "name": "Lead the market",
        "owner": {"name": "Wei"},
        "orgUnit": None,
        "children": [{"name": "Hold the west"}, {"name": "Win the east"}],
        "plans": [],
        "viewerCan": {"edit": True},
    }
    assert told["Sell to ten more"]["plans"] == [{"name": "Plan 2017", "status": "PUBLISHED"}]
    seen = (await answer(planning, LISTED, "Ann")).data["objectives"]
    assert not any(row["viewerCan"]["edit"] for row in seen)


async def test_the_units_above_a_member_show_what_they_pursue(database: Database) -> None:
    """Ann asks the units above her: East pursues two objectives, the company's root none of its own."""
    planning = await strategy(database)
    query = """query ($id: ID!) { orgUnit(id: $id) { ancestors { name objectives(fiscalYear: 2017) { name } } } }"""
    found = await answer(planning, query, "Ann", id=gid("OrgUnit", planning.units["E 1"]))
    assert found.data["orgUnit"]["ancestors"] == [
        {"name": "Acme", "objectives": []},
        {"name": "East", "objectives": [{"name": "Win the east"}, {"name": "Sell to ten more"}]},
    ]


async def test_the_walk_costs_as_much_for_many_cells_as_for_one(database: Database) -> None:
    """March alone, then the twelve months of the year: the same number of statements."""
    planning = await strategy(database)
    one = await walk(planning, "Ann", None)
    query = WALK.replace("2017-03", "2017")
    twelve = await answer(planning, query, None, id=gid("Member", planning.members["Ann"]))
    assert len(twelve.data["member"]["positions"][0]["position"]["targetCells"]) == 12
    assert twelve.statements == one.statements


async def test_a_focus_is_told_with_the_plan_and_the_objective(database: Database) -> None:
    """The payload has what was set, and Ann reads it on her walk."""
    planning = await strategy(database)
    for type_name, number in (("Plan", planning.plan_id), ("Objective", await objective_of(planning))):
        query = """mutation ($input: SetFocusInput!) { setFocus(input: $input) { errors { code } node {
            ... on Plan { focuses { period text version } }
            ... on Objective { focuses { period text version } } } } }"""
        given = {"id": gid(type_name, number), "period": "2017-Q1", "text": f"Of the {type_name}"}
        told = {"period": "2017-Q1", "text": f"Of the {type_name}", "version": 1}
        payload = (await answer(planning, query, input=given)).data["setFocus"]
        assert payload == {"errors": [], "node": {"focuses": [told]}}
    query = "{ plans { focuses { text } objective { focuses { text } } } }"
    assert (await answer(planning, query, "Ann")).data["plans"] == [
        {"focuses": [{"text": "Of the Plan"}], "objective": {"focuses": [{"text": "Of the Objective"}]}}
    ]


async def objective_of(planning: Planning) -> int:
    """The objective that the plan serves."""
    async with planning.work.snapshot() as snapshot:
        row = await snapshot.fetch_one("SELECT objective_id FROM plan WHERE id = $1", planning.plan_id)
    assert row is not None
    return int(row["objective_id"])


async def test_leaving_the_objective_out_detaches_as_null_does(database: Database) -> None:
    """`attachPlan` with the plan alone."""
    planning = await strategy(database)
    query = "mutation ($id: ID!) { attachPlan(input: { planId: $id }) { errors { code } plan { objective { name } } } }"
    payload = (await answer(planning, query, id=gid("Plan", planning.plan_id))).data["attachPlan"]
    assert payload == {"errors": [], "plan": {"objective": None}}
