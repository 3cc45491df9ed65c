"""Who stands where, and where they stood."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.organizations.commands.units import create_unit
from quotaloom.organizations.planting import NewUnit
from quotaloom.platform.database import Database
from tests.integration.graph.planned import answer, of_member, order
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1", "E 2"], "West": ["W 1", "W 2"]}
HOLDERS = {"E 1": "Ann", "E 2": "Bo", "W 1": "Cy", "W 2": "Di"}
END = date(2017, 12, 31)


async def raced(database: Database) -> Planning:
    """All but W 2 aim for 100.00 a month. January: E 1 90, E 2 50, W 1 50. February: E 2 70, E 1 70, W 1 80, W 2 1."""
    planning = await plan_for(database, TREE, holders=HOLDERS)
    for unit in ("E 1", "E 2", "W 1"):
        await planning.set(unit, dict.fromkeys(["2017-01", "2017-02"], 10_000))
    await planning.publish()
    for month, unit, amount in (
        *((1, "E 1", 9_000), (1, "E 2", 5_000), (1, "W 1", 5_000)),
        *((2, "E 1", 7_000), (2, "E 2", 7_000), (2, "W 1", 8_000), (2, "W 2", 100)),
    ):
        await order(planning, unit, date(2017, month, 10), amount)
    return planning


async def rankings(planning: Planning, arguments: str, who: str | None = None) -> dict[str, tuple[Any, ...]]:
    """Rank, earlier rank, movement and what was achieved, by name; in the order of the ranking."""
    fields = "rank previousRank movement orgUnit { name } member { name } attainment { achieved rate }"
    query = f"{{ rankings({arguments}) {{ nodes {{ {fields} }} }} }}"
    nodes = (await answer(planning, query, who, END)).data["rankings"]["nodes"]
    return {
        (node["orgUnit"] or node["member"])["name"]: (
            node["rank"],
            node["previousRank"],
            node["movement"],
            node["attainment"] and node["attainment"]["achieved"],
        )
        for node in nodes
    }


async def test_everybody_has_a_place_and_equals_share_it(database: Database) -> None:
    """In February W 1 leads, E 1 and E 2 share the second place, W 2 without a target is last; in January E 1 led."""
    planning = await raced(database)
    assert await rankings(planning, 'period: "2017-02"') == {
        "W 1": (1, 2, 1, "80.00"),
        "E 1": (2, 1, -1, "70.00"),
        "E 2": (2, 2, 0, "70.00"),
        "W 2": (4, 4, 0, "1.00"),
    }


async def test_members_move_too_and_zeros_are_there(database: Database) -> None:
    """By amount: in February Cy first, Di's 1.00 fourth; Ada, the admin, and in January Di have nothing and a place."""
    planning = await raced(database)
    assert await rankings(planning, 'period: "2017-02", of: null, by: ACHIEVED') == {
        "Cy": (1, 2, 1, "80.00"),
        "Ann": (2, 1, -1, "70.00"),
        "Bo": (2, 2, 0, "70.00"),
        "Di": (4, 4, 0, "1.00"),
        "Ada": (5, 4, -1, "0.00"),
    }


async def test_who_was_not_there_before_has_no_earlier_rank(database: Database) -> None:
    """A position that opened on 1 February stood nowhere in January; nobody stood anywhere before 1900."""
    planning = await raced(database)
    await create_unit(planning.work, NewUnit("E 3", "position", planning.units["East"], opened_on=date(2017, 2, 1)))
    found = await rankings(planning, 'period: "2017-02"')
    assert found["E 3"] == (4, None, None, "0.00")
    first = await rankings(planning, 'period: "1900"')
    assert {places[1:3] for places in first.values()} == {(None, None)}


async def test_the_earlier_ranking_is_the_one_that_was_asked_then(database: Database) -> None:
    """Below West alone W 1 was first in January as well; by quarters nobody had anything before."""
    planning = await raced(database)
    query = '{ orgUnits(text: "West") { nodes { id } } }'
    west = (await answer(planning, query)).data["orgUnits"]["nodes"][0]["id"]
    found = await rankings(planning, f'period: "2017-02", under: "{west}"')
    assert found == {"W 1": (1, 1, 0, "80.00"), "W 2": (2, 2, 0, "1.00")}
    quarter = await rankings(planning, 'period: "2017-Q1", by: ACHIEVED')
    # E 1 has 160.00, W 1 130.00, E 2 120.00 and W 2 1.00; in the last quarter of 2016 all had nothing, and were first.
    assert [places[:3] for places in quarter.values()] == [(1, 1, 0), (2, 1, -1), (3, 1, -2), (4, 1, -3)]


@pytest.mark.parametrize(("opened", "seen"), [(False, ["E 1"]), (True, ["W 1", "E 1", "E 2", "W 2"])])
async def test_a_member_sees_beyond_his_own_row_only_if_the_company_says_so(
    database: Database, opened: bool, seen: list[str]
) -> None:
    """Ann reads that she is second and was first; the others' rows only where rankings are open."""
    planning = await raced(database)
    await update_company(planning.work, {"members_see_rankings": opened})
    found = await rankings(planning, 'period: "2017-02"', "Ann")
    assert list(found) == seen
    assert found["E 1"] == (2, 1, -1, "70.00")


async def test_a_row_tells_a_head_no_more_of_a_member_than_he_sees(database: Database) -> None:
    """Ann sells in West too: Di, who heads East, reads Ann's place, and the amount of Bo alone; Ann reads her own."""
    planning = await raced(database)
    await appoint_head(planning.work, planning.units["East"], planning.members["Di"], None)
    west = await create_unit(planning.work, NewUnit("W 3", "position", planning.units["West"]))
    planning.units["W 3"] = west
    await appoint_holder(planning.work, west, planning.members["Ann"], None)
    await order(planning, "W 3", date(2017, 2, 20), 5_000)
    arguments = 'period: "2017-02", of: null, by: ACHIEVED'
    assert await rankings(planning, arguments, "Di") == {
        "Ann": (1, 1, 0, None),
        "Bo": (3, 2, -1, "70.00"),
        "Di": (4, 4, 0, "1.00"),
    }
    assert (await rankings(planning, arguments, "Ann"))["Ann"] == (1, 1, 0, "120.00")
    part = await of_member(planning, "Ann", 'attainment(period: "2017-02") { achieved }', "Di", END)
    assert part["attainment"]["achieved"] == "70.00"
    await update_company(planning.work, {"members_see_rankings": True})
    assert (await rankings(planning, arguments, "Di"))["Ann"] == (1, 1, 0, "120.00")


async def test_places_before_cost_no_more_for_more_rows(database: Database) -> None:
    """Four positions or one of them: the same statements, and five more with the earlier ranks than without."""
    planning = await raced(database)
    taken = []
    for first, fields in ((1, "rank"), (1, "rank previousRank movement"), (4, "rank previousRank movement")):
        query = f'{{ rankings(period: "2017-02", first: {first}) {{ nodes {{ {fields} }} }} }}'
        taken.append((await answer(planning, query)).statements)
    assert taken[1] == taken[2] == taken[0] + 5
