"""Scenarios in the graph: told with their names, planned by number, and looked at beside the draft."""

from __future__ import annotations

from quotaloom.platform.database import Database
from tests.integration.graph.asking import ask, gid
from tests.integration.graph.planned import answer, refusal
from tests.integration.graph.worlds import small_world
from tests.integration.targets.offices import PlanningOffice

VERSIONS = """query ($plan: ID!) { plan(id: $plan) { status versions { number status name baseNumber } } }"""

SIDE_BY_SIDE = """query ($unit: ID!, $plan: ID!) { orgUnit(id: $unit) {
    draft: attainment(period: "2017", plan: $plan) { target }
    bold: attainment(period: "2017", plan: $plan, planVersion: 2) { target }
    quarters: attainments(period: "2017", grain: QUARTER, plan: $plan, planVersion: 2) { target }
    cells: targetCells(period: "2017-01", plan: $plan, planVersion: 2) { target }
    mismatch: targetMismatch(period: "2017-01", plan: $plan, planVersion: 2) { overAssignment }
} rankings(period: "2017-01", plan: $plan, planVersion: 2) { nodes { orgUnit { name } attainment { target } } } }"""


async def test_a_scenario_is_told_and_planned_by_its_number(database: Database) -> None:
    """The world's plan has the scenario Bold, made from its draft; cells are set in it alone."""
    world = await small_world(database)
    cell = {"orgUnitId": world.unit("acme"), "month": "2026-02", "target": "7"}
    await world.call("setTargetCells", "plan { id }", planId=world["draft"], scenario=2, cells=[cell])
    made = await world.call(
        "addScenario", "scenario { number name baseNumber status }", planId=world["draft"], name="Bolder", fromVersion=2
    )
    assert made["scenario"] == {"number": 3, "name": "Bolder", "baseNumber": 2, "status": "SCENARIO"}
    found = (await ask(world.floor, VERSIONS, plan=world["draft"]))["plan"]
    assert found["status"] == "DRAFT"
    assert [(one["status"], one["name"]) for one in found["versions"]] == [
        ("DRAFT", None),
        ("SCENARIO", "Bold"),
        ("SCENARIO", "Bolder"),
    ]


async def test_every_figure_against_targets_can_be_asked_of_a_scenario(database: Database) -> None:
    """1,200.00 a year in the draft; in the scenario North's January is 80.00 and not 50.00, above 2 × 25.00 below."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    await office.set("North", {"01": 80_00}, scenario=2)
    planning = office.planning
    unit_id, plan = gid("OrgUnit", planning.units["North"]), gid("Plan", planning.plan_id)
    for who in (None, "Wu"):
        data = (await answer(planning, SIDE_BY_SIDE, who, unit=unit_id, plan=plan)).data
        unit = data["orgUnit"]
        assert (unit["draft"], unit["bold"]) == ({"target": "600.00"}, {"target": "630.00"})
        assert [one["target"] for one in unit["quarters"]] == ["180.00", "150.00", "150.00", "150.00"]
        assert (unit["cells"], unit["mismatch"]) == ([{"target": "80.00"}], {"overAssignment": "-30.00"})
        ranked = {row["orgUnit"]["name"]: row["attainment"]["target"] for row in data["rankings"]["nodes"]}
        assert ranked.items() >= {"N 1": "25.00", "N 2": "25.00"}.items()


async def test_scenarios_are_not_shown_to_those_who_do_not_plan(database: Database) -> None:
    """Nia sees the published version alone, and is told that there is no version 2."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    await office.publish()
    plan = gid("Plan", office.planning.plan_id)
    data = (await answer(office.planning, VERSIONS, "Nia", plan=plan)).data
    assert [one["number"] for one in data["plan"]["versions"]] == [1]
    unit = gid("OrgUnit", office.planning.units["N 1"])
    for arguments, expected in (
        ("plan: $plan, planVersion: 2", ("NOT_FOUND", ["planVersion"])),
        ("plan: $plan, planVersion: 9", ("NOT_FOUND", ["planVersion"])),
        ("planVersion: 1", ("PLAN_MISSING", ["plan"])),
    ):
        query = "query ($unit: ID!, $plan: ID!) { orgUnit(id: $unit) { ...asked } plan(id: $plan) { name } }"
        query += f' fragment asked on OrgUnit {{ attainment(period: "2017", {arguments}) {{ target }} }}'
        assert await refusal(office.planning, query, "Nia", unit=unit, plan=plan) == expected
