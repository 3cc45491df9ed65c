"""Trying a policy on what has been: the difference line by line, and nothing stored."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from pydantic import Field

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.commands.stage_changes import win_opportunity
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from quotaloom.policies.discovery import Discovery, discover
from quotaloom.policies.host import PolicyHost
from quotaloom.targets.attainment_feed import AttainmentFeed
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_sdk import (
    AllocationRequest,
    AllocationResult,
    AllocationRule,
    Credit,
    CreditingRequest,
    CreditingResult,
    CreditingRule,
    Explanation,
    Parameters,
)
from tests.integration.funnels.floors import HOST, Floor
from tests.integration.graph.asking import SCHEMA, ask_once, gid
from tests.integration.graph.worlds import World, small_world
from tests.unit.policies.registered import plugin

MAY = date(2026, 5, 20)

TRY = """mutation ($input: SimulatePolicyInput!) { simulatePolicy(input: $input) {
    policy version parameters changed
    lines { period what currency stored simulated difference orgUnit { name } opportunity { key } }
    reasons { explanation orgUnit { name } opportunity { key } }
    errors { code path message }
} }"""


class First(Parameters):
    """How much more the first child weighs."""

    weight: int = Field(default=1, ge=1, description="The weight of the first child; the others weigh 1.")


def first_more(request: AllocationRequest[First]) -> AllocationResult:
    weights = (request.parameters.weight, *(1 for _ in request.children[1:]))
    return AllocationResult(children=weights, explanation=Explanation(f"The first weighs {weights[0]}."))


def half_to_the_house(request: CreditingRequest[Parameters]) -> CreditingResult:
    """Half to the position of the deal, half to whoever is named first."""
    half = Fraction(1, 2)
    other = request.named[0].position_id
    credits = (Credit(request.deal.position_id, half), Credit(other, half))
    return CreditingResult(credits=credits, explanation=Explanation("Half each."))


ACME = plugin(
    AllocationRule(key="first", title="First", description="More.", parameters=First, allocate=first_more),
    CreditingRule(key="half", title="Half", description="Half.", parameters=Parameters, credit=half_to_the_house),
)
HOSTED = PolicyHost(Discovery((*discover().plugins, ACME), ()))


async def attempt(floor: Floor, **values: Any) -> dict[str, Any]:
    """A trial by a service that may change settings, with the plugin installed."""
    scopes = frozenset({Scope.SETTINGS, Scope.READ})
    identity = Identity(floor.work.company.id, "tests", Role.SERVICE, scopes=scopes)
    services = Services(floor.work.database, HOSTED, lambda: floor.work.now, AttainmentFeed(floor.work.database))
    async with RequestContext(services, identity) as context:
        result = await SCHEMA.execute(TRY, {"input": values}, context_value=context)
    assert not result.errors, result.errors
    assert result.data is not None
    found: dict[str, Any] = result.data["simulatePolicy"]
    return found


async def everything(floor: Floor) -> list[Any]:
    """How much there is of all that a trial could have written."""
    tables = ("target_cell", "decomposition", "policy_setting", "achievement_entry", "win_crediting", "audit_entry")
    counts = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in (*tables, "outbox_event"))
    return list(await floor.one(f"SELECT {counts}"))


async def published(world: World) -> str:
    """A plan for 2028 with 1,200 tastings evenly over the two teams, published."""
    made = await world.call("createPlan", "plan { id }", name="2028", metricId=world["metric"], fiscalYear=2028)
    plan_id: str = made["plan"]["id"]
    await world.call(
        "decomposeTarget",
        "stored",
        planId=plan_id,
        orgUnitId=world.unit("acme"),
        target="1200",
        levels=1,
        policy="allocation.last_year",
    )
    await world.call("publishPlan", "plan { id }", planId=plan_id)
    return plan_id


async def test_an_allocation_rule_is_tried_on_a_published_plan(database: Database) -> None:
    """Of 100 a month each team has 50; weighing the first team 3 would make it 75 and 25, so +25 and -25."""
    world = await small_world(database)
    plan_id = await published(world)
    before = await everything(world.floor)
    found = await attempt(
        world.floor,
        policy="acme.first",
        parameters={"weight": 3},
        planId=plan_id,
        orgUnitId=world.unit("acme"),
        period="2028-Q2",
    )
    assert (found["errors"], found["policy"], found["version"]) == ([], "acme.first", "1.2")
    assert (found["parameters"], found["changed"]) == ({"weight": 3}, 6)
    lines = [
        (line["orgUnit"]["name"], line["period"], line["stored"], line["simulated"], line["difference"])
        for line in found["lines"]
    ]
    assert lines == [
        ("East", "2028-04", "50", "75", "25"),
        ("East", "2028-05", "50", "75", "25"),
        ("East", "2028-06", "50", "75", "25"),
        ("West", "2028-04", "50", "25", "-25"),
        ("West", "2028-05", "50", "25", "-25"),
        ("West", "2028-06", "50", "25", "-25"),
    ]
    (reason,) = found["reasons"]
    assert (reason["explanation"]["text"], reason["orgUnit"]["name"]) == ("The first weighs 3.", "Acme")
    assert await everything(world.floor) == before


async def test_what_would_not_change_can_be_left_out(database: Database) -> None:
    """With the weight 1 the rule is even: 24 lines without a difference, or none."""
    world = await small_world(database)
    unchanged = {"policy": "acme.first", "planId": await published(world), "orgUnitId": world.unit("acme")}
    found = await attempt(world.floor, **unchanged)
    assert (found["changed"], len(found["lines"])) == (0, 24)
    assert (await attempt(world.floor, **unchanged, changedOnly=True))["lines"] == []


async def test_a_crediting_rule_is_tried_on_the_wins_of_a_period(database: Database) -> None:
    """1,000.00 was Ann's 750.00 and Bob's 250.00; half each takes 250.00 from her and gives it to him."""
    world = await small_world(database)
    floor = world.floor
    splits = [floor.split("bob", "0.25"), floor.split("ann", "0.75"), floor.split("eve", "1", CreditKind.OVERLAY)]
    deal = await floor.open("ann", key="D-7", splits=splits)
    await win_opportunity(floor.work, HOST, deal, on=MAY)
    before = await everything(floor)
    found = await attempt(floor, policy="acme.half", period="2026-05")
    assert found["errors"] == []
    lines = [
        (line["orgUnit"]["name"], line["what"], line["stored"], line["simulated"], line["difference"])
        for line in found["lines"]
    ]
    assert sorted(lines, key=str) == [
        ("Ann", "direct", "750.00", "500.00", "-250.00"),
        ("Bob", "direct", "250.00", "500.00", "250.00"),
        ("Eve", "overlay", "1000.00", None, "-1000.00"),
    ]
    assert {(line["period"], line["currency"], line["opportunity"]["key"]) for line in found["lines"]} == {
        ("2026-05-20", "CNY", "D-7")
    }
    assert (await attempt(floor, policy="acme.half", period="2026-04"))["lines"] == []
    assert await everything(floor) == before


async def test_a_trial_that_cannot_be_made_says_why(database: Database) -> None:
    """A missing period, a bad parameter, an outside period: each names its place."""
    world = await small_world(database)
    plan = {"planId": await published(world), "orgUnitId": world.unit("acme")}
    for values, told in (
        ({"policy": "acme.half"}, ("PERIOD_MISSING", ["period"])),
        (
            {"policy": "acme.first", **plan, "parameters": {"weight": 0}},
            ("INVALID_PARAMETERS", ["parameters", "weight"]),
        ),
        ({"policy": "acme.first", **plan, "period": "2027"}, ("OUTSIDE_THE_PLAN", ["period"])),
        ({"policy": "acme.first", "planId": plan["planId"]}, ("PLAN_MISSING", ["orgUnitId"])),
        ({"policy": "acme.first", **plan, "orgUnitId": gid("OrgUnit", 10**12)}, ("NOT_FOUND", ["orgUnitId"])),
    ):
        (error,) = (await attempt(world.floor, **values))["errors"]
        assert (error["code"], error["path"]) == told


async def test_a_trial_needs_the_right_to_read(database: Database) -> None:
    """It shows stored targets and deals: a service that may change settings and not read is refused."""
    world = await small_world(database)
    who = Identity(world.floor.work.company.id, "tests", Role.SERVICE, scopes=frozenset({Scope.SETTINGS}))
    data, codes = await ask_once(
        world.floor, "try", 'mutation { simulatePolicy(input: { policy: "allocation.even" }) { changed } }', who
    )
    assert (data, codes) == (None, ["FORBIDDEN"])
