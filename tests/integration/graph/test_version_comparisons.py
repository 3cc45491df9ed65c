"""Versions of a plan side by side, by unit and period."""

from __future__ import annotations

from typing import Any

import pytest

from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.platform.database import Database
from quotaloom.targets.cells import CellChange, set_target_cells
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import answer, refusal
from tests.integration.targets.offices import PlanningOffice

COMPARE = """query ($plan: ID!, $versions: [Int!]!, $under: ID, $grain: Grain! = YEAR, $first: Int! = 50,
    $after: String) { plan(id: $plan) {
        comparison(versions: $versions, under: $under, grain: $grain, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { depth orgUnit { name } periods { period versions {
            number target assessment targetDifference assessmentDifference } } } } } }"""


async def compared_office(database: Database) -> PlanningOffice:
    """1,200.00 a year: 600.00 each for East and West; in scenario 2 January of West is 70.00, E 1 has no February."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    await office.set("West", {"01": 70_00}, scenario=2)
    await office.set("E 1", {"02": None}, scenario=2)
    return office


async def compare(office: PlanningOffice, who: str | None = None, **variables: Any) -> dict[str, Any]:
    """The comparison of the office's plan."""
    asked = {"plan": gid("Plan", office.planning.plan_id), "versions": [1, 2], **variables}
    found = (await answer(office.planning, COMPARE, who, **asked)).data["plan"]["comparison"]
    assert isinstance(found, dict)
    return found


def years(found: dict[str, Any]) -> dict[str, list[tuple[str | None, str | None]]]:
    """Targets with their differences by unit, of the first period."""
    return {
        row["orgUnit"]["name"]: [(one["target"], one["targetDifference"]) for one in row["periods"][0]["versions"]]
        for row in found["nodes"]
    }


async def test_units_stand_side_by_side_in_tree_order_with_their_differences(database: Database) -> None:
    """West aims for 620.00 instead of 600.00, E 1 for 550.00, in the tree's order; the others are as they were."""
    office = await compared_office(database)
    found = await compare(office)
    assert years(found) == {
        "Acme": [("1200.00", "0.00"), ("1200.00", "0.00")],
        "East": [("600.00", "0.00"), ("600.00", "0.00")],
        "E 1": [("600.00", "0.00"), ("550.00", "-50.00")],
        "West": [("600.00", "0.00"), ("620.00", "20.00")],
        "North": [("600.00", "0.00"), ("600.00", "0.00")],
        "N 1": [("300.00", "0.00"), ("300.00", "0.00")],
        "N 2": [("300.00", "0.00"), ("300.00", "0.00")],
    }
    assert [row["orgUnit"]["name"] for row in found["nodes"]][:4] == ["Acme", "East", "E 1", "West"]
    assert [row["depth"] for row in found["nodes"]] == [0, 1, 2, 1, 2, 3, 3]


async def test_a_month_without_a_cell_has_no_difference(database: Database) -> None:
    """E 1's February is 50.00 in the draft and nothing in the scenario; by quarter it is 150.00 against 100.00."""
    office = await compared_office(database)
    under = gid("OrgUnit", office.planning.units["E 1"])
    (row,) = (await compare(office, under=under, grain="MONTH", versions=[2, 1]))["nodes"]
    assert [one["period"] for one in row["periods"]][:2] == ["2017-01", "2017-02"]
    assert [(one["number"], one["target"], one["targetDifference"]) for one in row["periods"][1]["versions"]] == [
        (2, None, None),
        (1, "50.00", None),
    ]
    (row,) = (await compare(office, under=under, grain="QUARTER"))["nodes"]
    assert [one["targetDifference"] for one in row["periods"][0]["versions"]] == ["0.00", "-50.00"]
    assert len(row["periods"]) == 4


async def test_a_comparison_is_told_page_by_page(database: Database) -> None:
    """Seven units by three: West comes fourth, N 2 last; below West there are four."""
    office = await compared_office(database)
    first = await compare(office, first=3)
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (7, True)
    second = await compare(office, first=3, after=first["pageInfo"]["endCursor"])
    third = await compare(office, first=3, after=second["pageInfo"]["endCursor"])
    assert [*years(first), *years(second), *years(third)] == ["Acme", "East", "E 1", "West", "North", "N 1", "N 2"]
    assert not third["pageInfo"]["hasNextPage"]
    west = await compare(office, under=gid("OrgUnit", office.planning.units["West"]))
    assert list(years(west)) == ["West", "North", "N 1", "N 2"]


async def test_a_head_compares_his_subtree_and_a_member_what_was_published(database: Database) -> None:
    """Noa sees North and below, in drafts too; Nia is told that there is no version 2, and sees her own position."""
    office = await compared_office(database)
    assert list(years(await compare(office, "Noa"))) == ["North", "N 1", "N 2"]
    await office.publish()
    plan = gid("Plan", office.planning.plan_id)
    told = await refusal(office.planning, COMPARE, "Nia", plan=plan, versions=[1, 2])
    assert told == ("NOT_FOUND", ["versions", 1])


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"versions": [1]}, ("BAD_VERSIONS", ["versions"])),
        ({"versions": [1, 1]}, ("BAD_VERSIONS", ["versions"])),
        ({"versions": list(range(13))}, ("BAD_VERSIONS", ["versions"])),
        ({"versions": [1, 9]}, ("NOT_FOUND", ["versions", 1])),
        ({"grain": "WEEK"}, ("BAD_GRAIN", ["grain"])),
        ({"grain": "MONTH", "first": 500, "versions": [1, 2, 3, 4]}, ("BAD_PAGE", ["first"])),
        ({"first": 0}, ("BAD_PAGE", ["first"])),
    ],
)
async def test_what_cannot_be_compared_is_told_of(
    database: Database, variables: dict[str, Any], expected: tuple[str, list[Any]]
) -> None:
    """Too few or unknown versions, weeks, and more values than a page has."""
    office = await PlanningOffice.open(database, None)
    for name in ("A", "B", "C"):
        await office.add_scenario(name, None)
    asked = {"plan": gid("Plan", office.planning.plan_id), "versions": [1, 2], **variables}
    assert await refusal(office.planning, COMPARE, None, **asked) == expected


async def test_a_comparison_costs_as_many_statements_for_any_number_of_units(database: Database) -> None:
    """Seven units in two versions, then forty more of them in three, of one plan or of all: the same count."""
    office = await compared_office(database)
    planning = office.planning
    few = (await answer(planning, COMPARE, plan=gid("Plan", planning.plan_id), versions=[1, 2])).statements
    seats = [NewUnit(f"Seat {number}", "position", planning.units["East"]) for number in range(40)]
    ids = await planning.work.write(lambda transaction: insert_units(transaction, seats))
    await set_target_cells(planning.work, planning.plan_id, [CellChange(one, "2017-01", {"target": 1}) for one in ids])
    await office.add_scenario("Bolder", 1)
    more = await answer(planning, COMPARE, plan=gid("Plan", planning.plan_id), versions=[1, 2, 3])
    assert more.data["plan"]["comparison"]["totalCount"] == 47
    assert more.statements == few
