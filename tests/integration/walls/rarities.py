"""What the small company of the graph's tests has none of, as its people would make it."""

from __future__ import annotations

from typing import Final

from tests.integration.graph.asking import ask
from tests.integration.graph.worlds import World

FORMERLY: Final = "2020-01-01"
"""From this day on Ann's seat and Eve's were in the West."""

AGAIN: Final = "2021-01-01"
"""From this day on they are in the East, as they were at first."""


async def add_rarities(world: World) -> None:
    """A record that somebody gave back and may not have again yet, a deal without a rate, a plan beyond reach, a
    relief in the West, and seats of the East that were in the West once."""
    await _cool_down(world)
    await world.floor.open("eve", currency="GBP")
    metrics = (await ask(world.floor, "{ metrics { id key } }"))["metrics"]
    revenue = next(one["id"] for one in metrics if one["key"] == "revenue")
    made = await world.call("createPlan", "plan { id }", name="Hopeful", metricId=revenue, fiscalYear=2029)
    cells = [{"orgUnitId": world.unit(name), "month": "2029-03", "target": "9000"} for name in ("ann", "cem")]
    await world.call("setTargetCells", "plan { id }", planId=made["plan"]["id"], cells=cells)
    relief = {"positionId": world.unit("cem"), "validFrom": "2026-03-01", "share": "0.5", "reason": "New"}
    await world.call("grantRelief", "", **relief)
    for seat in ("ann", "eve"):
        for unit, day in (("west", FORMERLY), ("east", AGAIN)):
            await world.call("moveOrgUnit", "", id=world.unit(seat), parentId=world.unit(unit), on=day)


async def _cool_down(world: World) -> None:
    """Ann had a customer of a level, whom she gave back; records of that level are hers again after a week."""
    made = await world.call("defineCustomerLevel", "level { id }", key="hot", name="Hot")
    level = world.ids["hot level"] = made["level"]["id"]
    made = await world.call("createCustomer", "customer { id }", name="Cooling", levelId=level)
    records = {"recordIds": [made["customer"]["id"]]}
    given = {"reason": "New", "poolId": world["pool"]}
    await world.call("releaseRecords", "results { done }", **records, **given)
    await world.call("assignRecords", "results { done }", **records, memberId=world.member("ann"))
    rule = {"kind": "COOLDOWN", "parameters": {"days": 7}, "poolId": world["pool"], "levelId": level}
    await world.call("createPoolRule", "poolRule { id }", key="cool", name="A week", **rule)
    await world.call("releaseRecords", "results { done }", **records, **given)
