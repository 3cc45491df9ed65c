"""Metrics of products and product groups: retroactive, with plans and everything else of their own."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from quotaloom.achievements.verification import verify_balances
from quotaloom.metrics.product_commands import update_product
from quotaloom.metrics.product_metrics import NewProductMetric, define_product_metric
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.deciding import DecomposeRequest
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.plans import publish_plan
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import answer, of_member, of_unit, refusal
from tests.integration.graph.selling import END, Shop, shop_for
from tests.integration.targets.planning import POLICIES

MARCH, APRIL = date(2017, 3, 10), date(2017, 4, 10)


async def sold(database: Database) -> Shop:
    """E 1 sells lamps for 10.00 in March and 20.00 in April and care for 5.00, E 2 lenses for 40.00, W 1 lamps for
    80.00 and something unnamed for 7.00."""
    shop = await shop_for(database)
    await shop.sell("E 1", MARCH, 1_000, "lamp")
    await shop.sell("E 1", APRIL, 2_000, "lamp")
    await shop.sell("E 1", APRIL, 500, "care")
    await shop.sell("E 2", APRIL, 4_000, "lens", overlay="W 1")
    await shop.sell("W 1", APRIL, 8_000, "lamp")
    await shop.sell("W 1", APRIL, 700)
    return shop


async def achieved(shop: Shop, unit: str, metric: str, more: str = "") -> str:
    fields = f'attainment(period: "2017", metric: "{metric}"{more}) {{ achieved }}'
    found = await of_unit(shop.planning, unit, fields, on=END)
    return str(found["attainment"]["achieved"])


async def test_products_and_groups_count_their_own_part_of_what_is_posted(database: Database) -> None:
    """Of 162.00 lamps are 110.00, lenses 40.00, care 5.00 and 7.00 unnamed; instruments are 150.00."""
    shop = await sold(database)
    assert await achieved(shop, "Acme", "revenue") == "162.00"
    assert await achieved(shop, "Acme", "lamp_revenue") == "110.00"
    assert await achieved(shop, "Acme", "care_revenue") == "5.00"
    assert await achieved(shop, "Acme", "instruments") == "150.00"
    assert await achieved(shop, "East", "instruments") == "70.00"
    # Overlay is in the position's own and not in the team's, as of any metric.
    assert await achieved(shop, "W 1", "lens_revenue") == "40.00"
    assert await achieved(shop, "West", "lens_revenue") == "0.00"
    assert await achieved(shop, "Acme", "lamp_revenue", ", atPlanRate: true") == "110.00"
    assert await achieved(shop, "Acme", "lamp_revenue", ', asOf: "2017-03-31"') == "10.00"
    member = await of_member(shop.planning, "Ann", 'attainment(period: "2017-Q2", metric: "instruments") { achieved }')
    assert member["attainment"]["achieved"] == "20.00"


async def test_the_balances_are_what_the_ledger_makes_of_itself(database: Database) -> None:
    """With products, too."""
    shop = await sold(database)
    async with shop.planning.work.snapshot() as snapshot:
        assert await verify_balances(snapshot) == []


async def test_a_product_that_changes_its_group_takes_its_past_along(database: Database) -> None:
    """Once care is an instrument, its 5.00 of April are instruments' as well."""
    shop = await sold(database)
    await update_product(shop.planning.work, shop.products["care"], {"product_group": "instruments"})
    assert await achieved(shop, "Acme", "instruments") == "155.00"
    await update_product(shop.planning.work, shop.products["lens"], {"product_group": None})
    assert await achieved(shop, "Acme", "instruments") == "115.00"


async def test_a_metric_of_products_has_targets_of_its_own(database: Database) -> None:
    """Of 20.00 of lamps E 1 has achieved all, of 100.00 W 1 has 80.00; East wanted 25.00 of which E 1 has 20.00."""
    shop = await sold(database)
    plan_id = await shop.plan("lamp_revenue")
    await shop.set(plan_id, "E 1", m04=2_000)
    await shop.set(plan_id, "East", m04=2_500)
    await shop.set(plan_id, "W 1", m04=10_000)
    await publish_plan(shop.planning.work, plan_id)
    fields = """attainment(period: "2017-04", metric: "lamp_revenue") { target achieved rate status
        previousPeriod { achieved } achievements { totalCount nodes { amount product { key } } } }
        targetMismatch(period: "2017-04", metric: "lamp_revenue") { overAssignment }"""
    found = await of_unit(shop.planning, "East", fields, on=END)
    assert found == {
        "attainment": {
            "target": "25.00",
            "achieved": "20.00",
            "rate": "0.800000",
            "status": "BELOW_TARGET",
            "previousPeriod": {"achieved": "10.00"},
            "achievements": {"totalCount": 1, "nodes": [{"amount": "20.00", "product": {"key": "lamp"}}]},
        },
        "targetMismatch": {"overAssignment": "-5.00"},
    }
    query = """{ rankings(period: "2017-04", metric: "lamp_revenue", of: POSITION) {
        nodes { rank orgUnit { name } attainment { rate } } } }"""
    ranked = (await answer(shop.planning, query, on=END)).data["rankings"]["nodes"]
    assert [(row["rank"], row["orgUnit"]["name"], row["attainment"]["rate"]) for row in ranked] == [
        (1, "E 1", "1.000000"),
        (2, "W 1", "0.800000"),
        (3, "E 2", None),
    ]
    revenue = await of_unit(shop.planning, "East", 'attainment(period: "2017-04") { target }', on=END)
    assert revenue["attainment"]["target"] is None


async def test_policies_look_back_on_the_products(database: Database) -> None:
    """Of 1.00 in March and 10.00 in April, East, which sold all of March's and a fifth of April's lamps, gets 3.00."""
    shop = await sold(database)
    plan_id = await shop.plan("lamp_revenue", 2018)
    acme = shop.planning.units["Acme"]
    year = dict.fromkeys(range(1, 13), 0) | {3: 100, 4: 1_000}
    cells = [CellChange(acme, f"2018-{month:02}", {"target": target}) for month, target in year.items()]
    await set_target_cells(shop.planning.work, plan_id, cells)
    request = DecomposeRequest(plan_id, acme, {}, policy="allocation.last_year", levels=1)
    outcome = await decompose_target(shop.planning.work, POLICIES, request, dry_run=True)
    years = {unit.name: sum(cell or 0 for cell in unit.target) for unit in outcome.units}
    assert years == {"Acme": 1_100, "East": 300, "West": 800}


async def test_the_entries_of_a_metric_of_products_are_listed(database: Database) -> None:
    """Four entries of instruments and one of overlay, none of care; of the base all seven."""
    shop = await sold(database)
    query = """{ instruments: achievements(metric: "instruments") { totalCount }
        care: achievements(metric: "care_revenue") { nodes { amount metric { key } } }
        all: achievements(metric: "revenue") { totalCount } }"""
    found = (await answer(shop.planning, query, on=END)).data
    assert (found["instruments"]["totalCount"], found["all"]["totalCount"]) == (5, 7)
    assert found["care"]["nodes"] == [{"amount": "5.00", "metric": {"key": "revenue"}}]


async def test_it_says_what_it_is_of(database: Database) -> None:
    """A metric of a product names metric and product, one of a group the group, revenue none of them."""
    shop = await shop_for(database)
    query = "{ metrics { key kind scale ofMetric { key } product { key } productGroup } }"
    found = {metric["key"]: metric for metric in (await answer(shop.planning, query)).data["metrics"]}
    base: dict[str, Any] = {"kind": "MONEY", "scale": 2}
    nothing = {"ofMetric": None, "product": None, "productGroup": None}
    assert found["revenue"] == {"key": "revenue", **base, **nothing}
    lamp = {**nothing, "ofMetric": {"key": "revenue"}, "product": {"key": "lamp"}}
    assert found["lamp_revenue"] == {"key": "lamp_revenue", **base, **lamp}
    group = {**nothing, "ofMetric": {"key": "revenue"}, "productGroup": "instruments"}
    assert found["instruments"] == {"key": "instruments", **base, **group}


async def test_it_costs_as_many_statements_as_any_metric(database: Database) -> None:
    """A dashboard of lamps is as many reads as one of revenue."""
    shop = await sold(database)
    query = """query ($metric: String!) { company { root { children { children { attainments(
        period: "2017", grain: QUARTER, metric: $metric) { achieved achievements { totalCount } } } } } } }"""
    counts = {
        (await answer(shop.planning, query, on=END, metric=metric)).statements
        for metric in ("revenue", "lamp_revenue", "instruments")
    }
    assert len(counts) == 1


async def test_nothing_is_posted_to_it(database: Database) -> None:
    """An order of lamps is posted to revenue, and to revenue alone."""
    shop = await shop_for(database)
    mutation = """mutation ($seat: ID!) { postAchievements(input: { items: [{ metric: "lamp_revenue", amount: "1",
        businessDate: "2017-01-01", source: ORDER, sourceKey: "a", idempotencyKey: "a", credits: [{ positionId: $seat }]
        }] }) { posted errors { path code } } }"""
    found = await answer(shop.planning, mutation, seat=gid("OrgUnit", shop.planning.units["E 1"]))
    assert found.data["postAchievements"] == {
        "posted": None,
        "errors": [{"path": ["items", "0", "metric"], "code": "OF_PRODUCTS"}],
    }


@pytest.mark.parametrize(
    ("facts", "code", "path"),
    [
        ({"product_id": 1, "product_group": "instruments"}, "ONE_RESTRICTION", "productId"),
        ({}, "ONE_RESTRICTION", "productId"),
        ({"product_id": 2**40}, "UNKNOWN_PRODUCT", "productId"),
        ({"product_group": "tools"}, "UNKNOWN_GROUP", "productGroup"),
        ({"product_group": "in\0struments"}, "UNKNOWN_GROUP", "productGroup"),
        ({"product_group": "instruments", "of": "smiles"}, "UNKNOWN_METRIC", "ofMetric"),
        ({"product_group": "instruments", "of": "lamp_revenue"}, "OF_PRODUCTS", "ofMetric"),
        ({"product_group": "instruments", "key": "revenue"}, "KEY_TAKEN", "key"),
        ({"product_group": "instruments", "name": ""}, "BAD_NAME", "name"),
    ],
)
async def test_a_bad_restriction_is_refused(database: Database, facts: dict[str, Any], code: str, path: str) -> None:
    """Of one product or one group that there are, of a metric that counts entries of its own."""
    shop = await shop_for(database)
    metric = NewProductMetric(**{"key": "new", "name": "New", "of": "revenue", **facts})
    with pytest.raises(InputError) as caught:
        await define_product_metric(shop.planning.work, metric)
    assert (caught.value.code, caught.value.path) == (code, (path,))


async def test_a_plan_of_products_is_none_of_the_base(database: Database) -> None:
    """A plan of lamps is refused where revenue is asked for."""
    shop = await shop_for(database)
    plan_id = await shop.plan("lamp_revenue")
    query = """query ($plan: ID!) { company { root { attainment(period: "2017", plan: $plan) { target } } } }"""
    assert (await refusal(shop.planning, query, plan=gid("Plan", plan_id)))[0] == "OTHER_METRIC"
