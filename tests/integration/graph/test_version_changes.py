"""What a version changed: cell by cell, with the sums by unit."""

from __future__ import annotations

from typing import Any

from quotaloom.platform.database import Database
from quotaloom.targets.day_cells import plan_by_day
from quotaloom.targets.plans import revise_plan
from quotaloom.targets.scenarios import adopt_scenario
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import answer, refusal
from tests.integration.targets.offices import PlanningOffice

CHANGES = """query ($plan: ID!, $against: Int, $first: Int! = 50, $after: String) { plan(id: $plan) { versions {
    number reason
    changes(against: $against, first: $first, after: $after) { totalCount pageInfo { endCursor } nodes {
        kind period orgUnit { name } before { target assessment } after { target } targetDifference } }
    unitChanges(against: $against, first: $first, after: $after) { totalCount nodes {
        cells orgUnit { name } before { target } after { target } targetDifference } } } } }"""


async def revised_office(database: Database) -> PlanningOffice:
    """100.00 a month published; revised: January of West 70.00 for 50.00, E 1's February cleared, Acme's kept."""
    office = await PlanningOffice.open(database)
    await office.publish()
    await revise_plan(office.work(), office.planning.plan_id, "A new region")
    await office.set("West", {"01": 70_00, "02": 50_00})
    await office.set("E 1", {"02": None})
    return office


async def versions(office: PlanningOffice, who: str | None = None, **variables: Any) -> list[dict[str, Any]]:
    """The versions of the office's plan with their changes."""
    asked = {"plan": gid("Plan", office.planning.plan_id), **variables}
    found: list[dict[str, Any]] = (await answer(office.planning, CHANGES, who, **asked)).data["plan"]["versions"]
    return found


def told(changes: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Kind, unit, month, and targets before and after."""
    return [
        (row["kind"], row["orgUnit"]["name"], row["period"], row["before"]["target"], row["after"]["target"])
        for row in changes["nodes"]
    ]


async def test_a_revision_is_told_by_the_cells_that_differ(database: Database) -> None:
    """Two of 84 cells differ; the month set to what it was does not, and neither does a lock."""
    office = await revised_office(database)
    first, second = await versions(office)
    assert second["reason"] == "A new region"
    assert told(second["changes"]) == [
        ("REMOVED", "E 1", "2017-02", "50.00", None),
        ("CHANGED", "West", "2017-01", "50.00", "70.00"),
    ]
    assert [row["targetDifference"] for row in second["changes"]["nodes"]] == ["-50.00", "20.00"]
    # The first version was made from none: seven units × twelve months were added.
    assert first["changes"]["totalCount"] == 84
    assert {row["kind"] for row in first["changes"]["nodes"]} == {"ADDED"}


async def test_changes_are_summed_up_by_unit(database: Database) -> None:
    """With March of West at 10.00: two cells of it, 100.00 before and 80.00 after."""
    office = await revised_office(database)
    await office.set("West", {"03": 10_00})
    _, second = await versions(office)
    assert [
        (row["orgUnit"]["name"], row["cells"], row["before"]["target"], row["after"]["target"], row["targetDifference"])
        for row in second["unitChanges"]["nodes"]
    ] == [("E 1", 1, "50.00", None, "-50.00"), ("West", 2, "100.00", "80.00", "-20.00")]


async def test_any_version_can_be_compared_with_any_other(database: Database) -> None:
    """Against version 2 the first one has E 1's February again; against itself a version has no changes."""
    office = await revised_office(database)
    first, second = await versions(office, against=2)
    assert told(first["changes"]) == [
        ("ADDED", "E 1", "2017-02", None, "50.00"),
        ("CHANGED", "West", "2017-01", "70.00", "50.00"),
    ]
    assert second["changes"]["nodes"] == second["unitChanges"]["nodes"] == []
    query = "query ($plan: ID!) { plan(id: $plan) { versions { unitChanges(against: 2) { totalCount } } } }"
    told_nia = await refusal(office.planning, query, "Nia", plan=gid("Plan", office.planning.plan_id))
    assert told_nia == ("NOT_FOUND", ["against"])


async def test_a_month_that_is_planned_by_the_day_is_told_by_its_days(database: Database) -> None:
    """N 1's 25.00 for January go, and come as 22 working days with 1.14 and 1.13; in sum nothing has changed."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    planning = office.planning
    await plan_by_day(office.work(), planning.plan_id, [planning.units["N 1"]], "2017-01", by_day=True, scenario=2)
    _, second = await versions(office)
    rows = told(second["changes"])
    assert ("REMOVED", "N 1", "2017-01", "25.00", None) in rows
    assert ("ADDED", "N 1", "2017-01-02", None, "1.14") in rows
    assert {kind for kind, *_ in rows} == {"ADDED", "REMOVED"}
    (unit,) = second["unitChanges"]["nodes"]
    assert (unit["before"], unit["after"], unit["targetDifference"]) == (
        {"target": "25.00"},
        {"target": "25.00"},
        "0.00",
    )


async def test_changes_are_told_page_by_page(database: Database) -> None:
    """One row each, in the order of names and months."""
    office = await revised_office(database)
    _, first = await versions(office, first=1)
    assert first["changes"]["totalCount"] == 2
    _, second = await versions(office, first=1, after=first["changes"]["pageInfo"]["endCursor"])
    assert [told(one["changes"])[0][1] for one in (first, second)] == ["E 1", "West"]


async def test_changes_are_those_of_units_that_one_may_see(database: Database) -> None:
    """Noa sees none of West's; Nia sees no draft, and nothing of what the published one was made from."""
    office = await revised_office(database)
    await office.set("N 1", {"01": 30_00})
    await office.set("E 1", {"02": 50_00})
    _, second = await versions(office, "Noa")
    assert told(second["changes"]) == [("CHANGED", "N 1", "2017-01", "25.00", "30.00")]
    await office.set("E 1", {"02": 40_00})
    await office.publish()
    _, second = await versions(office, "Nia")
    assert told(second["changes"]) == [("CHANGED", "N 1", "2017-01", "25.00", "30.00")]


async def test_changes_against_a_draft_are_for_those_who_plan(database: Database) -> None:
    """The scenario was made from the draft that it replaced: Nia is told of the published version, not of that."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    await office.set("N 1", {"01": 30_00}, scenario=2)
    await adopt_scenario(office.work(), office.planning.plan_id, 2, "Better")
    await office.publish()
    (only,) = await versions(office, "Nia")
    assert (only["number"], only["changes"], only["unitChanges"]) == (2, None, None)
    _, second = await versions(office, "Noa")
    assert told(second["changes"]) == [("CHANGED", "N 1", "2017-01", "25.00", "30.00")]
