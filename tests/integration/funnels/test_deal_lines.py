"""What a deal is made of: its lines, who else wants it, and what is next."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from quotaloom.funnels.commands.opportunities import update_opportunity
from quotaloom.funnels.commands.stage_changes import reopen_opportunity, win_opportunity
from quotaloom.funnels.deal_lines import DealLine
from quotaloom.funnels.deals import OpportunityRow
from quotaloom.funnels.opportunity_batches import insert_opportunities
from quotaloom.metrics.product_commands import NewProduct, define_product
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from tests.integration.funnels.floors import HOST, TODAY, Floor, furnish
from tests.integration.graph.asking import ask, do, gid

MADE_OF = """query ($id: ID!) { node(id: $id) { ... on Opportunity {
    amount currency source competitors nextStep nextStepOn lines { quantity amount product { key } } } } }"""


async def products(floor: Floor) -> tuple[int, int]:
    """A pump, of whose revenue 30% is margin, and a valve, of which nobody knows."""
    pump = await define_product(floor.work, NewProduct("pump", "Pump", gross_margin_rate=Decimal("0.3")))
    return pump, await define_product(floor.work, NewProduct("valve", "Valve"))


async def entries(floor: Floor, metric: str) -> dict[tuple[str, str | None], int]:
    """What each position has of a metric by product."""
    rows = await floor.rows(
        "SELECT unit.key AS position, product.key AS product, sum(entry.amount)::bigint AS amount"
        " FROM achievement_entry AS entry JOIN metric ON metric.id = entry.metric_id AND metric.key = $1"
        " JOIN org_unit AS unit ON unit.id = entry.position_id LEFT JOIN product ON product.id = entry.product_id"
        " GROUP BY unit.key, product.key",
        metric,
    )
    return {(row["position"], row["product"]): row["amount"] for row in rows}


async def made_of(floor: Floor, deal: int) -> dict[str, Any]:
    """What a deal shows of what it is made of."""
    found: dict[str, Any] = (await ask(floor, MADE_OF, id=gid("Opportunity", deal)))["node"]
    return found


async def test_the_amounts_of_lines_make_the_amount_of_the_deal(database: Database) -> None:
    """Two pumps for 600.00 and one and a half valves for 150.00: 750.00; new lines bring another amount."""
    floor = await furnish(database)
    pump, valve = await products(floor)
    lines = (DealLine(pump, Decimal(2), 600_00), DealLine(valve, Decimal("1.5"), 150_00))
    deal = await floor.open("ann", amount=None, lines=lines)
    shown = await made_of(floor, deal)
    assert shown["amount"] == "750.00"
    assert shown["lines"] == [
        {"quantity": "2", "amount": "600.00", "product": {"key": "pump"}},
        {"quantity": "1.5", "amount": "150.00", "product": {"key": "valve"}},
    ]
    await update_opportunity(floor.work, deal, {"lines": (DealLine(valve, Decimal(1), 80_00),)})
    shown = await made_of(floor, deal)
    assert (shown["amount"], len(shown["lines"])) == ("80.00", 1)


async def test_an_amount_that_the_lines_do_not_come_to_is_refused(database: Database) -> None:
    """Neither at once nor later by itself; with lines that come to it, or without any, it is taken."""
    floor = await furnish(database)
    pump, valve = await products(floor)
    deal = await floor.open("ann", amount=600_00, lines=(DealLine(pump, Decimal(2), 600_00),))
    for attempt in (
        floor.open("ann", amount=600_01, lines=(DealLine(pump, Decimal(2), 600_00),)),
        update_opportunity(floor.work, deal, {"amount": 500_00}),
    ):
        with pytest.raises(InputError) as refused:
            await attempt
        assert (refused.value.code, refused.value.path) == ("LINES_DIFFER", ("amount",))
    await update_opportunity(floor.work, deal, {"amount": 500_00, "lines": (DealLine(pump, Decimal(2), 500_00),)})
    await update_opportunity(floor.work, deal, {"amount": 900_00, "lines": (DealLine(pump), DealLine(valve))})
    assert (await made_of(floor, deal))["amount"] == "900.00"


async def test_every_line_has_an_amount_or_none_has(database: Database) -> None:
    """The refusal names the line that is without."""
    floor = await furnish(database)
    pump, valve = await products(floor)
    with pytest.raises(InputError) as refused:
        await floor.open("ann", amount=None, lines=(DealLine(pump, Decimal(1), 1_00), DealLine(valve)))
    assert (refused.value.code, refused.value.path) == ("AMOUNT_NEEDED", ("lines", 1, "amount"))


async def test_a_win_posts_each_product(database: Database) -> None:
    """Revenue and, where it is known, margin by product; one order of no product; reopening takes all of it back."""
    floor = await furnish(database)
    pump, valve = await products(floor)
    lines = (
        DealLine(pump, Decimal(1), 400_00),
        DealLine(valve, Decimal(1), 250_00),
        DealLine(pump, Decimal(1), 100_00),
    )
    deal = await floor.open("ann", amount=None, lines=lines)
    await win_opportunity(floor.work, HOST, deal)
    assert await entries(floor, "revenue") == {("ann", "pump"): 500_00, ("ann", "valve"): 250_00}
    assert await entries(floor, "gross_margin") == {("ann", "pump"): 150_00}
    assert await entries(floor, "orders") == {("ann", None): 1}
    await reopen_opportunity(floor.work, deal)
    assert await entries(floor, "revenue") == {("ann", "pump"): 0, ("ann", "valve"): 0}
    assert await floor.ledger() == {"ann": (0, 0)}


async def test_shares_of_a_deal_with_lines_are_those_of_the_whole(database: Database) -> None:
    """100.01 at 50/30/20 is 50.01, 30.00 and 20.00, whatever the products; 0.01 of it are valves, all of Ann's."""
    floor = await furnish(database)
    pump, valve = await products(floor)
    splits = [floor.split("ann", "0.5"), floor.split("bob", "0.3"), floor.split("eve", "0.2")]
    lines = (DealLine(valve, Decimal(1), 1), DealLine(pump, Decimal(1), 100_00))
    await win_opportunity(floor.work, HOST, await floor.open("ann", amount=None, lines=lines, splits=splits))
    assert await floor.ledger() == {"ann": (50_01, 0), "bob": (30_00, 0), "eve": (20_00, 0)}
    found = await entries(floor, "revenue")
    assert (found["ann", "valve"], found["bob", "valve"], found["ann", "pump"]) == (1, 0, 50_00)


async def test_a_deal_that_is_won_for_less_changes_its_lines_in_proportion(database: Database) -> None:
    """300.00 and 600.00, won for 100.00: 33.33 and 66.67."""
    floor = await furnish(database)
    pump, valve = await products(floor)
    lines = (DealLine(pump, Decimal(1), 300_00), DealLine(valve, Decimal(1), 600_00))
    deal = await floor.open("ann", amount=None, lines=lines)
    await win_opportunity(floor.work, HOST, deal, amount=100_00)
    assert await entries(floor, "revenue") == {("ann", "pump"): 33_33, ("ann", "valve"): 66_67}
    assert [line["amount"] for line in (await made_of(floor, deal))["lines"]] == ["33.33", "66.67"]
    with pytest.raises(InputError) as closed:
        await update_opportunity(floor.work, deal, {"lines": ()})
    assert closed.value.code == "CLOSED"


async def test_lines_without_amounts_leave_the_win_to_the_deals_product(database: Database) -> None:
    """Two products, nobody knows for how much: it is the deal's own; of a single one it is that."""
    floor = await furnish(database)
    pump, valve = await products(floor)
    two = await floor.open("ann", amount=10_00, product_id=valve, lines=(DealLine(pump), DealLine(valve)))
    one = await floor.open("ann", amount=7_00, lines=(DealLine(pump, Decimal(3)),))
    for deal in (two, one):
        await win_opportunity(floor.work, HOST, deal)
    assert await entries(floor, "revenue") == {("ann", "valve"): 10_00, ("ann", "pump"): 7_00}
    assert await entries(floor, "orders") == {("ann", "valve"): 1, ("ann", "pump"): 1}


async def test_deals_that_are_entered_as_won_post_each_product_too(database: Database) -> None:
    """Two deals in one batch, the second with two lines."""
    floor = await furnish(database)
    pump, valve = await products(floor)
    lines = (DealLine(pump, Decimal(1), 1_00), DealLine(valve, Decimal(1), 2_00))
    rows = [
        OpportunityRow(floor.deal(stage_id=floor.stages["won"], **made), closed_on=TODAY)
        for made in ({"amount": 5_00}, {"amount": None, "lines": lines})
    ]
    await floor.work.write(lambda transaction: insert_opportunities(transaction, floor.work.company, rows))
    assert await entries(floor, "revenue") == {
        ("ann", None): 5_00,
        ("ann", "pump"): 1_00,
        ("ann", "valve"): 2_00,
    }


async def test_what_is_next_and_who_else_is_there_is_noted(database: Database) -> None:
    """Texts are kept without space around them, blank ones as none; a day needs its step."""
    floor = await furnish(database)
    deal = await floor.open("ann", competitors=(" Globex ", "Initech"), next_step=" ", source=" Fair ")
    assert (await floor.one("SELECT forecast FROM opportunity"))["forecast"] == "pipeline"
    shown = await made_of(floor, deal)
    assert (shown["competitors"], shown["nextStep"], shown["source"]) == (["Globex", "Initech"], None, "Fair")
    with pytest.raises(InputError) as refused:
        await update_opportunity(floor.work, deal, {"next_step_on": date(2026, 6, 8)})
    assert (refused.value.code, refused.value.path) == ("STEP_NEEDED", ("nextStep",))
    given = {"id": gid("Opportunity", deal), "nextStep": "Call", "nextStepOn": "2026-06-08", "competitors": []}
    fields = "opportunity { nextStep nextStepOn competitors source forecast }"
    payload = await do(floor, "updateOpportunity", fields, **given, forecast="COMMIT")
    assert payload["opportunity"] == {
        "nextStep": "Call",
        "nextStepOn": "2026-06-08",
        "competitors": [],
        "source": "Fair",
        "forecast": "COMMIT",
    }


async def test_lines_may_come_in_another_currency_without_the_amount(database: Database) -> None:
    """Yen have no decimal places: 1,500 of them, and the deal is in yen."""
    floor = await furnish(database)
    pump, _ = await products(floor)
    deal = await floor.open("ann")
    line = {"productId": gid("Product", pump), "quantity": "2", "amount": "1500"}
    given = {"id": gid("Opportunity", deal), "currency": "JPY", "lines": [line]}
    payload = await do(floor, "updateOpportunity", "opportunity { amount currency lines { amount } }", **given)
    assert payload == {
        "opportunity": {"amount": "1500", "currency": "JPY", "lines": [{"amount": "1500"}]},
        "errors": [],
    }
