"""Copying a plan through the graph."""

from __future__ import annotations

from quotaloom.platform.database import Database
from tests.integration.graph.asking import ask, do
from tests.integration.graph.worlds import small_world

CELLS = """query ($plan: ID!) { plan(id: $plan) { fiscalYear status metric { key } }
    orgUnit(key: "acme") { targetCells(period: "2028", metric: "tastings", plan: $plan) { period target } } }"""


async def test_a_copy_is_answered_with_the_plan_and_what_was_left_out(database: Database) -> None:
    """12 tastings in January 2027 times 1.08 are 12.96, and so 13 in January 2028; the closed unit's 4 stay behind."""
    world = await small_world(database)
    await world.call("revisePlan", "plan { id }", planId=world["published"], reason="Guests")
    cell = {"orgUnitId": world.unit("empty"), "month": "2027-01", "target": "4"}
    await world.call("setTargetCells", "plan { id }", planId=world["published"], cells=[cell])
    await world.call("publishPlan", "plan { id }", planId=world["published"])
    await world.call("closeOrgUnit", "orgUnit { id }", id=world.unit("empty"), on="2027-12-01")
    given = {"planId": world["published"], "name": "After next", "factor": "1.08"}
    made = await world.call("copyPlan", "plan { id name } leftOut { key }", **given)
    assert (made["plan"]["name"], made["leftOut"]) == ("After next", [{"key": "empty"}])
    found = await ask(world.floor, CELLS, plan=made["plan"]["id"])
    assert found["plan"] == {"fiscalYear": 2028, "status": "DRAFT", "metric": {"key": "tastings"}}
    assert found["orgUnit"]["targetCells"] == [{"period": "2028-01", "target": "13"}]


async def test_what_was_wrong_with_a_copy_is_told(database: Database) -> None:
    """Nothing is made, and nothing is left out."""
    world = await small_world(database)
    given = {"planId": world["published"], "name": "Much", "factor": "11"}
    payload = await do(world.floor, "copyPlan", "plan { id } leftOut { key }", **given)
    assert payload == {"plan": None, "leftOut": [], "errors": ["BAD_FACTOR at factor"]}
