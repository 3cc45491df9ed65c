"""Worksheets in the graph: customers needed beside customers held, for whoever may see them."""

from __future__ import annotations

from typing import Any

from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.platform.database import Database
from tests.integration.graph.asking import ask, do, statements
from tests.integration.graph.worlds import World, small_world

SHEET = "conditions money customersNeeded customersHeld repurchaseRate productMix updatedBy version viewerCan { edit }"


async def sheet(world: World, unit: str, who: str | None) -> Any:
    """The worksheet of a unit for the published plan."""
    query = f"query ($id: ID!, $plan: ID!) {{ orgUnit(id: $id) {{ worksheet(plan: $plan) {{ {SHEET} }} }} }}"
    return (await ask(world.floor, query, who, id=world.unit(unit), plan=world["published"]))["orgUnit"]["worksheet"]


async def test_a_worksheet_tells_what_is_needed_beside_what_is_held(database: Database) -> None:
    """Ann needs twelve customers, has deals with two and holds a third; Hal reads that and may not write it."""
    world = await small_world(database)
    other = await create_customer(world.floor.work, NewCustomer("Initech", key="initech"))
    await world.floor.open("ann", customer_id=other)
    payload = await do(
        world.floor,
        "setWorksheet",
        f"worksheet {{ {SHEET} }}",
        "ann",
        planId=world["published"],
        orgUnitId=world.unit("ann"),
        conditions="Samples",
        money="1234.5",
        customersNeeded=12,
        repurchaseRate="0.30",
    )
    expected = {
        "conditions": "Samples",
        "money": "1234.50",
        "customersNeeded": 12,
        "customersHeld": 3,
        "repurchaseRate": "0.3",
        "productMix": None,
        "updatedBy": "ann",
        "version": 1,
    }
    assert payload == {"worksheet": {**expected, "viewerCan": {"edit": True}}, "errors": []}
    assert await sheet(world, "ann", "ann") == {**expected, "viewerCan": {"edit": True}}
    assert await sheet(world, "ann", "hal") == {**expected, "viewerCan": {"edit": False}}


async def test_what_nobody_has_filled_is_empty_and_what_is_not_for_one_is_null(database: Database) -> None:
    """Hal may fill East's, which is at version 0; Ann, who knows of East by name, sees none of it."""
    world = await small_world(database)
    empty = await sheet(world, "east", "hal")
    assert (empty["version"], empty["customersHeld"], empty["viewerCan"]) == (0, 2, {"edit": True})
    assert await sheet(world, "east", "ann") is None


async def test_a_plan_that_one_does_not_see_has_no_worksheets(database: Database) -> None:
    """Ann sees no draft, so not her own worksheet for it either; Hal does."""
    world = await small_world(database)
    query = "query ($id: ID!, $plan: ID!) { orgUnit(id: $id) { worksheet(plan: $plan) { version } } }"
    for who, expected in (("ann", None), ("hal", {"version": 0})):
        found = await ask(world.floor, query, who, id=world.unit("ann"), plan=world["draft"])
        assert found["orgUnit"]["worksheet"] == expected


async def test_worksheets_of_many_units_cost_as_much_as_those_of_one(database: Database) -> None:
    """That of the root, then those of the three teams below the root of another query: one level, as many reads."""
    world = await small_world(database)
    fields = f'worksheet(plan: "{world["published"]}") {{ {SHEET} }}'
    one = await statements(world.floor, f'{{ orgUnit(id: "{world.unit("east")}") {{ children {{ name }} {fields} }} }}')
    many = await statements(
        world.floor, f'{{ orgUnit(id: "{world.unit("east")}") {{ children {{ name {fields} }} }} }}'
    )
    assert one == many
