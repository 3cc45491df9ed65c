"""What an allocation rule is given: exactly what it declared to need, with figures worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.values import ChoiceKey
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.rates import RateKind
from quotaloom.platform.database import Database
from quotaloom.policies.discovery import Discovery, discover
from quotaloom.policies.host import PolicyHost
from quotaloom_sdk import (
    AllocationRequest,
    AllocationResult,
    AllocationRule,
    Attribute,
    AttributeKind,
    Attributes,
    Choice,
    Explanation,
    Load,
    MonthFact,
    Need,
    Parameters,
    UnitFact,
    WorksheetFact,
)
from quotaloom_sdk.testing import months, months_before
from tests.integration.attributes.noting import define, note
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.graph.asking import do, gid
from tests.unit.policies.registered import plugin

NEEDS: Final = sorted(AllocationRule.offers)
Requests = list[AllocationRequest[Any]]

FIGURES: Final[dict[str, dict[str, Any]]] = {
    "acme": {
        # 100 and 30 in January, 50 in February, 5 in March of which 2 came back.
        "achieved": (130_00, 50_00, 3_00, *[0] * 9),
        # The same, and 999 in December 2025, in the 24 months up to May 2026.
        "recent": (*[0] * 18, 999_00, 130_00, 50_00, 3_00, 0, 0),
        "planned": (1_000_00, *[None] * 11),
        "attributes": Attributes((Attribute("stores", Decimal("12.5")),)),
        # 1,000.00, an unknown amount, and 2.00 dollars at 7.35.
        "load": Load(members=4, customers=0, leads=0, opportunities=3, open_amount=1_014_70),
    },
    "east": {
        "achieved": (100_00, 50_00, 3_00, *[0] * 9),
        "recent": (*[0] * 19, 100_00, 50_00, 3_00, 0, 0),
        "planned": (600_00, 0, *[None] * 10),
        "attributes": Attributes((Attribute("stores", Decimal(7)), Attribute("grade", Choice("a", "Great")))),
        # Filled for 2026 and for 2027.
        "worksheet": WorksheetFact(2027, customers_needed=25, repurchase_rate=Decimal("1.500000"), money=3_000_00),
        "load": Load(members=3, customers=0, leads=0, opportunities=2, open_amount=1_000_00),
    },
    "west": {
        "achieved": (30_00, *[0] * 11),
        "recent": (*[0] * 18, 999_00, 30_00, 0, 0, 0, 0),
        "planned": (None,) * 12,
        "attributes": Attributes(),
        # Filled for 2026 alone.
        "worksheet": WorksheetFact(2026, customers_needed=7),
        "load": Load(members=1, customers=0, leads=0, opportunities=1, open_amount=14_70),
    },
}
"""What there is to know of the three units."""

WORKDAYS: Final = (20, 20, 23, 22, 21, 22, 22, 22, 22, 21, 22, 23)
"""The weekdays of the months of 2027; of January's 21 the first is a holiday."""

RECENT_MONTHS: Final = months_before(months(2026)[5:])
"""June 2024 to May 2026: the company works on 1 June 2026."""

RECENT_WORKDAYS: Final = (
    20,
    23,
    22,
    21,
    23,
    21,
    22,
    23,
    20,
    21,
    22,
    22,
    21,
    23,
    21,
    22,
    23,
    20,
    23,
    22,
    20,
    22,
    22,
    21,
)
"""The weekdays of those months."""

FILLED_BY: Final = {
    Need.HISTORY: "achieved",
    Need.RECENT: "recent",
    Need.PLAN: "planned",
    Need.ATTRIBUTES: "attributes",
    Need.LOAD: "load",
    Need.WORKSHEET: "worksheet",
}


def watching(seen: Requests) -> PolicyHost:
    """A host with `watch.<need>` for each need, `watch.all` and `watch.none`, which remember what they are given."""

    def remember(request: AllocationRequest[Any]) -> AllocationResult:
        seen.append(request)
        return AllocationResult(explanation=Explanation("Seen."))

    def rule(key: str, *needs: Need) -> AllocationRule[Any]:
        return AllocationRule(
            key=key, title=key, description="Watches.", parameters=Parameters, needs=frozenset(needs), allocate=remember
        )

    rules = [rule(need.value, need) for need in NEEDS] + [rule("all", *NEEDS), rule("none")]
    return PolicyHost(Discovery((*discover().plugins, plugin(*rules, name="watch")), ()))


async def succeed(floor: Floor, mutation: str, fields: str, **values: Any) -> dict[str, Any]:
    """Run a mutation that must not be refused."""
    payload = await do(floor, mutation, fields, **values)
    assert payload["errors"] == [], (mutation, payload["errors"])
    return payload


async def post(floor: Floor, key: str, position: str, day: str, amount: str) -> str:
    """Post an order; the id of its entry."""
    item = {
        "metric": "revenue",
        "amount": amount,
        "businessDate": day,
        "source": "ORDER",
        "sourceKey": key,
        "idempotencyKey": key,
        "credits": [{"positionKey": position}],
    }
    posted = await succeed(floor, "postAchievements", "achievements { id }", items=[item])
    return str(posted["achievements"][0]["id"])


async def plan_of(floor: Floor, year: int) -> str:
    """A plan of revenue; its id."""
    metric = await floor.one("SELECT id FROM metric WHERE key = 'revenue'")
    made = await succeed(
        floor, "createPlan", "plan { id }", name=str(year), metricId=gid("Metric", metric["id"]), fiscalYear=year
    )
    return str(made["plan"]["id"])


async def company(database: Database, seen: Requests) -> tuple[Floor, str]:
    """The floor with what `FIGURES` tells of it and all watching rules switched on, and a plan for 2027."""
    floor = replace(await furnish(database), host=watching(seen))
    plan_id = await plan_of(floor, 2027)
    cells = [("acme", "2027-01", "1000"), ("east", "2027-01", "600"), ("east", "2027-02", "0")]
    told = [
        {"orgUnitId": gid("OrgUnit", floor.units[unit]), "month": month, "target": target}
        for unit, month, target in cells
    ]
    await succeed(floor, "setTargetCells", "", planId=plan_id, cells=told)
    await succeed(floor, "setHolidays", "", days=[{"day": "2027-01-01", "name": "New Year"}])
    for key in (*(need.value for need in NEEDS), "all", "none"):
        await succeed(floor, "switchPolicy", "", policy=f"watch.{key}", active=True)
    await sell(floor)
    await remark(floor)
    await fill_worksheets(floor, plan_id)
    return floor, plan_id


async def fill_worksheets(floor: Floor, plan_id: str) -> None:
    """Those of the plan, of the year before it and of the year after, for East; of the year before for West."""
    before, after = await plan_of(floor, 2026), await plan_of(floor, 2028)
    east, west = gid("OrgUnit", floor.units["east"]), gid("OrgUnit", floor.units["west"])
    for plan, needed in ((plan_id, 25), (before, 8), (after, 99)):
        await succeed(floor, "setWorksheet", "", planId=plan, orgUnitId=east, customersNeeded=needed)
    await succeed(
        floor, "setWorksheet", "", planId=plan_id, orgUnitId=east, repurchaseRate="1.5", money="3000", obstacles="Rain"
    )
    await succeed(floor, "setWorksheet", "", planId=before, orgUnitId=west, customersNeeded=7)


async def sell(floor: Floor) -> None:
    """Orders of 2026 and one of the year before, a refund, and three open deals."""
    await post(floor, "1", "ann", "2026-01-05", "100")
    await post(floor, "2", "bob", "2026-02-28", "50")
    await post(floor, "3", "cem", "2026-01-31", "30")
    await post(floor, "4", "cem", "2025-12-31", "999")
    sold = await post(floor, "5", "eve", "2026-03-01", "5")
    await succeed(floor, "reverseAchievement", "", entryId=sold, idempotencyKey="6", reason="Returned", amount="2")
    await floor.open("ann")
    await floor.open("bob", amount=None)
    await set_exchange_rate(floor.work, "USD", RateKind.BOOKING, date(2026, 1, 1), Decimal("7.35"))
    await floor.open("cem", currency="USD", amount=2_00)


async def remark(floor: Floor) -> None:
    """Two attributes of units, on Acme and East; one more on East that is archived."""
    await define(floor, AttributeKind.NUMBER, key="stores")
    await define(floor, AttributeKind.CHOICE, key="grade")
    old = await define(floor, key="old")
    east = floor.units["east"]
    await note(floor.work, Subject.UNIT, east, grade=ChoiceKey("a"), stores=Decimal("7.00"), old="gone")
    await note(floor.work, Subject.UNIT, floor.units["acme"], stores=Decimal("12.5"))
    await succeed(floor, "archiveAttribute", "", id=gid("AttributeDefinition", old))


def expected(floor: Floor, needs: frozenset[Need]) -> AllocationRequest[Any]:
    """The request about Acme with what these needs fill, and nothing else."""
    filled = {FILLED_BY[need] for need in needs if need in FILLED_BY}

    def fact(name: str, kind: str) -> UnitFact:
        facts = {field: value for field, value in FIGURES[name].items() if field in filled}
        return UnitFact(str(floor.units[name]), name.title(), kind, key=name, **facts)

    def worked(months: Sequence[MonthFact], workdays: Sequence[int]) -> tuple[MonthFact, ...]:
        if Need.CALENDAR not in needs:
            return tuple(months)
        return tuple(replace(month, workdays=days) for month, days in zip(months, workdays, strict=True))

    return AllocationRequest(
        fact("acme", "company"),
        (fact("east", "team"), fact("west", "team")),
        worked(months(2027), WORKDAYS),
        "revenue",
        Parameters(),
        worked(RECENT_MONTHS, RECENT_WORKDAYS) if Need.RECENT in needs else (),
    )


async def decompose(floor: Floor, plan_id: str, rule: str, **values: Any) -> dict[str, Any]:
    """Split 1,200.00 of Acme's over its teams."""
    acme = gid("OrgUnit", floor.units["acme"])
    values = {"target": "1200", "levels": 1, **values}
    return await do(
        floor, "decomposeTarget", "stored", planId=plan_id, orgUnitId=acme, policy=f"watch.{rule}", **values
    )


async def test_a_rule_is_given_what_it_declared_and_nothing_else(database: Database) -> None:
    """Each need fills its own fields; all of them fill all, none fills none."""
    seen: Requests = []
    floor, plan_id = await company(database, seen)
    declared = {need.value: frozenset({need}) for need in NEEDS}
    for rule, needs in {**declared, "all": frozenset(NEEDS), "none": frozenset[Need]()}.items():
        payload = await decompose(floor, plan_id, rule, dryRun=True)
        assert payload["errors"] == []
        assert seen == [expected(floor, needs)], rule
        seen.clear()


async def test_a_trial_is_given_the_same(database: Database) -> None:
    """Simulating a rule tells it what a decomposition tells it."""
    seen: Requests = []
    floor, plan_id = await company(database, seen)
    acme = gid("OrgUnit", floor.units["acme"])
    cells = [{"orgUnitId": acme, "month": f"2027-{month:02}", "target": "1000"} for month in range(2, 13)]
    await succeed(floor, "setTargetCells", "", planId=plan_id, cells=cells)
    for rule in ("attributes", "load", "none"):
        policy = f"watch.{rule}"
        await succeed(floor, "simulatePolicy", "changed", policy=policy, planId=plan_id, orgUnitId=acme, period="2027")
        await decompose(floor, plan_id, rule, dryRun=True)
        tried, asked = seen
        assert tried == asked == expected(floor, frozenset(Need(one) for one in [rule] if one != "none"))
        seen.clear()


async def test_positions_have_their_own_inputs(database: Database) -> None:
    """Split down to the seats, East's request tells of each seat what it achieved, carries and is noted for."""
    seen: Requests = []
    floor, plan_id = await company(database, seen)
    await note(floor.work, Subject.UNIT, floor.units["bob"], stores=Decimal(3))
    assert (await decompose(floor, plan_id, "all", levels=2, dryRun=True))["errors"] == []
    east = next(request for request in seen if request.unit.name == "East")
    told = {child.name: (child.achieved[:3], child.attributes.number("stores"), child.load) for child in east.children}
    assert told == {
        "Ann": ((100_00, 0, 0), None, Load(1, 0, 0, 1, 1_000_00)),
        "Bob": ((0, 50_00, 0), Decimal(3), Load(1, 0, 0, 1, 0)),
        "Eve": ((0, 0, 3_00), None, Load(1, 0, 0, 0, 0)),
    }


@pytest.mark.parametrize("mutation", ["decomposeTarget", "simulatePolicy"])
async def test_a_load_that_cannot_be_told_says_what_to_do(database: Database, mutation: str) -> None:
    """A euro deal without a rate stops a rule that needs loads, at the policy's place; another rule goes on."""
    seen: Requests = []
    floor, plan_id = await company(database, seen)
    await floor.open("ann", currency="EUR")
    unit = {"planId": plan_id, "orgUnitId": gid("OrgUnit", floor.units["acme"])}
    facts = {"target": "1200", "dryRun": True} if mutation == "decomposeTarget" else {}
    payload = await do(floor, mutation, "", policy="watch.load", **unit, **facts)
    assert payload["errors"] == ["MISSING_RATE at policy"]
    assert seen == []
    assert (await decompose(floor, plan_id, "attributes", dryRun=True))["errors"] == []


class Meddling(PolicyHost):
    """A host in which an attribute is set while the first rule thinks."""

    floor: Floor
    done = False

    async def ask(self, *arguments: Any, **options: Any) -> Any:
        """Set it, once, and ask."""
        if not self.done:
            self.done = True
            await note(self.floor.work, Subject.UNIT, self.floor.units["west"], stores=Decimal(99))
        return await super().ask(*arguments, **options)


async def test_what_is_noted_while_a_rule_thinks_counts_next_time(database: Database) -> None:
    """The inputs are of one moment: the answer is stored, and the next decomposition is told of the change."""
    seen: Requests = []
    floor, plan_id = await company(database, seen)
    host = Meddling(floor.host.discovery)
    host.floor = floor
    meddled = replace(floor, host=host)
    for _ in range(2):
        payload = await decompose(meddled, plan_id, "attributes")
        assert (payload["errors"], payload["stored"]) == ([], True)
    assert [request.children[1].attributes.number("stores") for request in seen] == [None, Decimal(99)]
