"""What keeps a plan from being published, as each viewer reads it."""

from __future__ import annotations

from typing import Any

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.database import Database
from quotaloom.targets.plans import create_plan
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import Answer, answer
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1"], "West": ["W 1"]}

FINDINGS = """query ($first: Int!) { plans { smartFindings(first: $first) { totalCount pageInfo { hasNextPage }
    nodes { lacks months message orgUnit { name } } } } }"""


async def vacant(database: Database) -> Planning:
    """East, headed by Hal, and West, headed by nobody; both positions are vacant; a draft with targets for January."""
    planning = await plan_for(database, TREE, holders={}, plans_need_owners=True)
    planning.members["Hal"] = await create_member(planning.work, NewMember("Hal"))
    await appoint_head(planning.work, planning.units["East"], planning.members["Hal"], None)
    for unit in ("East", "West", "E 1", "W 1"):
        await planning.set(unit, {"2017-01": 100})
    return planning


async def findings(planning: Planning, who: str | None, first: int = 50) -> Answer:
    """What somebody reads of all plans."""
    return await answer(planning, FINDINGS, who, first=first)


async def test_an_admin_reads_all_findings_page_by_page(database: Database) -> None:
    """Three vacancies, of which the first page of two tells two."""
    planning = await vacant(database)
    (plan,) = (await findings(planning, None, 2)).data["plans"]
    assert (plan["smartFindings"]["totalCount"], plan["smartFindings"]["pageInfo"]) == (3, {"hasNextPage": True})
    assert plan["smartFindings"]["nodes"][0] == {
        "lacks": "OWNER",
        "months": ["2017-01"],
        "message": "nobody holds E 1 in 2017-01: appoint somebody, or clear the targets",
        "orgUnit": {"name": "E 1"},
    }


async def test_a_head_reads_what_lies_below_his_unit_and_a_member_nothing(database: Database) -> None:
    """Hal learns that E 1 is vacant, and nothing of West; Eve, who heads nothing, sees no draft at all."""
    planning = await vacant(database)
    planning.members["Eve"] = await create_member(planning.work, NewMember("Eve"))
    (plan,) = (await findings(planning, "Hal")).data["plans"]
    assert [node["orgUnit"]["name"] for node in plan["smartFindings"]["nodes"]] == ["E 1"]
    assert plan["smartFindings"]["totalCount"] == 1
    assert (await findings(planning, "Eve")).data["plans"] == []


async def test_publishing_is_refused_with_one_error_for_each_finding(database: Database) -> None:
    """Three errors, each of them at the plan."""
    planning = await vacant(database)
    query = "mutation ($id: ID!) { publishPlan(input: { planId: $id }) { plan { id } errors { code path message } } }"
    payload: dict[str, Any] = (await answer(planning, query, id=gid("Plan", planning.plan_id))).data["publishPlan"]
    assert payload["plan"] is None
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("NOT_SMART", ["planId"])] * 3


async def test_findings_of_many_plans_cost_as_much_as_those_of_one(database: Database) -> None:
    """One plan, then three: the same number of statements."""
    planning = await vacant(database)
    one = await findings(planning, None)
    for year in (2018, 2019):
        await create_plan(planning.work, f"Plan {year}", await planning.revenue(), year)
    three = await findings(planning, None)
    assert [plan["smartFindings"]["totalCount"] for plan in three.data["plans"]] == [0, 0, 3]
    assert three.statements == one.statements
