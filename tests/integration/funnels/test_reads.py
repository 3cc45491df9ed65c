"""Funnels, stages, customers, moves and splits as the graph reads them."""

from __future__ import annotations

from dataclasses import replace

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels import reads
from quotaloom.funnels.commands.customers import NewCustomer, create_customer, insert_customers
from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.funnels.commands.stage_changes import move_opportunity
from quotaloom.platform.database import Database
from tests.integration.funnels.floors import FUNNEL, HOST, furnish


async def test_stages_of_several_funnels_come_in_their_order(database: Database) -> None:
    """Each funnel's stages as they were laid out; an unknown funnel has none."""
    floor = await furnish(database)
    other = await create_funnel(floor.work, replace(FUNNEL, key="renewals", name="Renewals"))
    async with floor.work.snapshot() as snapshot:
        funnels = await reads.all_funnels(snapshot)
        stages = await reads.stages_of_funnels(snapshot, [other, floor.funnel, 999])
        named = await reads.stages_by_id(snapshot, [floor.stages["offer"]])
        by_id = await reads.funnels_by_id(snapshot, [other, 999])
    assert [row["key"] for row in funnels] == ["renewals", "sales"]
    assert [row["key"] for row in by_id] == ["renewals"]
    order = ["lead", "offer", "won", "lost", "cancelled"]
    assert [(row["funnel_id"], row["key"]) for row in stages] == [
        (funnel, key) for funnel in (floor.funnel, other) for key in order
    ]
    assert [(row["key"], row["outcome"], str(row["win_probability"])) for row in named] == [("offer", "open", "0.5000")]


async def test_moves_and_splits_come_per_opportunity(database: Database) -> None:
    """Two deals at once, each row with the deal it is of; moves the earliest first, splits as named."""
    floor = await furnish(database)
    splits = [floor.split("bob", "1"), floor.split("eve", "0.5", CreditKind.OVERLAY)]
    one, two = await floor.open("ann", splits=splits), await floor.open("ann")
    await move_opportunity(floor.work, HOST, one, floor.stages["offer"])
    async with floor.work.snapshot() as snapshot:
        moves = await reads.moves_of_opportunities(snapshot, [two, one])
        shares = await reads.splits_of_opportunities(snapshot, [two, one])
    lead, offer = floor.stages["lead"], floor.stages["offer"]
    assert [(row["opportunity_id"], row["from_stage_id"], row["to_stage_id"]) for row in moves] == [
        (one, None, lead),
        (one, lead, offer),
        (two, None, lead),
    ]
    assert [(row["opportunity_id"], row["position_id"], row["member_id"], row["credit"]) for row in shares] == [
        (one, floor.units["bob"], floor.members["bob"], "direct"),
        (one, floor.units["eve"], floor.members["eve"], "overlay"),
    ]


async def test_a_page_of_customers(database: Database) -> None:
    """By name, by a part of name or key taken literally, with the total of all that match."""
    floor = await furnish(database)
    rows = [NewCustomer(name, key=name.lower()) for name in ("Zeta", "Alpha", "100%", "Beta")]
    await floor.work.write(lambda transaction: insert_customers(transaction, floor.work.company, rows))
    async with floor.work.snapshot() as snapshot:
        first = await reads.customers_page(snapshot, limit=2)
        found = await reads.customers_page(snapshot, "ETA")
        literal = await reads.customers_page(snapshot, "%")
    assert [(row["name"], row["total"]) for row in first] == [("100%", 4), ("Alpha", 4)]
    assert [row["name"] for row in found] == ["Beta", "Zeta"]
    assert [row["name"] for row in literal] == ["100%"]


async def test_a_viewer_sees_the_customers_of_his_deals_and_those_without_any(database: Database) -> None:
    """Alpha is Ann's, Beta is Cem's, Gamma nobody's: who sees Ann's position finds Alpha and Gamma."""
    floor = await furnish(database)
    ids = [await create_customer(floor.work, NewCustomer(name)) for name in ("Alpha", "Beta", "Gamma")]
    await floor.open("ann", customer_id=ids[0])
    await floor.open("cem", customer_id=ids[1])
    seen = [floor.units["ann"]]
    async with floor.work.snapshot() as snapshot:
        page = await reads.customers_page(snapshot, unit_ids=seen)
        by_id = await reads.customers_by_id(snapshot, ids, seen)
        everybody = await reads.customers_by_id(snapshot, ids)
    assert [row["name"] for row in page] == ["Alpha", "Gamma"]
    assert {row["name"] for row in by_id} == {"Alpha", "Gamma"}
    assert {row["name"] for row in everybody} == {"Alpha", "Beta", "Gamma"}
