"""Attainment against the period before and the year before."""

from __future__ import annotations

from datetime import date
from typing import Any

from quotaloom.organizations.commands.terms import appoint_head, appoint_holder, end_holding
from quotaloom.organizations.commands.units import move_unit
from quotaloom.organizations.reads import holders
from quotaloom.platform.database import Database
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.plans import create_plan, publish_plan, revise_plan
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import answer, of_member, of_unit, order
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1"], "West": ["W 1"]}
END = date(2017, 12, 31)


async def two_years(database: Database) -> Planning:
    """Ann's E 1 aims for 100.00 a quarter of 2017, for 80.00 in 2016's first; she achieved 40, 60, 50 and 75.

    The amounts are of the first, third and fourth quarters of 2016 and of the first of 2017.
    """
    planning = await plan_for(database, TREE, holders={"E 1": "Ann", "W 1": "Bo"})
    quarters = {"2017-01": 10_000, "2017-04": 10_000}
    await planning.set("E 1", quarters)
    await planning.publish()
    earlier = await create_plan(planning.work, "Plan 2016", await planning.revenue(), 2016)
    await set_target_cells(planning.work, earlier, [CellChange(planning.units["E 1"], "2016-02", {"target": 8_000})])
    await publish_plan(planning.work, earlier)
    for day, amount in (
        (date(2016, 2, 10), 4_000),
        (date(2016, 7, 10), 6_000),
        (date(2016, 11, 10), 5_000),
        (date(2017, 3, 10), 7_500),
    ):
        await order(planning, "E 1", day, amount)
    return planning


FIGURES = """
period target achieved rate
previousPeriod { period target achieved rate status }
previousYear { period target achieved rate status cumulative { achieved } }
sinceBefore: change(since: PREVIOUS_PERIOD) { achieved growth rate }
sinceYear: change(since: PREVIOUS_YEAR) { achieved growth rate }
"""


async def test_a_quarter_is_told_with_the_one_before_and_that_of_the_year_before(database: Database) -> None:
    """75 of 100 after 50 of nothing, and 40 of 80 a year ago: growth 0.5 and 0.875, five twentieths more in rate."""
    planning = await two_years(database)
    found = (await of_unit(planning, "East", f'attainment(period: "2017-Q1") {{ {FIGURES} }}', on=END))["attainment"]
    assert found["previousPeriod"] == {
        "period": "2016-Q4",
        "target": None,
        "achieved": "50.00",
        "rate": None,
        "status": None,
    }
    assert (found["previousYear"]["period"], found["previousYear"]["achieved"]) == ("2016-Q1", "40.00")
    assert found["sinceBefore"] == {"achieved": "25.00", "growth": "0.500000", "rate": None}
    assert found["sinceYear"] == {"achieved": "35.00", "growth": "0.875000", "rate": None}
    seat = (await of_unit(planning, "E 1", f'attainment(period: "2017-Q1") {{ {FIGURES} }}', on=END))["attainment"]
    assert seat["previousYear"] == {
        "period": "2016-Q1",
        "target": "80.00",
        "achieved": "40.00",
        "rate": "0.500000",
        "status": "BELOW_TARGET",
        "cumulative": {"achieved": "40.00"},
    }
    # 0.75 now, 0.50 then
    assert seat["sinceYear"] == {"achieved": "35.00", "growth": "0.875000", "rate": "0.250000"}


async def test_every_period_of_a_chart_has_its_own_before(database: Database) -> None:
    """2017's quarters: 75 after 50, then 0 after 75; a year ago 40, 0, 60, 50; no growth from nothing."""
    planning = await two_years(database)
    chart = f'attainments(period: "2017", grain: QUARTER) {{ {FIGURES} }}'
    for asked in (await of_unit(planning, "Acme", chart, on=END), await of_member(planning, "Ann", chart, on=END)):
        rows = asked["attainments"]
        assert [row["achieved"] for row in rows] == ["75.00", "0.00", "0.00", "0.00"]
        assert [row["previousPeriod"]["achieved"] for row in rows] == ["50.00", "75.00", "0.00", "0.00"]
        assert [row["previousYear"]["period"] for row in rows] == ["2016-Q1", "2016-Q2", "2016-Q3", "2016-Q4"]
        assert [row["previousYear"]["achieved"] for row in rows] == ["40.00", "0.00", "60.00", "50.00"]
        last_year = [row["previousYear"]["cumulative"]["achieved"] for row in rows]
        assert last_year == ["40.00", "40.00", "100.00", "150.00"]
        assert [row["sinceBefore"]["growth"] for row in rows] == ["0.500000", "-1.000000", None, None]
        assert [row["sinceYear"]["growth"] for row in rows] == ["0.875000", None, "-1.000000", "-1.000000"]


async def test_two_weeks_of_a_month_are_compared_with_the_two_weeks_before(database: Database) -> None:
    """1 to 14 March 2017 has 75; the 14 days before nothing, the same days of 2016 nothing."""
    planning = await two_years(database)
    fields = f'attainment(period: "2017-03-01/2017-03-15") {{ {FIGURES} }}'
    found = (await of_unit(planning, "Acme", fields, on=END))["attainment"]
    assert found["previousPeriod"]["period"] == "2017-02-15/2017-03-01"
    assert found["previousYear"]["period"] == "2016-03-01/2016-03-15"
    assert found["sinceYear"] == {"achieved": "75.00", "growth": None, "rate": None}


async def test_earlier_figures_are_asked_the_same_question(database: Database) -> None:
    """E 1 moves to West on 1 December 2016: as it was East had all of 2016, as it is West; in July it was East's."""
    planning = await two_years(database)
    await move_unit(planning.work, planning.units["E 1"], planning.units["West"], date(2016, 12, 1))

    async def year_before(unit: str, arguments: str) -> Any:
        fields = f'attainment(period: "2017", {arguments}) {{ achieved previousYear {{ achieved }} }}'
        found = (await of_unit(planning, unit, fields, on=END))["attainment"]
        return found["achieved"], found["previousYear"]["achieved"]

    assert await year_before("East", "structure: AS_WAS") == ("0.00", "150.00")
    assert await year_before("West", "structure: AS_WAS") == ("75.00", "0.00")
    assert await year_before("West", "structure: AS_IS") == ("75.00", "150.00")
    assert await year_before("East", 'structure: AS_IS, asOf: "2016-07-31"') == ("0.00", "100.00")


async def test_a_draft_counts_in_its_own_year(database: Database) -> None:
    """Revised to 200.00, January 2017 is compared with December and with January 2016, as they were published."""
    planning = await two_years(database)
    await revise_plan(planning.work, planning.plan_id, "more")
    await planning.set("E 1", {"2017-01": 20_000})
    fields = """attainments(period: "2017-Q1", grain: QUARTER, plan: "%s") {
        target previousPeriod { target } previousYear { target previousYear { target } } }
        half: attainments(period: "2017-H1", grain: QUARTER, plan: "%s") { target previousPeriod { target } }
        years: attainments(period: "2016-01-01/2018-01-01", grain: YEAR, plan: "%s") { target }"""
    plan_id = gid("Plan", planning.plan_id)
    found = await of_unit(planning, "E 1", fields % (plan_id, plan_id, plan_id), on=END)
    assert found["attainments"] == [
        {
            "target": "200.00",
            "previousPeriod": {"target": None},
            "previousYear": {"target": "80.00", "previousYear": {"target": None}},
        }
    ]
    # The second quarter's predecessor lies in the draft, the first one's does not.
    assert [row["previousPeriod"]["target"] for row in found["half"]] == [None, "200.00"]
    assert [row["target"] for row in found["years"]] == ["80.00", "300.00"]


async def test_a_head_compares_what_he_sees(database: Database) -> None:
    """From April on Ann holds W 1 too: Bo, who heads East, sees of her what she did there; West he does not see."""
    planning = await two_years(database)
    async with planning.work.snapshot() as snapshot:
        (holding,) = await holders(snapshot, [planning.units["W 1"]])
    await end_holding(planning.work, holding["id"], date(2017, 4, 1))
    await appoint_holder(planning.work, planning.units["W 1"], planning.members["Ann"], date(2017, 4, 1))
    await order(planning, "W 1", date(2017, 5, 10), 900)
    await appoint_head(planning.work, planning.units["East"], planning.members["Bo"], None)
    fields = 'attainment(period: "2017-Q3") { previousPeriod { achieved previousPeriod { achieved } } }'
    own = (await of_member(planning, "Ann", fields, "Ann", END))["attainment"]["previousPeriod"]
    assert own == {"achieved": "9.00", "previousPeriod": {"achieved": "75.00"}}
    seen = (await of_member(planning, "Ann", fields, "Bo", END))["attainment"]["previousPeriod"]
    assert seen == {"achieved": "0.00", "previousPeriod": {"achieved": "75.00"}}
    assert (await of_unit(planning, "West", fields, "Bo", END)) is None


async def test_before_1900_there_is_nothing(database: Database) -> None:
    """The first year that is known has no year before, and no error."""
    planning = await plan_for(database, {"Acme": ["Seat"]})
    fields = 'attainment(period: "1900") { previousPeriod { achieved } change(since: PREVIOUS_YEAR) { growth } }'
    found = (await of_unit(planning, "Acme", fields))["attainment"]
    assert found == {"previousPeriod": None, "change": None}


async def test_a_change_shares_the_read_of_the_figures(database: Database) -> None:
    """The figures of the year before and the change since then take as many statements as the figures alone."""
    planning = await two_years(database)
    one = 'attainment(period: "2017") { previousYear { achieved } }'
    both = 'attainment(period: "2017") { previousYear { achieved } change(since: PREVIOUS_YEAR) { growth } }'
    taken = [(await answer(planning, f"{{ company {{ root {{ {fields} }} }} }}")).statements for fields in (one, both)]
    assert taken[0] == taken[1]
