"""A small company with one of everything that the graph has ids for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.stage_changes import lose_opportunity
from quotaloom.leads.commands import create_lead, mark_lead_invalid
from quotaloom.leads.levels import NewLevel, define_level
from quotaloom.leads.records import NewLead
from quotaloom.metrics.product_commands import NewProduct, define_product
from quotaloom.platform.database import Database
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.graph.aftermath import aftermath
from tests.integration.graph.asking import do, gid
from tests.integration.graph.judged import judge
from tests.integration.graph.paid_runs import add_incentives

NOTHING = 10**17
"""A number that no row has."""


@dataclass(frozen=True)
class World:
    """A sales floor, and the global ids of what is in it."""

    floor: Floor
    ids: dict[str, str]

    def __getitem__(self, name: str) -> str:
        """The id of something by its name."""
        return self.ids[name]

    def unit(self, name: str) -> str:
        """The id of a unit."""
        return gid("OrgUnit", self.floor.units[name])

    def member(self, name: str) -> str:
        """The id of a member."""
        return gid("Member", self.floor.members[name])

    def stage(self, name: str) -> str:
        """The id of a stage."""
        return gid("Stage", self.floor.stages[name])

    def order(self, key: str, **values: Any) -> dict[str, Any]:
        """An order of Ann's."""
        item = {"metric": "revenue", "amount": "100", "businessDate": "2026-05-04", "source": "ORDER"}
        return {**item, "sourceKey": key, "idempotencyKey": key, "credits": [{"positionKey": "ann"}], **values}

    async def call(self, mutation: str, fields: str, **values: Any) -> Any:
        """Run a mutation that must not be refused."""
        payload = await do(self.floor, mutation, fields, **values)
        assert payload["errors"] == [], (mutation, payload["errors"])
        return payload


async def small_world(database: Database) -> World:
    """The floor with a product, a customer, deals, an entry, an own metric, a draft and a published plan.

    Of customers a grade is noted, of which the customer has one. Plans need no owners.
    """
    world = World(await furnish(database, plans_need_owners=False), {})
    await _fill_floor(world)
    await _note_grades(world)
    await _fill_plans(world)
    await _fill_pools(world)
    await _plan_actions(world)
    await add_incentives(world)
    world.ids.update(await judge(world.floor))
    world.ids.update(await aftermath(world.floor))
    return world


async def _fill_floor(world: World) -> None:
    floor, ids = world.floor, world.ids
    ids["company"], ids["funnel"] = gid("Company", floor.work.company.id), gid("Funnel", floor.funnel)
    customer = await create_customer(floor.work, NewCustomer("Globex", key="globex"))
    ids["customer"] = gid("Customer", customer)
    ids["level"] = gid("CustomerLevel", await define_level(floor.work, NewLevel("a", "A")))
    ids["lower level"] = gid("CustomerLevel", await define_level(floor.work, NewLevel("z", "Z")))
    for name in ("second customer", "third customer"):
        ids[name] = gid("Customer", await create_customer(floor.work, NewCustomer("Umbrella")))
    for name, key in (
        *(("lead", "first"), ("second lead", "second"), ("third lead", "third"), ("lead to keep", "fourth")),
        ("invalid lead", "fifth"),
    ):
        ids[name] = gid("Lead", lead := await create_lead(floor.work, NewLead("Ada", floor.units["ann"], key=key)))
    await mark_lead_invalid(floor.work, lead, "No such number")
    ids["product"] = gid("Product", await define_product(floor.work, NewProduct("pump", "Pump")))
    ids["deal"] = gid("Opportunity", await floor.open("ann", customer_id=customer))
    ids["vague deal"] = gid("Opportunity", await floor.open("ann", amount=None))
    ids["foreign deal"] = gid("Opportunity", await floor.open("ann", currency="USD"))
    ids["nobody's deal"] = gid("Opportunity", await floor.open("empty"))
    made = await world.call("addOpportunityDocument", "opportunity { documents { id } }", id=ids["deal"], name="Brief")
    ids["document"] = made["opportunity"]["documents"][0]["id"]
    await _revise_funnel(world)
    lost = await floor.open("bob")
    await lose_opportunity(floor.work, lost)
    ids["lost deal"] = gid("Opportunity", lost)
    for table, by in (("holding", "position_id"), ("headship", "unit_id")):
        unit = floor.units["ann" if table == "holding" else "east"]
        row = await floor.one(f"SELECT id FROM {table} WHERE {by} = $1", unit)
        ids[table] = gid(table.title(), row["id"])
    away = {"memberId": world.member("ann"), "validFrom": "2026-06-10", "validTo": "2026-06-24", "reason": "Holidays"}
    made = await world.call("noteAbsence", "member { absences { id } }", **away)
    ids["absence"] = made["member"]["absences"][0]["id"]
    entries = await world.call("postAchievements", "achievements { id }", items=[world.order("first")])
    ids["entry"] = entries["achievements"][0]["id"]
    for name, deal in (("activity", "deal"), ("cancelled activity", "vague deal")):
        new = {"kind": "VISIT", "matter": "See the hall", "opportunityId": ids[deal], "memberId": world.member("ann")}
        planned = await world.call("planActivity", "activity { id }", dueOn="2026-06-04", **new)
        ids[name] = planned["activity"]["id"]
    await world.call("cancelActivity", "", id=ids["cancelled activity"])
    new = {"id": ids["deal"], "advice": "Ask for the budget", "followUpOn": "2026-06-01"}
    for name in ("review", "finished review"):
        payload = await do(floor, "reviewDeal", "review { id }", "hal", **new)
        ids[name] = payload["review"]["id"]
    await do(floor, "followUpDealReview", "", "hal", id=ids["finished review"], result="There is one")
    new = {"kind": "MEETING", "matter": "Agree on terms", "opportunityId": ids["deal"], "memberId": world.member("ann")}
    ids["done activity"] = (await world.call("logActivity", "activity { id }", **new))["activity"]["id"]


async def _revise_funnel(world: World) -> None:
    """A funnel with an invalid stage, of two versions: an open deal is in a stage that the second does not have."""
    closed = [
        {"key": "won", "name": "Won", "outcome": "WON", "winProbability": "1"},
        {"key": "lost", "name": "Lost", "outcome": "LOST", "winProbability": "0"},
        {"key": "odd", "name": "Odd", "outcome": "INVALID", "winProbability": "0"},
    ]
    stages = [{"key": "talk", "name": "Talk", "winProbability": "0.1"}, *closed]
    made = await world.call("createFunnel", "funnel { id }", key="service", name="Service", stages=stages)
    funnel = world.ids["revised funnel"] = made["funnel"]["id"]
    for name in ("odd deal", "left deal"):
        opened = await world.call(
            "createOpportunity", "opportunity { id }", funnelId=funnel, positionId=world.unit("bob"), key=name
        )
        world.ids[name] = opened["opportunity"]["id"]
    stages = [{"key": "open", "name": "Open", "winProbability": "0.25"}, *closed]
    await world.call("reviseFunnel", "funnel { id }", id=funnel, stages=stages)


async def _note_grades(world: World) -> None:
    grades = [{"key": "a", "label": "Great"}, {"key": "b", "label": "Good"}]
    made = await world.call(
        "defineAttribute",
        "attributeDefinition { id }",
        on="CUSTOMER",
        key="grade",
        title="Grade",
        kind="CHOICE",
        choices=[*grades, {"key": "z", "label": "None", "retired": True}],
    )
    world.ids["attribute"] = made["attributeDefinition"]["id"]
    await world.call("setAttributes", "", id=world["customer"], values=[{"key": "grade", "choice": "a"}])


async def _fill_plans(world: World) -> None:
    metric = await world.call(
        "defineMetric", "metric { id }", key="tastings", name="Tastings", kind="COUNT", measuredBy="The CRM"
    )
    world.ids["metric"] = metric["metric"]["id"]
    parts = [{"metric": "tastings", "weight": "2"}, {"metric": "revenue", "weight": "1"}]
    score = await world.call("defineScore", "score { id }", key="loud", name="Loud", components=parts)
    world.ids["score"] = score["score"]["id"]
    await world.call("switchPolicy", "policy { key }", policy="allocation.last_year", active=True)
    for name, year in (("draft", 2026), ("published", 2027)):
        made = await world.call(
            "createPlan", "plan { id }", name=name.title(), metricId=world["metric"], fiscalYear=year
        )
        plan_id = world.ids[name] = made["plan"]["id"]
        cell = {"orgUnitId": world.unit("acme"), "month": f"{year}-01", "target": "12"}
        await world.call("setTargetCells", "plan { id }", planId=plan_id, cells=[cell])
    made = await world.call("createPlan", "plan { id }", name="Empty", metricId=world["metric"], fiscalYear=2031)
    world.ids["empty plan"] = made["plan"]["id"]
    said = {"orgUnitId": world.unit("acme"), "month": "2026-01", "text": "Is that all?"}
    made = await world.call("addCellComment", "comment { id }", planId=world["draft"], **said)
    world.ids["comment"] = made["comment"]["id"]
    given = {"orgUnitId": world.unit("east"), "months": [{"month": "2026-01", "amount": "5"}]}
    await world.call("commitTargets", "plan { id }", planId=world["draft"], **given)
    await world.call("addScenario", "plan { id }", planId=world["draft"], name="Bold", fromVersion=1)
    await world.call("publishPlan", "plan { id }", planId=world["published"])
    await _plan_products(world)
    await _set_objectives(world)
    await _hand_in(world)
    given = {"positionId": world.unit("bob"), "validFrom": "2026-06-01", "share": "1", "reason": "Illness"}
    granted = await world.call("grantRelief", "relief { id }", **given)
    world.ids["relief"] = granted["relief"]["id"]


async def _plan_products(world: World) -> None:
    """A plan of 2032 with 10 a month for the whole company, and one of the product, which is empty."""
    product = {"ofMetric": "tastings", "productId": world["product"]}
    made = await world.call("defineProductMetric", "metric { id }", key="pumps", name="Tastings of pumps", **product)
    for name, metric in (("whole plan", world["metric"]), ("product plan", made["metric"]["id"])):
        plan = await world.call("createPlan", "plan { id }", name=name, metricId=metric, fiscalYear=2032)
        world.ids[name] = plan["plan"]["id"]
    months = [f"2032-{month:02}" for month in range(1, 13)]
    cells = [{"orgUnitId": world.unit("acme"), "month": month, "target": "10"} for month in months]
    await world.call("setTargetCells", "plan { id }", planId=world["whole plan"], cells=cells)


async def _set_objectives(world: World) -> None:
    """A corporate objective of 2027, which the published plan serves, and one of the business below it."""
    year = {"fiscalYear": 2027, "ownerId": world.member("hal")}
    made = await world.call("createObjective", "objective { id }", level="CORPORATE", name="Grow", **year)
    parent = world.ids["objective"] = made["objective"]["id"]
    made = await world.call(
        "createObjective", "objective { id }", level="BUSINESS", name="Grow the east", parentId=parent, **year
    )
    world.ids["business objective"] = made["objective"]["id"]
    await world.call("attachPlan", "plan { id }", planId=world["published"], objectiveId=parent)


async def _hand_in(world: World) -> None:
    """A third plan, of which Hal has submitted East and an admin West."""
    made = await world.call("createPlan", "plan { id }", name="Third", metricId=world["metric"], fiscalYear=2030)
    world.ids["third"] = made["plan"]["id"]
    cells = [{"orgUnitId": world.unit(name), "month": "2030-01", "target": "1"} for name in ("ann", "cem")]
    await world.call("setTargetCells", "plan { id }", planId=world["third"], cells=cells)
    for unit, who in (("east", "hal"), ("west", None)):
        given = {"planId": world["third"], "orgUnitId": world.unit(unit)}
        payload = await do(world.floor, "submitTargets", "submission { id }", who, **given)
        world.ids[f"{unit} submission"] = payload["submission"]["id"]


async def _plan_actions(world: World) -> None:
    """Weeks of Ann's: one open with a task and a spare one, two submitted, an earlier one closed, a later one empty."""
    matters = {
        "action plan": ("2026-W23", ("action item", "spare action item")),
        "submitted action plan": ("2026-W24", ("submitted action item",)),
        "handed-in action plan": ("2026-W25", ("handed-in action item",)),
        "closed action plan": ("2026-W22", ("missed action item",)),
        "late action plan": ("2026-W40", ()),
    }
    for name, (period, items) in matters.items():
        given = {"memberId": world.member("ann"), "period": period, "metricId": world["metric"]}
        tasks = [{"kind": "TASK", "matter": matter} for matter in items]
        made = await world.call("createActionPlan", "actionPlan { id items { id matter } }", items=tasks, **given)
        world.ids[name] = made["actionPlan"]["id"]
        world.ids.update({one["matter"]: one["id"] for one in made["actionPlan"]["items"]})
    for name in ("submitted action plan", "handed-in action plan"):
        await world.call("submitActionPlan", "actionPlan { state }", id=world[name])
    await world.call("closeActionPlan", "actionPlan { state }", id=world["closed action plan"], result="Nothing")


async def _fill_pools(world: World) -> None:
    """A pool of East's, which Hal looks after: three customers wait in it, and Ann has one; and an empty pool."""
    east = {"kinds": ["CUSTOMER", "OPPORTUNITY"], "orgUnitIds": [world.unit("east")], "adminIds": [world.member("hal")]}
    for key, name in (("pool", "sea"), ("empty pool", "pond")):
        made = await world.call("createPool", "pool { id }", key=name, name=name.title(), **east)
        world.ids[key] = made["pool"]["id"]
    names = ["waiting customer", "next customer", "spare customer", "held customer"]
    for name in names:
        world.ids[name] = gid("Customer", await create_customer(world.floor.work, NewCustomer(name.title())))
    waiting = {"recordIds": [world[name] for name in names], "reason": "New", "poolId": world["pool"]}
    await world.call("releaseRecords", "results { done }", **waiting)
    given = {"recordIds": [world["held customer"]], "memberId": world.member("ann")}
    await world.call("assignRecords", "results { done }", **given)
    await world.call("switchPolicy", "policy { key }", policy="assignment.round_robin", active=True)
    rule = {"kind": "RECYCLING", "parameters": {"when": {"noFollowUp": {"days": 30}}}, "poolId": world["pool"]}
    made = await world.call("createPoolRule", "poolRule { id }", key="idle", name="Idle", **rule)
    world.ids["rule"] = made["poolRule"]["id"]
