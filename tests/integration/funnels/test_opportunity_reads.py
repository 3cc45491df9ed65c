"""Lists of opportunities: what belongs to what, filters, order and parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from asyncpg import Record

from quotaloom.calendars.periods import date_range
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.stage_changes import lose_opportunity, win_opportunity
from quotaloom.funnels.filtering import OpportunityFilter
from quotaloom.funnels.opportunity_reads import (
    FEW,
    OpportunityOrder,
    Slice,
    count_opportunities,
    opportunities_by_id,
    opportunities_of_customers,
    opportunities_of_funnels,
    opportunities_of_positions,
    opportunities_of_stages,
    opportunities_of_units,
    opportunities_page,
)
from quotaloom.funnels.stages import Outcome
from quotaloom.organizations.commands.units import move_unit
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Snapshot
from tests.integration.funnels.floors import HOST, TODAY, Floor, furnish

BY_NAME = Slice(OpportunityOrder.NAME, descending=False)


async def stock(database: Database) -> Floor:
    """Four deals: apple and pear of Ann, plum of Bob (won), fig of Cem (lost); apple and fig are Contoso's."""
    floor = await furnish(database)
    contoso = await create_customer(floor.work, NewCustomer("Contoso", key="contoso"))
    await floor.open("ann", key="k1", name="apple", customer_id=contoso, opened_on=date(2026, 1, 5), amount=3_00)
    await floor.open("ann", key="k2", name="pear", opened_on=date(2026, 2, 5), amount=None)
    plum = await floor.open("bob", key="k3", name="plum", opened_on=date(2026, 3, 5), amount=2_00)
    fig = await floor.open("cem", key="k4", name="fig", customer_id=contoso, amount=1_00)
    await win_opportunity(floor.work, HOST, plum, on=date(2026, 4, 1))
    await lose_opportunity(floor.work, fig, on=date(2026, 4, 2))
    return floor


async def ask(floor: Floor, read: Callable[[Snapshot], Awaitable[list[Record]]]) -> list[Record]:
    async with floor.work.snapshot() as snapshot:
        rows = await read(snapshot)
        assert snapshot.statements == 1
    return rows


async def page(floor: Floor, where: OpportunityFilter, part: Slice = BY_NAME, **more: Any) -> list[str]:
    rows = await ask(floor, lambda snapshot: opportunities_page(snapshot, where, part, **more))
    return [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (lambda floor: {}, ["apple", "fig", "pear", "plum"]),
        (lambda floor: {"funnel_ids": [floor.funnel]}, ["apple", "fig", "pear", "plum"]),
        (lambda floor: {"funnel_ids": [999]}, []),
        (lambda floor: {"stage_ids": [floor.stages["lead"]]}, ["apple", "pear"]),
        (lambda floor: {"outcomes": [Outcome.WON, Outcome.LOST]}, ["fig", "plum"]),
        (lambda floor: {"below_unit_id": floor.units["east"], "on": TODAY}, ["apple", "pear", "plum"]),
        (lambda floor: {"position_ids": [floor.units["bob"]]}, ["plum"]),
        (lambda floor: {"text": "P"}, ["apple", "pear", "plum"]),
        (lambda floor: {"text": "conto"}, ["apple", "fig"]),
        (lambda floor: {"text": "k2"}, ["pear"]),
        (lambda floor: {"text": "%"}, []),
        (lambda floor: {"closed_in": date_range(date(2026, 4, 1), date(2026, 4, 2))}, ["plum"]),
        (lambda floor: {"opened_in": date_range(date(2026, 2, 5), date(2026, 3, 6))}, ["pear", "plum"]),
        (lambda floor: {"outcomes": [Outcome.OPEN], "text": "pear"}, ["pear"]),
    ],
)
async def test_a_page_holds_what_matches(
    database: Database, where: Callable[[Floor], dict[str, Any]], names: list[str]
) -> None:
    """Each filter leaves out what does not match it; text is taken literally."""
    floor = await stock(database)
    assert await page(floor, OpportunityFilter(**where(floor))) == names


@pytest.mark.parametrize(
    ("order", "descending", "names"),
    [
        (OpportunityOrder.NAME, True, ["plum", "pear", "fig", "apple"]),
        (OpportunityOrder.AMOUNT, False, ["fig", "plum", "apple", "pear"]),
        (OpportunityOrder.AMOUNT, True, ["apple", "plum", "fig", "pear"]),
        (OpportunityOrder.OPENED_ON, False, ["apple", "pear", "plum", "fig"]),
        (OpportunityOrder.CLOSED_ON, True, ["fig", "plum", "apple", "pear"]),
    ],
)
async def test_a_page_is_in_order_with_the_unknown_last(
    database: Database, order: OpportunityOrder, descending: bool, names: list[str]
) -> None:
    """Pear has no amount, fig no opening date, apple and pear no close date: they come last either way."""
    floor = await stock(database)
    assert await page(floor, OpportunityFilter(), Slice(order, descending)) == names


async def test_a_part_of_a_page_knows_the_total(database: Database) -> None:
    """Of four deals by name the second and third; a part beyond the end is empty, and the count says four."""
    floor = await stock(database)
    part = Slice(OpportunityOrder.NAME, descending=False, limit=2, offset=1)
    rows = await ask(floor, lambda snapshot: opportunities_page(snapshot, OpportunityFilter(), part))
    assert [(row["name"], row["total"]) for row in rows] == [("fig", 4), ("pear", 4)]
    assert await page(floor, OpportunityFilter(), Slice(offset=9)) == []
    async with floor.work.snapshot() as snapshot:
        assert await count_opportunities(snapshot) == 4


async def test_a_viewer_sees_the_deals_of_his_positions(database: Database) -> None:
    """Whoever may see Bob's and Cem's positions finds plum and fig, by id too."""
    floor = await stock(database)
    seen = frozenset({floor.units["bob"], floor.units["cem"]})
    assert await page(floor, OpportunityFilter(), unit_ids=seen) == ["fig", "plum"]
    assert await page(floor, OpportunityFilter(), unit_ids=[]) == []
    ids = [row["id"] for row in await floor.rows("SELECT id FROM opportunity")]
    rows = await ask(floor, lambda snapshot: opportunities_by_id(snapshot, ids, seen))
    assert {row["name"] for row in rows} == {"fig", "plum"}


@pytest.mark.parametrize("others", [0, FEW])
async def test_lists_of_many_parents_come_in_one_statement(database: Database, others: int) -> None:
    """Each funnel, stage, customer and position has its own list and each list its own part, among a few or many."""
    floor = await stock(database)
    contoso = (await floor.one("SELECT id FROM customer"))["id"]
    lead, won = floor.stages["lead"], floor.stages["won"]
    ann, bob = floor.units["ann"], floor.units["bob"]
    unknown = range(10**9, 10**9 + others)

    def told(rows: list[Record]) -> list[tuple[int, str]]:
        return [(row["parent_id"], row["name"]) for row in rows]

    def listed(read: Callable[..., Awaitable[list[Record]]], *ids: int, part: Slice) -> Awaitable[list[Record]]:
        return ask(floor, lambda snapshot: read(snapshot, [*ids, *unknown], OpportunityFilter(), part))

    first = Slice(OpportunityOrder.NAME, descending=False, limit=1)
    last = Slice(OpportunityOrder.AMOUNT, descending=True, offset=1)
    stages = await listed(opportunities_of_stages, won, lead, part=first)
    assert told(stages) == [(lead, "apple"), (won, "plum")]
    positions = await listed(opportunities_of_positions, ann, bob, part=BY_NAME)
    assert told(positions) == [(ann, "apple"), (ann, "pear"), (bob, "plum")]
    customers = await listed(opportunities_of_customers, contoso, part=BY_NAME)
    assert told(customers) == [(contoso, "apple"), (contoso, "fig")]
    funnels = await listed(opportunities_of_funnels, floor.funnel, part=last)
    assert told(funnels) == [(floor.funnel, "plum"), (floor.funnel, "fig"), (floor.funnel, "pear")]


async def test_a_row_has_just_what_is_asked_for(database: Database) -> None:
    """Days as text, and amounts with the decimal places of their currency: 3.00 of CNY, 5 of JPY, 0.005 of KWD."""
    floor = await stock(database)
    await floor.open("bob", key="k5", name="yen", opened_on=date(2026, 1, 6), amount=5, currency="JPY")
    await floor.open("bob", key="k6", name="dinar", amount=5, currency="KWD")
    asked = frozenset({"amount", "opened_on"})
    ids = [floor.units["ann"], floor.units["bob"]]
    rows = await ask(
        floor,
        lambda snapshot: opportunities_of_positions(snapshot, ids, OpportunityFilter(), BY_NAME, columns=asked),
    )
    assert [dict(row) for row in rows] == [
        {"amount": "3.00", "opened_on": "2026-01-05"},
        {"amount": None, "opened_on": "2026-02-05"},
        {"amount": "0.005", "opened_on": None},
        {"amount": "2.00", "opened_on": "2026-03-05"},
        {"amount": "5", "opened_on": "2026-01-06"},
    ]


async def test_a_unit_has_the_deals_of_the_positions_below_it_on_a_day(database: Database) -> None:
    """Bob's position moves from East to West on 1 May; before that his plum is East's, from then on West's."""
    floor = await stock(database)
    await move_unit(floor.work, floor.units["bob"], floor.units["west"], date(2026, 5, 1))
    units = [floor.units["east"], floor.units["west"]]

    async def names(on: date) -> dict[int, list[str]]:
        rows = await ask(
            floor,
            lambda snapshot: opportunities_of_units(snapshot, units, on, OpportunityFilter(), BY_NAME),
        )
        return {unit: [row["name"] for row in rows if row["parent_id"] == unit] for unit in units}

    assert await names(date(2026, 4, 30)) == {units[0]: ["apple", "pear", "plum"], units[1]: ["fig"]}
    assert await names(date(2026, 5, 1)) == {units[0]: ["apple", "pear"], units[1]: ["fig", "plum"]}
