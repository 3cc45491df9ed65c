"""Comments in the graph: under cells and under plans."""

from __future__ import annotations

from typing import Any

from quotaloom.platform.database import Database
from quotaloom.targets.comments import add_comment
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import answer, of_unit
from tests.integration.targets.offices import PlanningOffice

THREADS = """query ($plan: ID!) {
    company { root { descendants { name targetCells(period: "2017-Q1", plan: $plan) {
        period comments { text author member { name } period plan { name } viewerCan { resolve } } }
        quarters: targetCells(period: "2017-Q1", grain: QUARTER, plan: $plan) { comments { text } } } } }
    plan(id: $plan) { comments(first: 2) { totalCount pageInfo { hasNextPage } nodes { text orgUnit { name } } } } }"""


async def say(office: PlanningOffice, name: str, unit: str, text: str, month: str = "2017-01") -> None:
    """Comment on a unit's month."""
    planning = office.planning
    await add_comment(office.work(name), planning.plan_id, planning.units[unit], month, text)


async def test_cells_and_plans_tell_what_was_said(database: Database) -> None:
    """Two of North's January, the earlier first, and one of N 1's March; a plan lists the latest two of three."""
    office = await PlanningOffice.open(database)
    await say(office, "Wu", "North", "Can you do more?")
    await say(office, "Ada", "North", "Think of spring")
    await say(office, "Noa", "N 1", "New", "2017-03")
    data = (await answer(office.planning, THREADS, "Wu", plan=gid("Plan", office.planning.plan_id))).data
    units: dict[str, Any] = {unit["name"]: unit for unit in data["company"]["root"]["descendants"]}
    assert [[one["text"] for one in cell["comments"]] for cell in units["North"]["targetCells"]] == [
        ["Can you do more?", "Think of spring"],
        [],
        [],
    ]
    first, second = units["North"]["targetCells"][0]["comments"]
    assert (first["author"], first["member"], first["period"]) == ("Wu", {"name": "Wu"}, "2017-01")
    assert (second["author"], second["member"], second["plan"]) == ("Ada", None, {"name": "Plan 2017"})
    assert first["viewerCan"] == second["viewerCan"] == {"resolve": True}
    assert units["North"]["quarters"] == [{"comments": None}]
    listed = data["plan"]["comments"]
    assert (listed["totalCount"], listed["pageInfo"]) == (3, {"hasNextPage": True})
    assert [(one["text"], one["orgUnit"]["name"]) for one in listed["nodes"]] == [
        ("New", "N 1"),
        ("Think of spring", "North"),
    ]


async def test_threads_cost_as_many_statements_for_any_number_of_cells(database: Database) -> None:
    """One comment on one cell, then one on each of eight."""
    office = await PlanningOffice.open(database)
    plan = gid("Plan", office.planning.plan_id)
    await say(office, "Ada", "North", "One")
    few = (await answer(office.planning, THREADS, plan=plan)).statements
    for unit in ("N 1", "N 2", "East", "E 1"):
        for month in ("2017-02", "2017-03"):
            await say(office, "Ada", unit, "More", month)
    assert (await answer(office.planning, THREADS, plan=plan)).statements == few


async def test_units_say_whether_one_may_comment(database: Database) -> None:
    """Noa on what she heads and below, Nia on her position, on nothing above."""
    office = await PlanningOffice.open(database)
    for who, unit, may in (
        ("Noa", "North", True),
        ("Noa", "West", False),
        ("Nia", "N 1", True),
        ("Nia", "North", False),
    ):
        assert await of_unit(office.planning, unit, "viewerCan { comment }", who) == {"viewerCan": {"comment": may}}
