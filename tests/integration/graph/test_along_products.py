"""Decomposition along products, and a unit's own target against its products', through the graph."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.metrics.product_commands import NewProduct, define_product
from quotaloom.metrics.product_metrics import NewProductMetric, define_product_metric
from quotaloom.organizations.commands.terms import appoint_head
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets import along_products, gathering
from quotaloom.targets.along_products import AlongProductsRequest, ProductPart, decompose_along_products
from quotaloom.targets.cells import CellChange, lock_target_cells, set_target_cells
from quotaloom.targets.gathering import Gathered
from quotaloom.targets.plans import PlanFacts, create_plan, publish_plan
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import answer, of_unit, refusal
from tests.integration.graph.selling import END, Shop, shop_for
from tests.integration.targets.planning import Planning

SPLIT = """mutation ($plan: ID!, $unit: ID!, $parts: [ProductPartInput!]!, $levels: Int, $dry: Boolean!) {
    decomposeAlongProducts(input: { planId: $plan, orgUnitId: $unit, parts: $parts, levels: $levels, dryRun: $dry }) {
        stored months cells { name target yearTarget plan { name } orgUnit { name } }
        errors { path code message } } }"""

MISMATCH = """productMismatch(period: "2017", parts: ["lamp_revenue", "lens_revenue"]) {
    target productsTarget difference products { metric { key } target } }"""


async def split(
    shop: Shop,
    parts: Mapping[str, tuple[int, str | None]],
    unit: str = "Acme",
    levels: int | None = 0,
    *,
    dry: bool = False,
    who: str | None = None,
) -> dict[str, Any]:
    """Split the revenue of a unit along the plans of `parts`, by weights or, without, by last year."""
    given = [{"planId": gid("Plan", plan), "weight": weight} for plan, weight in parts.values()]
    variables: dict[str, Any] = {"parts": given, "levels": levels, "dry": dry}
    variables |= {"plan": gid("Plan", shop.planning.plan_id), "unit": gid("OrgUnit", shop.planning.units[unit])}
    found = await answer(shop.planning, SPLIT, who, **variables)
    return dict(found.data["decomposeAlongProducts"])


def years(found: dict[str, Any]) -> dict[tuple[str, str], str]:
    assert found["errors"] == []
    return {(row["orgUnit"]["name"], row["plan"]["name"]): row["yearTarget"] for row in found["cells"]}


async def planned(database: Database) -> tuple[Shop, dict[str, int]]:
    """Revenue of 12.01 a year over the whole tree, evenly, and empty plans of lamps and lenses."""
    shop = await shop_for(database)
    await shop.planning.decompose("Acme", 1_201)
    return shop, {name: await shop.plan(f"{name}_revenue") for name in ("lamp", "lens")}


async def test_a_units_months_are_split_along_products_exactly(database: Database) -> None:
    """12.01 at 2 to 1 are 8.01 and 4.00, ideally 8.00⅔ and 4.00⅓, and every month adds up to Acme's own."""
    shop, plans = await planned(database)
    weighed = {"lamp": (plans["lamp"], "2"), "lens": (plans["lens"], "1")}
    tried = await split(shop, weighed, dry=True)
    assert years(tried) == {("Acme", "lamp_revenue 2017"): "8.01", ("Acme", "lens_revenue 2017"): "4.00"}
    lamp, lens = (row["target"] for row in tried["cells"])
    # Acme has 1.01 in January and 1.00 in each other month.
    assert [Decimal(one) + Decimal(two) for one, two in zip(lamp, lens, strict=True)] == [
        Decimal("1.01"),
        *[Decimal(1)] * 11,
    ]
    assert set(lamp) <= {"0.66", "0.67", "0.68"}
    assert not tried["stored"]
    assert (await of_unit(shop.planning, "Acme", MISMATCH))["productMismatch"]["productsTarget"] is None
    stored = await split(shop, weighed)
    assert (stored["stored"], stored["cells"]) == (True, tried["cells"])
    for plan_id in (shop.planning.plan_id, *plans.values()):
        await publish_plan(shop.planning.work, plan_id)
    assert (await of_unit(shop.planning, "Acme", MISMATCH))["productMismatch"] == {
        "target": "12.01",
        "productsTarget": "12.01",
        "difference": "0.00",
        "products": [
            {"metric": {"key": "lamp_revenue"}, "target": "8.01"},
            {"metric": {"key": "lens_revenue"}, "target": "4.00"},
        ],
    }


async def test_down_the_tree_units_and_products_add_up(database: Database) -> None:
    """All levels: every unit's products make its own months, every product's children make their parent's cells."""
    shop, plans = await planned(database)
    weighed = {"lamp": (plans["lamp"], "2"), "lens": (plans["lens"], "1")}
    years(await split(shop, weighed, levels=None))
    for plan_id in (shop.planning.plan_id, *plans.values()):
        await publish_plan(shop.planning.work, plan_id)
    query = """{ company { root { ...all descendants { ...all } } } } fragment all on OrgUnit {
        kind productMismatches(period: "2017", grain: MONTH, parts: ["lamp_revenue", "lens_revenue"]) { difference }
        lamps: targetMismatches(period: "2017", metric: "lamp_revenue") { overAssignment }
        lenses: targetMismatches(period: "2017", metric: "lens_revenue") { overAssignment } }"""
    root = (await answer(shop.planning, query)).data["company"]["root"]
    units = [root, *root["descendants"]]
    assert len(units) == 6
    assert {one["difference"] for unit in units for one in unit["productMismatches"]} == {"0.00"}
    above = [unit for unit in units if unit["kind"] != "POSITION"]
    assert {one["overAssignment"] for unit in above for one in unit["lamps"] + unit["lenses"]} == {"0.00"}


async def test_without_weights_last_year_decides(database: Database) -> None:
    """March 2016 had lamps of 3.00 and lenses of 1.00, April lenses of 2.00, the rest nothing: March is split 3 to 1,
    April goes to lenses, and every other month is halved, as the year was 3.00 to 3.00."""
    shop, plans = await planned(database)
    for month, amount, product in ((3, 300, "lamp"), (3, 100, "lens"), (4, 200, "lens")):
        await shop.sell("E 1", date(2016, month, 10), amount, product)
    found = await split(shop, {"lamp": (plans["lamp"], None), "lens": (plans["lens"], None)}, dry=True)
    lamp, lens = (row["target"] for row in found["cells"])
    assert (lamp[2], lens[2], lamp[3], lens[3], lamp[5], lens[5]) == ("0.75", "0.25", "0.00", "1.00", "0.50", "0.50")


async def test_locked_cells_of_a_product_stay_and_the_others_make_up_for_them(database: Database) -> None:
    """Lamps of January are locked at 0.90 of Acme's 1.01: lenses get the other 0.11."""
    shop, plans = await planned(database)
    await shop.set(plans["lamp"], "Acme", m01=90)
    await lock_target_cells(shop.planning.work, plans["lamp"], [shop.planning.units["Acme"]], "2017-01", locked=True)
    found = await split(shop, {"lamp": (plans["lamp"], "1"), "lens": (plans["lens"], "1")})
    lamp, lens = (row["target"] for row in found["cells"])
    assert (lamp[0], lens[0]) == ("0.90", "0.11")
    await shop.set(plans["lens"], "Acme", m02=1_000)
    unit = shop.planning.units["Acme"]
    pin = CellChange(unit, "2017-02", {"target": 1_000}, pinned=True)
    await set_target_cells(shop.planning.work, plans["lens"], [pin])
    refused = await split(shop, {"lamp": (plans["lamp"], "1"), "lens": (plans["lens"], "1")})
    (error,) = refused["errors"]
    assert (error["code"], error["path"]) == ("LOCKED_EXCEEDS_TOTAL", ["parts"])
    assert "2017-02: 10.00 is locked or pinned, but the total is 1.00" in error["message"]


async def test_a_group_is_split_along_its_own_products(database: Database) -> None:
    """Instruments are lamps and lenses; care is none of them."""
    shop = await shop_for(database)
    whole, *parts = [await shop.plan(key) for key in ("instruments", "lamp_revenue", "lens_revenue", "care_revenue")]
    await shop.set(whole, "Acme", **{f"m{month:02}": 100 for month in range(1, 13)})
    acme = shop.planning.units["Acme"]
    two = AlongProductsRequest(whole, acme, tuple(ProductPart(plan) for plan in parts[:2]))
    outcome = await decompose_along_products(shop.planning.work, two)
    assert [sum(outcome.cells[part, acme]["target"]) for part in (0, 1)] == [600, 600]  # type: ignore[arg-type]  # all set
    given = [{"planId": gid("Plan", plan)} for plan in parts]
    variables: dict[str, Any] = {"parts": given, "levels": 0, "dry": True}
    found = await answer(shop.planning, SPLIT, plan=gid("Plan", whole), unit=gid("OrgUnit", acme), **variables)
    (error,) = found.data["decomposeAlongProducts"]["errors"]
    assert (error["code"], error["path"]) == ("OTHER_METRIC", ["parts", "2", "planId"])


@pytest.mark.parametrize(
    ("parts", "code", "path"),
    [
        (["lamp", "instruments"], "OVERLAPPING_PARTS", ["parts", "1", "planId"]),
        (["lamp", "lamp"], "DUPLICATE_PLAN", ["parts", "1", "planId"]),
        (["lamp", "later"], "OTHER_YEAR", ["parts", "1", "planId"]),
        (["lamp", "orders"], "OTHER_METRIC", ["parts", "1", "planId"]),
        (["lamp", "published"], "NO_DRAFT", ["parts", "1", "planId"]),
    ],
)
async def test_parts_that_do_not_fit_are_refused(
    database: Database, parts: list[str], code: str, path: list[str]
) -> None:
    """A product counts once, in a draft of the same year, of the metric that is split."""
    shop, plans = await planned(database)
    plans["instruments"] = await shop.plan("instruments")
    plans["later"] = await shop.plan("lens_revenue", 2018)
    async with shop.planning.work.snapshot() as snapshot:
        orders = await snapshot.fetch_one("SELECT id FROM metric WHERE key = 'orders'")
    assert orders is not None
    plans["orders"] = await create_plan(shop.planning.work, "Orders", orders["id"], 2017)
    plans["published"] = await shop.plan("care_revenue")
    await shop.set(plans["published"], "Acme", m01=1)
    await publish_plan(shop.planning.work, plans["published"])
    given = [{"planId": gid("Plan", plans[part]), "weight": "1"} for part in parts]
    ids = {"plan": gid("Plan", shop.planning.plan_id), "unit": gid("OrgUnit", shop.planning.units["Acme"])}
    variables: dict[str, Any] = {"parts": given, "levels": 0, "dry": False, **ids}
    found = await answer(shop.planning, SPLIT, **variables)
    (error,) = found.data["decomposeAlongProducts"]["errors"]
    assert (error["code"], error["path"]) == (code, path)


async def test_heads_split_what_lies_below_them(database: Database) -> None:
    """Bo, who heads East, splits his own seat's target along products, and not East's."""
    shop, plans = await planned(database)
    await appoint_head(shop.planning.work, shop.planning.units["East"], shop.planning.members["Bo"], None)
    weighed = {"lamp": (plans["lamp"], "2"), "lens": (plans["lens"], "1")}
    assert len(years(await split(shop, weighed, "E 1", who="Bo"))) == 2
    parts = [{"planId": gid("Plan", plan), "weight": "1"} for plan in plans.values()]
    variables: dict[str, Any] = {"plan": gid("Plan", shop.planning.plan_id), "parts": parts, "levels": 0, "dry": True}
    east, west = (gid("OrgUnit", shop.planning.units[unit]) for unit in ("East", "West"))
    assert (await refusal(shop.planning, SPLIT, "Bo", unit=east, **variables))[0] == "FORBIDDEN"
    unseen = await answer(shop.planning, SPLIT, "Bo", unit=west, **variables)
    assert unseen.data["decomposeAlongProducts"]["errors"][0]["code"] == "NOT_FOUND"


async def test_ten_splits_at_once_leave_one_of_them_whole(database: Database) -> None:
    """Whoever comes last has split what the others left; the products still make up Acme's own months."""
    shop, plans = await planned(database)
    splits = [
        split(shop, {"lamp": (plans["lamp"], str(weight)), "lens": (plans["lens"], "1")}) for weight in range(1, 6)
    ]
    for found in await asyncio.gather(*splits):
        assert found["errors"] == [] or found["errors"][0]["code"] == "CONFLICT"
    for plan_id in (shop.planning.plan_id, *plans.values()):
        await publish_plan(shop.planning.work, plan_id)
    assert (await of_unit(shop.planning, "Acme", MISMATCH))["productMismatch"]["difference"] == "0.00"


async def test_products_in_two_metrics_are_not_summed_in_silence(database: Database) -> None:
    """Instruments hold lamps: asked for all metrics of products, the mismatch says which two to choose from."""
    shop = await shop_for(database)
    assert (await mismatch_refused(shop.planning, ""))[0] == "OVERLAPPING_PARTS"
    assert (await mismatch_refused(shop.planning, ', parts: ["orders"]'))[0] == "OTHER_METRIC"
    assert (await mismatch_refused(shop.planning, ', parts: ["smiles"]'))[0] == "UNKNOWN_METRIC"


async def mismatch_refused(planning: Planning, more: str) -> tuple[str, list[Any]]:
    return await refusal(planning, f'{{ company {{ root {{ productMismatch(period: "2017"{more}) {{ target }} }} }} }}')


async def test_a_group_is_compared_with_the_products_in_it(database: Database) -> None:
    """Instruments with lamps and lenses, and not with care."""
    shop = await shop_for(database)
    fields = 'productMismatch(period: "2017", metric: "instruments") { products { metric { key } } }'
    found = (await of_unit(shop.planning, "Acme", fields))["productMismatch"]["products"]
    assert [one["metric"]["key"] for one in found] == ["lamp_revenue", "lens_revenue"]
    assert (await mismatch_refused(shop.planning, ', metric: "instruments", parts: ["care_revenue"]'))[0] == (
        "OTHER_METRIC"
    )


async def test_all_metrics_of_products_are_compared_unless_some_are_named(database: Database) -> None:
    """Of a count, too: visits for pumps and for valves against visits."""
    shop = await shop_for(database)
    for name in ("pump", "valve"):
        product = await define_product(shop.planning.work, NewProduct(name, name))
        await define_product_metric(shop.planning.work, NewProductMetric(f"{name}s", name, "visits", product))
    fields = 'productMismatch(period: "2017", metric: "visits") { difference products { metric { key } target } }'
    assert (await of_unit(shop.planning, "Acme", fields, on=END))["productMismatch"] == {
        "difference": None,
        "products": [{"metric": {"key": "pumps"}, "target": None}, {"metric": {"key": "valves"}, "target": None}],
    }


async def test_a_tree_that_is_too_large_is_read_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six units with room for five are refused before the plans of the products are read, each as large again."""
    shop, plans = await planned(database)
    read: list[int] = []

    async def gather(snapshot: Snapshot, calendar: FiscalCalendar, plan: PlanFacts, *which: Any) -> Gathered:
        read.append(plan.id)
        return await gathering.gather(snapshot, calendar, plan, *which)

    monkeypatch.setattr(along_products, "gather", gather)
    monkeypatch.setattr(along_products, "MOST_UNITS", 5)
    weighed = {"lamp": (plans["lamp"], "2"), "lens": (plans["lens"], "1")}
    (error,) = (await split(shop, weighed, levels=None))["errors"]
    assert (error["code"], error["path"], read) == ("TOO_MANY_UNITS", ["levels"], [shop.planning.plan_id])
