"""Attainment period by period: sums so far, and what children aim for together."""

from __future__ import annotations

from datetime import date
from typing import Any

from quotaloom.organizations.commands.units import move_unit
from quotaloom.platform.database import Database
from quotaloom.targets.plans import revise_plan
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import of_member, of_unit, order
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1"], "West": ["W 1"]}
END = date(2017, 12, 31)
BURN_UP = "period achieved cumulative { target assessment achieved overlay gap rate status }"


async def planned(database: Database) -> Planning:
    """Ann's E 1 aims for 100.00 in January and 50.00 in March, and achieved 30.00, 90.00 and 40.00 from January on."""
    planning = await plan_for(database, TREE, holders={"E 1": "Ann"})
    await planning.set("E 1", {"2017-01": 10_000, "2017-03": 5_000})
    await planning.publish()
    for month, amount in ((1, 3_000), (2, 9_000), (3, 4_000)):
        await order(planning, "E 1", date(2017, month, 10), amount)
    return planning


def so_far(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row["cumulative"][name] for row in rows]


async def test_a_chart_needs_no_arithmetic(database: Database) -> None:
    """30, 120 and 160 of 100, 100 and 150: rates 0.3, 1.2 and 1.066667; a position and its holder alike."""
    planning = await planned(database)
    chart = f'attainments(period: "2017-Q1", grain: MONTH) {{ {BURN_UP} }}'
    for asked in (await of_unit(planning, "E 1", chart, on=END), await of_member(planning, "Ann", chart, on=END)):
        rows = asked["attainments"]
        assert [row["achieved"] for row in rows] == ["30.00", "90.00", "40.00"]
        assert so_far(rows, "achieved") == ["30.00", "120.00", "160.00"]
        assert so_far(rows, "target") == ["100.00", "100.00", "150.00"]
        assert so_far(rows, "rate") == ["0.300000", "1.200000", "1.066667"]
        assert so_far(rows, "gap") == ["70.00", "-20.00", "-10.00"]
        assert so_far(rows, "status") == ["BELOW_TARGET", "AT_TARGET", "AT_TARGET"]
        assert so_far(rows, "assessment") == [None, None, None]


async def test_there_is_no_target_before_the_first_one(database: Database) -> None:
    """February has none, so the first sum has none either; March brings 50.00 of its own."""
    planning = await planned(database)
    chart = f'attainments(period: "2017-02-01/2017-04-01", grain: MONTH) {{ {BURN_UP} }}'
    rows = (await of_unit(planning, "E 1", chart, on=END))["attainments"]
    assert so_far(rows, "target") == [None, "50.00"]
    assert so_far(rows, "achieved") == ["90.00", "130.00"]


async def test_days_sum_up_to_their_month(database: Database) -> None:
    """The last of January's 31 days stands at what the month has: 30.00 of 100.00."""
    planning = await planned(database)
    chart = f'attainments(period: "2017-01", grain: DAY) {{ {BURN_UP} }} attainment(period: "2017-01") {{ {BURN_UP} }}'
    found = await of_unit(planning, "E 1", chart, on=END)
    assert len(found["attainments"]) == 31
    assert found["attainments"][-1]["cumulative"] == found["attainment"]["cumulative"]
    assert (found["attainment"]["cumulative"]["achieved"], found["attainment"]["cumulative"]["rate"]) == (
        "30.00",
        "0.300000",
    )


async def test_a_head_reads_the_trend_of_a_member_where_he_heads(database: Database) -> None:
    """Without a head above her nobody but Ann, and the admin, reads her months."""
    planning = await plan_for(database, TREE, holders={"E 1": "Ann", "W 1": "Bo"})
    chart = 'attainments(period: "2017-Q1", grain: MONTH) { achieved }'
    assert len((await of_member(planning, "Ann", chart, "Ann"))["attainments"]) == 3
    assert await of_member(planning, "Ann", chart, "Bo") is None


MISMATCH = "period target childrenTarget overAssignment overAssignmentPercent"


async def over_assigned(database: Database) -> Planning:
    """Acme aims for 300.00 in January and 100.00 in February; East and West for 200.00 and 101.00, then 60.00."""
    planning = await plan_for(database, TREE)
    await planning.set("Acme", {"2017-01": 30_000, "2017-02": 10_000})
    await planning.set("East", {"2017-01": 20_000, "2017-02": 6_000})
    await planning.set("West", {"2017-01": 10_100, "2017-02": 0})
    await planning.set("W 1", {"2017-01": 100, "2017-02": 0})
    return planning


async def test_every_month_tells_what_the_children_have_more(database: Database) -> None:
    """January 1.00 more, a third of a percent; February 40 percent less; March nothing; the year 39.00 less."""
    planning = await over_assigned(database)
    await planning.publish()
    fields = f"""targetMismatches(period: "2017-Q1") {{ {MISMATCH} }}
        years: targetMismatches(period: "2017", grain: YEAR) {{ {MISMATCH} }}"""
    found = await of_unit(planning, "Acme", fields)
    assert [tuple(row.values()) for row in found["targetMismatches"]] == [
        ("2017-01", "300.00", "301.00", "1.00", "0.3333"),
        ("2017-02", "100.00", "60.00", "-40.00", "-40.0000"),
        ("2017-03", None, None, None, None),
    ]
    # 361.00 of 400.00
    assert [tuple(row.values()) for row in found["years"]] == [("2017", "400.00", "361.00", "-39.00", "-9.7500")]
    west = (await of_unit(planning, "West", fields))["targetMismatches"]
    assert [(row["target"], row["childrenTarget"]) for row in west] == [
        ("101.00", "1.00"),
        ("0.00", "0.00"),
        (None, None),
    ]
    # 100.00 less of 101.00; of nothing there is no part.
    assert [row["overAssignmentPercent"] for row in west] == ["-99.0099", None, None]


async def test_children_are_those_of_the_end_of_the_month(database: Database) -> None:
    """W 1 moves to East on 15 February: its cell of January is West's, those of February and March are East's."""
    planning = await plan_for(database, TREE)
    await planning.set("W 1", {"2017-01": 100, "2017-02": 200, "2017-03": 300})
    await planning.publish()
    await move_unit(planning.work, planning.units["W 1"], planning.units["East"], date(2017, 2, 15))
    for unit, sums in (("West", ["1.00", None, None]), ("East", [None, "2.00", "3.00"])):
        rows = await of_unit(planning, unit, 'targetMismatches(period: "2017-Q1") { childrenTarget }')
        assert [row["childrenTarget"] for row in rows["targetMismatches"]] == sums


async def test_weeks_cut_months_on_working_days(database: Database) -> None:
    """January's 220.00 and 330.00 on 22 working days are 10.00 and 15.00 a day: five days of week 5 cut the month."""
    planning = await plan_for(database, TREE)
    await planning.set("Acme", {"2017-01": 22_000})
    await planning.set("East", {"2017-01": 33_000})
    await planning.publish()
    fields = f'targetMismatches(period: "2017-01", grain: WEEK) {{ {MISMATCH} }}'
    rows = (await of_unit(planning, "Acme", fields))["targetMismatches"]
    assert [row["period"] for row in rows] == ["2017-W01", "2017-W02", "2017-W03", "2017-W04", "2017-W05"]
    # Week 5 has Monday and Tuesday, 30 and 31 January.
    assert [row["target"] for row in rows] == ["50.00"] * 4 + ["20.00"]
    assert [row["overAssignment"] for row in rows] == ["25.00"] * 4 + ["10.00"]
    assert {row["overAssignmentPercent"] for row in rows} == {"50.0000"}


async def test_a_draft_and_the_past_have_mismatches_of_their_own(database: Database) -> None:
    """Published in January with 1.00 too much, revised to none in the draft; before publication there was nothing."""
    planning = await over_assigned(database)
    await planning.publish()
    await revise_plan(planning.work, planning.plan_id, "even")
    await planning.set("West", {"2017-01": 10_000})
    given = ("", f', plan: "{gid("Plan", planning.plan_id)}"', ', asOf: "2017-01-02"', ', asOf: "2017-01-01"')
    shown = [
        (await of_unit(planning, "Acme", f'targetMismatch(period: "2017-01"{more}) {{ overAssignment }}', on=END))
        for more in given
    ]
    assert [found["targetMismatch"]["overAssignment"] for found in shown] == ["1.00", "0.00", "1.00", None]


async def test_mismatches_are_for_those_who_see_the_figures(database: Database) -> None:
    """Ann holds E 1: of it she reads the months, of East, whose name she sees, none."""
    planning = await plan_for(database, TREE, holders={"E 1": "Ann"})
    fields = 'name targetMismatches(period: "2017-Q1") { period } targetMismatch(period: "2017") { period }'
    own = await of_unit(planning, "E 1", fields, "Ann")
    assert (len(own["targetMismatches"]), own["targetMismatch"]) == (3, {"period": "2017"})
    above = await of_unit(planning, "East", fields, "Ann")
    assert above == {"name": "East", "targetMismatches": [], "targetMismatch": None}
