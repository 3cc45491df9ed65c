"""Boards are told what changed: soon, together, and through whichever process it came."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import asyncpg

from quotaloom.platform.database import credentials
from tests.integration.live.conftest import Live


async def test_a_post_through_another_server_is_told_within_a_second(live: Live) -> None:
    """The root and East change by 100.00; West, which did not, is not told of."""
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("acme", "East", "West"))
        assert await board.told() == {"Acme": "0.00", "East": "0.00", "West": "0.00"}
        await live.post("100", "first")
        began = time.monotonic()
        assert await board.told() == {"Acme": "100.00", "East": "100.00"}
        assert time.monotonic() - began < 1


async def test_orders_that_come_together_are_told_together(live: Live) -> None:
    """Thirty orders of 1.00 at once make fewer messages, of which the last has all."""
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("East"))
        assert await board.told() == {"East": "0.00"}
        await asyncio.gather(*(live.post("1", f"order {number}") for number in range(30)))
        messages = [await board.told()]
        while messages[-1] != {"East": "30.00"}:
            messages.append(await board.told())
        assert len(messages) < 30


async def test_whatever_changes_attainment_is_told(live: Live) -> None:
    """A refund, a published plan, units and moves in the tree, a holiday, which moves the pace; a name is not."""
    company = live.company
    await company.set_targets(company.ids["plan"], {("East", "2026-05"): "500"})
    (entry,) = await company.post("East", "2026-05-04", "100", "first")
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("East"))
        assert await board.told() == {"East": "100.00"}
        await live.admin.do(
            "reverseAchievement", "achievement { id }", entryId=entry["id"], idempotencyKey="r", reason="refund"
        )
        assert await board.told() == {"East": "0.00"}
        await company.publish(company.ids["plan"])
        message = await board.hear()
        (unit,) = message["payload"]["data"]["attainmentChanged"]["orgUnits"]
        assert unit["attainment"] == {"target": "500.00", "achieved": "0.00"}
        await company.units("acme", ["North"], "TEAM")
        assert await board.told() == {"East": "0.00"}
        await live.admin.do(
            "moveOrgUnit", "orgUnit { id }", id=company.ids["East"], parentId=company.ids["North"], on="2026-06-01"
        )
        assert await board.told() == {"East": "0.00"}
        await live.admin.do("setHolidays", "company { key }", days=[{"day": "2026-05-04", "name": "Day off"}])
        assert await board.told() == {"East": "0.00"}
        await live.admin.do("renameOrgUnit", "orgUnit { id }", id=company.ids["East"], name="Far East")
        assert await board.hears_nothing()


async def test_a_deal_that_is_won_is_told(live: Live) -> None:
    """Its revenue of 900.00 and its order come in one message."""
    funnel = (await live.admin.ask("{ funnels { id } }"))["funnels"][0]["id"]
    payload = await live.admin.do(
        "createOpportunity",
        "opportunity { id }",
        funnelId=funnel,
        positionId=live.company.ids["East"],
        name="Deal",
        amount="900",
    )
    fields = 'orgUnits { name attainment(period: "2026") { achieved } }'
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("acme", "East"), fields)
        await board.told()
        await live.admin.do("winOpportunity", "opportunity { id }", id=payload["opportunity"]["id"])
        assert await board.told() == {"Acme": "900.00", "East": "900.00"}
        assert await board.hears_nothing()


async def test_only_metrics_that_concern_the_board_are_told(live: Live) -> None:
    """A board of orders hears nothing of an order's revenue; a metric that there is none of is refused."""
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("East"), metrics=["orders"])
        assert await board.told() == {"East": "0.00"}
        await live.post("100", "first")
        assert await board.hears_nothing()
        await live.company.post("East", "2026-05-04", "1", "second", metric="orders")
        assert await board.told() == {"East": "100.00"}
        await board.subscribe(live.ids("East"), metrics=["revenu"])
        assert await board.refused() == [("UNKNOWN_METRIC", ["metric"])]


async def test_a_board_of_a_product_hears_of_its_entries_and_of_its_group(live: Live) -> None:
    """An order of lamps is posted to revenue, and told to a board of lighting; so is a lamp that leaves the group."""
    made = await live.admin.do("defineProduct", "product { id }", key="lamp", name="Lamp", productGroup="lighting")
    group = {"ofMetric": "revenue", "productGroup": "lighting"}
    await live.admin.do("defineProductMetric", "metric { id }", key="lighting", name="Lighting", **group)
    fields = 'orgUnits { name attainment(period: "2026", metric: "lighting") { achieved } }'
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("East"), fields, metrics=["lighting"])
        assert await board.told() == {"East": "0.00"}
        await live.company.post("East", "2026-05-04", "100", "first", productKey="lamp")
        assert await board.told() == {"East": "100.00"}
        await live.admin.do("updateProduct", "product { id }", id=made["product"]["id"], productGroup=None)
        assert await board.told() == {"East": "0.00"}


async def test_parents_and_children_of_one_message_add_up(live: Live) -> None:
    """While orders come in through the other server, the root is East and West in every message that has all three."""
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("acme", "East", "West"))

        async def sell(position: str) -> None:
            for number in range(20):
                await live.post("1", f"{position} {number}", position)

        selling = asyncio.gather(sell("East"), sell("West"))
        while (found := await board.told()).get("Acme") != "40.00":
            if len(found) == 3:
                assert float(found["Acme"]) == float(found["East"]) + float(found["West"])
        await selling


async def test_a_lost_connection_makes_boards_read_anew(live: Live, admin_url: str) -> None:
    """Once it listens to PostgreSQL again the board is told all that it watches, and the order posted meanwhile."""
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("acme", "East", "West"))
        await board.told()
        admin = await asyncpg.connect(**credentials(admin_url))
        ended = await admin.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        await admin.close()
        assert ended == 2
        await live.post("7", "unheard")
        found = await board.told()
        assert found.keys() == {"Acme", "East", "West"}
        while found["East"] != "7.00":  # it may listen again before the order comes
            found = await board.told()


async def test_each_message_is_of_its_own_moment(live: Live) -> None:
    """What depends on the day is worked out as of the message, not of the subscription's beginning."""
    fields = 'orgUnits { attainment(period: "2026-05") { elapsedDays } } changedAt'
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("East"), fields)
        first = (await board.hear())["payload"]["data"]["attainmentChanged"]
        live.here.graph.clock.now += timedelta(days=1)
        await live.post("1", "first")
        second = (await board.hear())["payload"]["data"]["attainmentChanged"]
    assert [one["orgUnits"][0]["attainment"]["elapsedDays"] for one in (first, second)] == [3, 4]
    assert second["changedAt"] == "2026-05-06T12:00:00+00:00"


async def test_a_quota_relief_is_told(live: Live) -> None:
    """Relieved of half of May, East's attainment is another."""
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("East", "West"))
        await board.told()
        await live.admin.do(
            "grantRelief",
            "relief { id }",
            positionId=live.company.ids["East"],
            validFrom="2026-05-01",
            validTo="2026-06-01",
            share="0.5",
            reason="Parental leave",
        )
        assert await board.told() == {"East": "0.00"}


async def test_a_metric_of_a_product_changes_with_the_metric_that_it_is_part_of(live: Live) -> None:
    """A board of the revenue with Tea hears of an order of Tea, posted as revenue."""
    product = await live.admin.do("defineProduct", "product { id }", key="tea", name="Tea")
    tea = product["product"]["id"]
    await live.admin.do(
        "defineProductMetric", "metric { id }", key="tea-revenue", name="Tea", ofMetric="revenue", productId=tea
    )
    fields = 'orgUnits { name attainment(period: "2026", metric: "tea-revenue") { achieved } }'
    async with live.here.board(live.admin) as board:
        await board.subscribe(live.ids("East"), fields, metrics=["tea-revenue"])
        assert await board.told() == {"East": "0.00"}
        await live.company.post("East", "2026-05-04", "30", "tea", productId=tea)
        assert await board.told() == {"East": "30.00"}
