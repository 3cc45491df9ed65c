"""From a figure down to what it rests on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.organizations.commands.units import move_unit
from quotaloom.platform.database import Database
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import answer, of_member, of_unit, order
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West", "Acme 1"], "East": ["E 1", "E 2"], "West": ["W 1"]}
END = date(2017, 12, 31)


async def sold(database: Database) -> Planning:
    """Ann's E 1 has 10.00 of March and 20.00 of April, Bo's E 2 has 40.00 of April, Cy's W 1 has 80.00 of May."""
    planning = await plan_for(database, TREE, holders={"E 1": "Ann", "E 2": "Bo", "W 1": "Cy"})
    for unit, month, amount in (("E 1", 3, 1_000), ("E 1", 4, 2_000), ("E 2", 4, 4_000), ("W 1", 5, 8_000)):
        await order(planning, unit, date(2017, month, 10), amount)
    return planning


ENTRIES = "achieved achievements { totalCount nodes { amount position { name } } }"


def told(attainment: dict[str, Any]) -> tuple[str, list[tuple[str, str]], int]:
    """What was achieved, the entries that are told, and how many there are."""
    page = attainment["achievements"]
    nodes = [(node["position"]["name"], node["amount"]) for node in page["nodes"]]
    return attainment["achieved"], nodes, page["totalCount"]


async def test_a_figure_leads_to_its_entries(database: Database) -> None:
    """East's 60.00 of April are 40.00 of E 2 and 20.00 of E 1; Ann's 30.00 of the year are two entries."""
    planning = await sold(database)
    fields = f'attainment(period: "2017-04") {{ {ENTRIES} }}'
    found = (await of_unit(planning, "East", fields, on=END))["attainment"]
    assert told(found) == ("60.00", [("E 2", "40.00"), ("E 1", "20.00")], 2)
    assert told((await of_unit(planning, "West", fields, on=END))["attainment"]) == ("0.00", [], 0)
    year = f'attainment(period: "2017") {{ {ENTRIES} }}'
    found = (await of_member(planning, "Ann", year, on=END))["attainment"]
    assert told(found) == ("30.00", [("E 1", "20.00"), ("E 1", "10.00")], 2)


async def test_from_the_company_down_every_figure_is_the_sum_of_what_is_below(database: Database) -> None:
    """Company, teams, positions and entries add up, level by level, in one question."""
    planning = await sold(database)
    query = """{ company { root { ...figures children { ...figures children { ...figures } } } } }
        fragment figures on OrgUnit { attainment(period: "2017") {
            achieved achievements(first: 500) { nodes { amount } } } }"""
    root = (await answer(planning, query, on=END)).data["company"]["root"]

    def check(unit: dict[str, Any]) -> Decimal:
        achieved = Decimal(unit["attainment"]["achieved"])
        assert achieved == sum(Decimal(node["amount"]) for node in unit["attainment"]["achievements"]["nodes"])
        if "children" in unit:
            assert achieved == sum(check(child) for child in unit["children"])
        return achieved

    assert check(root) == Decimal("150.00")


async def test_the_entries_answer_the_same_question_as_the_figure(database: Database) -> None:
    """E 1 moves to West in May: as it was April is East's, as it is West's, as of then there was only March."""
    planning = await sold(database)
    await move_unit(planning.work, planning.units["E 1"], planning.units["West"], date(2017, 5, 1))

    async def asked(unit: str, more: str) -> tuple[str, list[tuple[str, str]], int]:
        fields = f'attainment(period: "2017-Q2"{more}) {{ {ENTRIES} }}'
        return told((await of_unit(planning, unit, fields, on=END))["attainment"])

    assert await asked("East", "") == ("60.00", [("E 2", "40.00"), ("E 1", "20.00")], 2)
    assert await asked("East", ", structure: AS_IS") == ("40.00", [("E 2", "40.00")], 1)
    assert await asked("West", ", structure: AS_IS") == ("100.00", [("W 1", "80.00"), ("E 1", "20.00")], 2)
    assert await asked("East", ', asOf: "2017-03-31"') == ("0.00", [], 0)
    assert await asked("East", ', metric: "orders"') == ("0", [], 0)


async def test_earlier_figures_lead_to_their_entries_too(database: Database) -> None:
    """The quarter before the second one has the 10.00 of March."""
    planning = await sold(database)
    fields = f'attainment(period: "2017-Q2") {{ previousPeriod {{ {ENTRIES} }} }}'
    found = (await of_unit(planning, "Acme", fields, on=END))["attainment"]
    assert told(found["previousPeriod"]) == ("10.00", [("E 1", "10.00")], 1)


async def test_entries_come_page_by_page(database: Database) -> None:
    """Three at a time, the earliest first: 10, 20, 40, then 80 on the second page, which is the last."""
    planning = await sold(database)
    page = """achievements(first: 3, newestFirst: false%s) { totalCount nodes { amount }
        pageInfo { hasNextPage hasPreviousPage endCursor } }"""
    fields = f'attainment(period: "2017") {{ {page} }}'
    first = (await of_unit(planning, "Acme", fields % "", on=END))["attainment"]["achievements"]
    assert [node["amount"] for node in first["nodes"]] == ["10.00", "20.00", "40.00"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (4, True)
    after = f', after: "{first["pageInfo"]["endCursor"]}"'
    second = (await of_unit(planning, "Acme", fields % after, on=END))["attainment"]["achievements"]
    assert [node["amount"] for node in second["nodes"]] == ["80.00"]
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_entries_are_for_those_who_may_see_them(database: Database) -> None:
    """East's figures are open to Ann, and of its entries her own; Cy, who heads East, finds all of them."""
    planning = await sold(database)
    await update_company(planning.work, {"members_see_ancestors": True})
    await appoint_head(planning.work, planning.units["East"], planning.members["Cy"], None)
    one = 'attainment(period: "2017-04") { achievements(first: 1) { nodes { amount } pageInfo { hasNextPage } } }'
    page = (await of_unit(planning, "East", one, "Ann", END))["attainment"]["achievements"]
    assert page == {"nodes": [{"amount": "20.00"}], "pageInfo": {"hasNextPage": False}}
    fields = f'attainment(period: "2017-04") {{ {ENTRIES} }}'
    seen = {who: told((await of_unit(planning, "East", fields, who, END))["attainment"]) for who in ("Ann", "Cy")}
    assert seen["Ann"] == ("60.00", [("E 1", "20.00")], 1)
    assert seen["Cy"] == ("60.00", [("E 2", "40.00"), ("E 1", "20.00")], 2)


async def test_a_head_finds_the_entries_of_a_member_where_he_heads(database: Database) -> None:
    """Ann holds Acme 1 too; Cy, who heads East, finds what she has in East, and she herself all."""
    planning = await sold(database)
    await appoint_head(planning.work, planning.units["East"], planning.members["Cy"], None)
    await appoint_holder(planning.work, planning.units["Acme 1"], planning.members["Ann"], None)
    await order(planning, "Acme 1", date(2017, 6, 10), 500)
    fields = f'attainment(period: "2017") {{ {ENTRIES} }}'
    seen = {who: told((await of_member(planning, "Ann", fields, who, END))["attainment"]) for who in ("Ann", "Cy")}
    assert seen["Ann"][0::2] == ("35.00", 3)
    assert seen["Cy"] == ("30.00", [("E 1", "20.00"), ("E 1", "10.00")], 2)


async def test_the_ledger_is_asked_by_tree_and_by_kind(database: Database) -> None:
    """After the move to West E 1's two entries are below West as it is, none as it was; none of them is overlay."""
    planning = await sold(database)
    await move_unit(planning.work, planning.units["E 1"], planning.units["West"], date(2017, 5, 1))
    query = """query ($unit: ID!) {
        was: achievements(orgUnit: $unit, period: "2017-Q1") { totalCount }
        is: achievements(orgUnit: $unit, period: "2017-Q1", structure: AS_IS) { totalCount }
        then: achievements(orgUnit: $unit, period: "2017-Q1", structure: AS_IS, asOf: "2017-04-30") { totalCount }
        direct: achievements(orgUnit: $unit, structure: AS_IS, credit: DIRECT) { totalCount nodes { amount } }
        overlay: achievements(orgUnit: $unit, structure: AS_IS, credit: OVERLAY) { totalCount } }"""
    found = (await answer(planning, query, on=END, unit=gid("OrgUnit", planning.units["West"]))).data
    assert [found[name]["totalCount"] for name in ("was", "is", "then", "direct", "overlay")] == [0, 1, 0, 3, 0]
    assert [node["amount"] for node in found["direct"]["nodes"]] == ["80.00", "20.00", "10.00"]
