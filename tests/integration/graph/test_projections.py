"""What a period will come to: by the run rate, and by the weighted pipeline."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from quotaloom.funnels.commands.stage_changes import win_opportunity
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.product_commands import NewProduct, define_product
from quotaloom.metrics.product_metrics import NewProductMetric, define_product_metric
from quotaloom.metrics.rates import RateKind
from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.terms import appoint_holder
from quotaloom.platform.database import Database
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.plans import create_plan, publish_plan
from tests.integration.funnels.floors import HOST, TODAY, Floor, furnish
from tests.integration.graph.asking import ask, gid
from tests.integration.graph.planned import of_unit, order
from tests.integration.targets.planning import Planning, plan_for

JUNE_15, JUNE_30, JULY_1 = date(2026, 6, 15), date(2026, 6, 30), date(2026, 7, 1)
RUN_RATE = "projection { runRate { achieved gap rate status } }"
PIPELINE = """projection { rest weightedPipeline { achieved gap rate status }
    openDeals { count amount weightedAmount withoutAmount unconverted { currency count amount } }
    undatedDeals { count amount weightedAmount } overdueDeals { count weightedAmount } }"""


async def january(database: Database) -> Planning:
    """Acme aims for 2,200.00 in January 2017, which has 22 working days, and achieved 1,000.01 on the 3rd."""
    planning = await plan_for(database, {"Acme": ["Seat"]}, holders={"Seat": "Ann"})
    await planning.set("Acme", {"2017-01": 220_000})
    await planning.publish()
    await order(planning, "Seat", date(2017, 1, 3), 100_001)
    return planning


async def run_rate(planning: Planning, on: date, period: str = "2017-01", more: str = "") -> Any:
    found = await of_unit(planning, "Acme", f'attainment(period: "{period}"{more}) {{ {RUN_RATE} }}', on=on)
    return found["attainment"]["projection"]["runRate"]


async def test_the_month_goes_on_as_it_began(database: Database) -> None:
    """10 of 22 working days through the 15th: 1,000.01 ÷ 10 × 22 is 2,200.022, which reaches the target."""
    planning = await january(database)
    # 2,200.02 ÷ 2,200.00 = 1.00000909…
    assert await run_rate(planning, date(2017, 1, 15)) == {
        "achieved": "2200.02",
        "gap": "-0.02",
        "rate": "1.000009",
        "status": "AT_TARGET",
    }
    # On the 3rd two working days have passed, the 2nd and the 3rd: 1,000.01 ÷ 2 × 22.
    assert (await run_rate(planning, date(2017, 1, 3)))["achieved"] == "11000.11"


async def test_nothing_is_projected_before_the_first_working_day(database: Database) -> None:
    """The new year began on a Sunday: null on that day, and for all of February until it begins."""
    planning = await january(database)
    assert await run_rate(planning, date(2017, 1, 1)) is None
    assert await run_rate(planning, date(2017, 1, 31), "2017-02") is None


async def test_what_is_over_comes_to_what_was_achieved(database: Database) -> None:
    """In March January is projected at its 1,000.01, which is 0.454550 of the target, and a target of none at 0."""
    planning = await january(database)
    # 1,000.01 ÷ 2,200.00 = 0.4545500
    assert await run_rate(planning, date(2017, 3, 1)) == {
        "achieved": "1000.01",
        "gap": "1199.99",
        "rate": "0.454550",
        "status": "BELOW_TARGET",
    }
    assert await run_rate(planning, date(2017, 3, 1), "2017-02") == {
        "achieved": "0.00",
        "gap": None,
        "rate": None,
        "status": None,
    }


async def test_the_run_rate_is_known_as_of_any_day(database: Database) -> None:
    """As of the 15th it is in March what it was on the 15th; as of the 2nd nothing was achieved yet."""
    planning = await january(database)
    march = date(2017, 3, 1)
    assert (await run_rate(planning, march, more=', asOf: "2017-01-15"'))["achieved"] == "2200.02"
    assert (await run_rate(planning, march, more=', asOf: "2017-01-02"'))["achieved"] == "0.00"


async def june(database: Database) -> Floor:
    """Ann has won 70.00 today and has 1,000.00 open for 15 June; Bob 500.05 for 30 June and 200.00 for 1 July.

    All open ones are leads at 10%. Ann has 30.00 without a date, Cem of West 999.00 that were due yesterday.
    """
    floor = await furnish(database)
    await win_opportunity(floor.work, HOST, await floor.open("ann", amount=70_00))
    await floor.open("ann", expected_close_on=JUNE_15)
    await floor.open("bob", amount=500_05, expected_close_on=JUNE_30)
    await floor.open("bob", amount=200_00, expected_close_on=JULY_1)
    await floor.open("ann", amount=30_00)
    await floor.open("cem", amount=999_00, expected_close_on=date(2026, 5, 31))
    return floor


async def plan_june(floor: Floor, unit: str, target: int) -> None:
    revenue = (await floor.one("SELECT id FROM metric WHERE key = 'revenue'"))["id"]
    plan_id = await create_plan(floor.work, "Plan", revenue, 2026)
    values = {"target": target, "assessment": target // 2}
    await set_target_cells(floor.work, plan_id, [CellChange(floor.units[unit], "2026-06", values)])
    await publish_plan(floor.work, plan_id)


async def projection(floor: Floor, unit: str, arguments: str = "", who: str | None = None) -> Any:
    query = f'query ($id: ID!) {{ orgUnit(id: $id) {{ attainment(period: "2026-06"{arguments}) {{ {PIPELINE} }} }} }}'
    found = await ask(floor, query, who, id=gid("OrgUnit", floor.units[unit]))
    return found["orgUnit"]["attainment"]["projection"]


async def test_open_deals_add_what_they_are_likely_to_bring(database: Database) -> None:
    """East has 70.00 and 150.01 to come of a target of 440.02: 220.01 is half of it, which is its assessment."""
    floor = await june(database)
    await plan_june(floor, "east", 440_02)
    # 1,500.05 × 0.10 = 150.005, half up
    assert await projection(floor, "east") == {
        "rest": "2026-06-01/2026-07-01",
        "weightedPipeline": {
            "achieved": "220.01",
            "gap": "220.01",
            "rate": "0.500000",
            "status": "BELOW_TARGET",
        },
        "openDeals": {
            "count": 2,
            "amount": "1500.05",
            "weightedAmount": "150.01",
            "withoutAmount": 0,
            "unconverted": [],
        },
        "undatedDeals": {"count": 1, "amount": "30.00", "weightedAmount": "3.00"},
        "overdueDeals": {"count": 0, "weightedAmount": "0.00"},
    }
    west = await projection(floor, "west")
    assert west["overdueDeals"] == {"count": 1, "weightedAmount": "99.90"}
    assert west["weightedPipeline"] == {"achieved": "0.00", "gap": None, "rate": None, "status": None}


async def test_each_period_has_the_deals_of_what_is_left_of_it(database: Database) -> None:
    """May is over and has none, June has two, July one, August none, the half year all three."""
    floor = await june(database)
    query = """{ company { root {
        attainments(period: "2026-05-01/2026-09-01", grain: MONTH) { projection { rest openDeals { count } } }
        attainment(period: "2026-H2") { projection { rest weightedPipeline { achieved } openDeals { count } } } } } }"""
    root = (await ask(floor, query))["company"]["root"]
    rows = [row["projection"] for row in root["attainments"]]
    assert [row["openDeals"]["count"] for row in rows] == [0, 2, 1, 0]
    assert [row["rest"] for row in rows[:3]] == [None, "2026-06-01/2026-07-01", "2026-07-01/2026-08-01"]
    assert root["attainment"]["projection"]["weightedPipeline"] == {"achieved": "20.00"}


async def test_deals_are_worth_revenue_and_known_today(database: Database) -> None:
    """Orders have no pipeline, and neither has revenue as of yesterday; as of today it has."""
    floor = await june(database)
    nothing = dict.fromkeys(["rest", "weightedPipeline", "openDeals", "undatedDeals", "overdueDeals"])
    assert await projection(floor, "east", ', asOf: "2026-05-31"') == nothing
    assert (await projection(floor, "east", f', asOf: "{TODAY}"'))["openDeals"]["count"] == 2
    assert await projection(floor, "east", ', metric: "orders"') == nothing


async def test_revenue_of_a_product_has_the_deals_of_that_product(database: Database) -> None:
    """Of 100.00 and 40.00 at 10% the lamps' are 10.00, of the unit and of the member; orders of lamps have none."""
    floor = await furnish(database)
    lamp, lens = [await define_product(floor.work, NewProduct(name, name)) for name in ("lamp", "lens")]
    for of in ("revenue", "orders"):
        await define_product_metric(floor.work, NewProductMetric(f"lamp_{of}", "Lamps", of, lamp))
    for product, amount in ((lamp, 100_00), (lens, 40_00), (None, 7_00)):
        await floor.open("ann", amount=amount, product_id=product, expected_close_on=JUNE_15)
    lamps = ', metric: "lamp_revenue"'
    assert (await projection(floor, "east", lamps))["weightedPipeline"]["achieved"] == "10.00"
    assert (await projection(floor, "east"))["openDeals"]["count"] == 3
    assert (await projection(floor, "east", ', metric: "lamp_orders"'))["openDeals"] is None
    query = f"""query ($id: ID!) {{ member(id: $id) {{ attainment(period: "2026-06"{lamps}) {{
        projection {{ openDeals {{ count amount }} }} }} }} }}"""
    found = await ask(floor, query, id=gid("Member", floor.members["ann"]))
    assert found["member"]["attainment"]["projection"]["openDeals"] == {"count": 1, "amount": "100.00"}


async def test_at_the_plan_rate_deals_are_too(database: Database) -> None:
    """100.00 USD at 10%: 70.00 booked at 7.00, 65.00 at the plan rate of 6.50."""
    floor = await furnish(database)
    for kind, rate in ((RateKind.BOOKING, "7"), (RateKind.PLAN, "6.5")):
        await set_exchange_rate(floor.work, "USD", kind, TODAY, Decimal(rate))
    await floor.open("ann", amount=100_00, currency="USD", expected_close_on=JUNE_15)
    shown = [
        (await projection(floor, "east", more))["weightedPipeline"]["achieved"] for more in ("", ", atPlanRate: true")
    ]
    assert shown == ["70.00", "65.00"]


async def test_a_member_is_projected_by_his_own_deals(database: Database) -> None:
    """Ann has 70.00 and 100.00 to come; Hal, who heads East, sees the same of her, and Wu nothing."""
    floor = await june(database)
    query = """query ($id: ID!) { member(id: $id) { attainment(period: "2026-06") {
        projection { weightedPipeline { achieved } undatedDeals { count } } } } }"""
    ann = gid("Member", floor.members["ann"])
    for who in ("ann", "hal", None):
        found = (await ask(floor, query, who, id=ann))["member"]["attainment"]["projection"]
        assert found == {"weightedPipeline": {"achieved": "170.00"}, "undatedDeals": {"count": 1}}
    assert (await ask(floor, query, "wu", id=ann))["member"] is None


async def test_a_head_is_projected_of_a_member_what_lies_below_him(database: Database) -> None:
    """Ann has a deal of the West without a date, too: she reads of two such deals, Hal of the one in the East."""
    floor = await june(database)
    await appoint_holder(floor.work, floor.units["empty"], floor.members["ann"], None)
    await floor.open("empty")
    query = """query ($id: ID!) { member(id: $id) { attainment(period: "2026-06") {
        projection { undatedDeals { count } } } } }"""
    ann = gid("Member", floor.members["ann"])
    for who, count in (("ann", 2), ("hal", 1)):
        found = (await ask(floor, query, who, id=ann))["member"]["attainment"]["projection"]
        assert found == {"undatedDeals": {"count": count}}


async def test_the_pipeline_is_for_those_who_see_the_unit(database: Database) -> None:
    """Where rankings are open, Bob reads Ann's place and run rate, not what she has open; of East nothing."""
    floor = await june(database)
    await update_company(floor.work, {"members_see_rankings": True})
    query = """{ rankings(period: "2026-06") { nodes { orgUnit { name } attainment {
        achieved projection { openDeals { count } } } } } }"""
    nodes = (await ask(floor, query, "bob"))["rankings"]["nodes"]
    shown = {node["orgUnit"]["name"]: node["attainment"] for node in nodes}
    assert shown["Ann"] == {"achieved": "70.00", "projection": {"openDeals": None}}
    assert shown["Bob"] == {"achieved": "0.00", "projection": {"openDeals": {"count": 1}}}
    east = 'query ($id: ID!) { orgUnit(id: $id) { attainment(period: "2026-06") { achieved } } }'
    assert (await ask(floor, east, "bob", id=gid("OrgUnit", floor.units["east"])))["orgUnit"]["attainment"] is None


async def test_whoever_sees_a_unit_sees_its_pipeline(database: Database) -> None:
    """Where the units above are open to members, Bob reads East's 220.01, Ann's deals included."""
    floor = await june(database)
    await update_company(floor.work, {"members_see_ancestors": True})
    assert (await projection(floor, "east", who="bob"))["weightedPipeline"]["achieved"] == "220.01"


async def test_the_deals_of_a_projection_are_listed_by_what_is_left(database: Database) -> None:
    """`rest` leads to the two open deals of June that East's projection rests on, overdue and later ones left out."""
    floor = await june(database)
    rest = (await projection(floor, "east"))["rest"]
    unit = gid("OrgUnit", floor.units["east"])
    query = """query ($id: ID!, $rest: String) {
        orgUnit(id: $id) { opportunities(outcome: [OPEN], expectedIn: $rest, orderBy: AMOUNT) { amount } }
        opportunities(orgUnit: $id, outcome: [OPEN], expectedIn: $rest) { totalCount } }"""
    found = await ask(floor, query, id=unit, rest=rest)
    assert found["orgUnit"]["opportunities"] == [{"amount": "1000.00"}, {"amount": "500.05"}]
    assert found["opportunities"]["totalCount"] == 2
