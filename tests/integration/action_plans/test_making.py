"""Making action plans: whose they are, for which unit and target, and what belongs to what."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from quotaloom.action_plans.commands import create_plan, update_plan
from quotaloom.action_plans.facts import NewItem, NewPlan
from quotaloom.action_plans.finishing import cancel_item
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError
from quotaloom.strategy.commands import create_objective
from quotaloom.strategy.objectives import NewObjective, ObjectiveLevel
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.plan_objectives import attach_plan
from quotaloom.targets.plans import create_plan as create_target_plan
from quotaloom.targets.plans import publish_plan
from tests.integration.action_plans.acting import (
    CALL,
    figures,
    ids_of,
    items_of,
    june,
    plan_of,
    plan_row,
    revenue,
    todo,
)
from tests.integration.funnels.floors import furnish


async def test_a_plan_is_of_its_member_his_position_and_the_target_of_its_own_days(database: Database) -> None:
    """Ann's week for her revenue: her position, the week itself, a draft; an item without days has all of them."""
    floor = await furnish(database)
    plan = await plan_of(floor, items=[todo(), todo(CALL, 2, 3, place="Hall", materials=("Drawing",), budget=50_00)])
    row = await plan_row(floor, plan)
    assert (row["member_id"], row["unit_id"]) == (floor.members["ann"], floor.units["ann"])
    assert (row["grain"], row["starts_on"], row["ends_on"]) == ("week", june(1), june(8))
    assert (row["target_grain"], row["target_starts_on"], row["target_ends_on"]) == ("week", june(1), june(8))
    assert (row["state"], row["version"], row["actor"]) == ("draft", 1, "ann")
    whole, call = await items_of(floor, plan)
    assert (whole["kind"], whole["starts_on"], whole["ends_on"]) == ("visit", june(1), june(8))
    assert (call["starts_on"], call["ends_on"], call["place"], call["budget"]) == (june(2), june(4), "Hall", 50_00)


async def test_a_head_plans_for_the_unit_that_he_heads(database: Database) -> None:
    """Hal holds no position: his plan is for East; West is none of his."""
    floor = await furnish(database)
    assert (await plan_row(floor, await plan_of(floor, "hal")))["unit_id"] == floor.units["east"]
    with pytest.raises(InputError) as wrong:
        await plan_of(floor, "hal", unit_id=floor.units["west"])
    assert (wrong.value.code, wrong.value.path) == ("NOT_HELD", ("orgUnitId",))


async def test_a_plan_is_made_by_its_member_an_admin_or_a_service(database: Database) -> None:
    """Hal, who heads Ann, is told to plan activities instead; Bob does not know of her; the others may."""
    floor = await furnish(database)
    new = NewPlan("2026-W23", floor.members["ann"], metric_id=await revenue(floor))
    with pytest.raises(AccessDenied):
        await create_plan(floor.as_member("hal"), new)
    with pytest.raises(InputError) as unseen:
        await create_plan(floor.as_member("bob"), new)
    assert unseen.value.code == "UNKNOWN_MEMBER"
    for work in (floor.work, floor.as_service("funnels:write")):
        assert (await plan_row(floor, await create_plan(work, new)))["member_id"] == floor.members["ann"]
    with pytest.raises(AccessDenied):
        await create_plan(floor.as_service("pool:write"), new)
    with pytest.raises(InputError) as nobody:
        await create_plan(floor.work, NewPlan("2026-W23", metric_id=new.metric_id))
    assert nobody.value.code == "MEMBER_NEEDED"


async def test_a_short_plan_belongs_to_a_long_one_and_serves_its_target(database: Database) -> None:
    """Week 23 in June: the revenue of June. Not in July, not in another week, not in Bob's June."""
    floor = await furnish(database)
    month = await plan_of(floor, period="2026-06")
    week = await plan_row(floor, await plan_of(floor, part_of_id=month))
    assert week["metric_id"] == await revenue(floor)
    assert (week["target_grain"], week["target_starts_on"]) == ("month", june(1))
    found: dict[str, Any] = {}
    others = {
        "July": await plan_of(floor, period="2026-07"),
        "the same week": await plan_of(floor),
        "Bob's": await plan_of(floor, "bob", "2026-06"),
    }
    for name, part_of in others.items():
        with pytest.raises(InputError) as wrong:
            await plan_of(floor, part_of_id=part_of)
        found[name] = wrong.value.code
    assert found == {"July": "OTHER_PERIOD", "the same week": "NOT_LONGER", "Bob's": "UNKNOWN_ACTION_PLAN"}


async def test_a_plan_follows_an_earlier_one(database: Database) -> None:
    """Week 23 follows week 22, and week 22 not week 23."""
    floor = await furnish(database)
    earlier = await plan_of(floor, period="2026-W22")
    later = await plan_of(floor, follows_id=earlier)
    assert (await plan_row(floor, later))["follows_id"] == earlier
    with pytest.raises(InputError) as wrong:
        await update_plan(floor.as_member("ann"), earlier, {"follows_id": later})
    assert (wrong.value.code, wrong.value.path) == ("NOT_EARLIER", ("followsId",))


async def test_a_plan_names_the_plan_and_the_objective_that_it_serves(database: Database) -> None:
    """A published plan of revenue and an objective of 2026; neither a draft, nor an objective of 2027."""
    floor = await furnish(database, plans_need_owners=False)
    metric = await revenue(floor)
    drafted = await create_target_plan(floor.work, "Draft", metric, 2027)
    published = await create_target_plan(floor.work, "Goal", metric, 2026)
    await set_target_cells(
        floor.work, published, [CellChange(floor.units["ann"], "2026-06", {"target": 100_000_00, "assessment": 1})]
    )
    await publish_plan(floor.work, published)
    grow = {
        year: await create_objective(
            floor.work, NewObjective(year, ObjectiveLevel.CORPORATE, "Grow", floor.members["hal"])
        )
        for year in (2026, 2027)
    }
    row = await plan_row(floor, await plan_of(floor, plan_id=published, objective_id=grow[2026]))
    assert (row["plan_id"], row["objective_id"]) == (published, grow[2026])
    wrong_ones: list[tuple[dict[str, Any], str]] = [
        ({"plan_id": drafted}, "NOT_FOUND"),
        ({"objective_id": grow[2027]}, "OTHER_YEAR"),
    ]
    for named, code in wrong_ones:
        with pytest.raises(InputError) as wrong:
            await plan_of(floor, **named)
        assert wrong.value.code == code


async def test_a_plan_serves_no_objective_that_its_member_does_not_see(database: Database) -> None:
    """Neither one of the West, which a draft is for, is there for Ann, nor one that no plan is for; Hal sees drafts."""
    floor = await furnish(database, plans_need_owners=False)
    owner, west = floor.members["wu"], floor.units["west"]
    whole = await create_objective(floor.work, NewObjective(2026, ObjectiveLevel.CORPORATE, "Grow", owner))
    drafted, other = [
        await create_objective(
            floor.work, NewObjective(2026, ObjectiveLevel.BUSINESS, name, owner, whole, unit_id=west)
        )
        for name in ("Go west", "Stay west")
    ]
    await attach_plan(floor.work, await create_target_plan(floor.work, "Draft", await revenue(floor), 2026), drafted)
    await plan_of(floor, objective_id=whole)
    for hidden, who in ((drafted, "ann"), (other, "ann"), (other, "hal")):
        with pytest.raises(InputError) as unseen:
            await plan_of(floor, who, "2026-W24", objective_id=hidden)
        assert (unseen.value.code, unseen.value.path) == ("NOT_FOUND", ("objectiveId",))
    await plan_of(floor, "hal", "2026-W24", objective_id=drafted)


async def test_an_item_is_for_a_record_that_its_member_works_on(database: Database) -> None:
    """A deal brings its customer along; Bob's deal is not there for Ann, and nothing is stored."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deal, of_bob = await floor.open("ann", customer_id=customer), await floor.open("bob")
    (item,) = await items_of(floor, await plan_of(floor, items=[todo(deal=deal)]))
    assert (item["opportunity_id"], item["customer_id"]) == (deal, customer)
    with pytest.raises(InputError) as unseen:
        await plan_of(floor, period="2026-W24", items=[todo(deal=deal), todo(deal=of_bob)])
    assert unseen.value.path == ("items", 1, "opportunityId")
    assert len(await floor.rows("SELECT FROM action_plan")) == 1


async def test_what_is_wrong_with_an_item_is_named(database: Database) -> None:
    """By its number, with the place in it."""
    floor = await furnish(database)
    wrong: list[tuple[NewItem, str, str]] = [
        (todo(matter=" "), "MATTER_MISSING", "matter"),
        (todo(starts_on=june(1) - timedelta(1)), "OUT_OF_PERIOD", "startsOn"),
        (todo(starts_on=june(5), ends_on=june(9)), "OUT_OF_PERIOD", "endsOn"),
        (todo(starts_on=june(5), ends_on=june(5)), "BAD_DATES", "endsOn"),
        (todo(budget=-1), "NEGATIVE_AMOUNT", "budget"),
        (todo(materials=("x",) * 51), "TOO_MANY_MATERIALS", "materials"),
        (todo(activity_id=10**17), "UNKNOWN_ACTIVITY", "activityId"),
        (todo(refines_id=10**17), "UNKNOWN_ACTION_ITEM", "refinesId"),
    ]
    for item, code, place in wrong:
        with pytest.raises(InputError) as refused:
            await plan_of(floor, items=[todo(), item])
        assert (refused.value.code, refused.value.path) == (code, ("items", 1, place))


async def test_the_same_request_makes_one_plan(database: Database) -> None:
    """Eight times at once, the same key: one plan, one answer; the key is for nothing else."""
    floor = await furnish(database)
    answers = await asyncio.gather(*(plan_of(floor, items=[todo()], request_key="k") for _ in range(8)))
    assert len(set(answers)) == 1
    assert len(await ids_of(floor, answers[0])) == 1
    others: list[dict[str, Any]] = [{"period": "2026-W24"}, {"title": "Another"}, {"items": [todo(), todo()]}]
    for other in others:
        with pytest.raises(InputError) as reused:
            await plan_of(floor, **{"items": [todo()], "request_key": "k", **other})
        assert reused.value.code == "IDEMPOTENCY_KEY_REUSED"


async def test_a_plan_changes_while_nobody_has_it_before_him(database: Database) -> None:
    """Title, aim and target; what was not read last is refused; Hal does not change it."""
    floor = await furnish(database)
    plan = await plan_of(floor)
    ann = floor.as_member("ann")
    await update_plan(ann, plan, {"title": "Pumps", "aim": "Two deals", "target_period": "2026-Q2"}, 1)
    row = await plan_row(floor, plan)
    assert (row["title"], row["aim"], row["target_grain"], row["version"]) == ("Pumps", "Two deals", "quarter", 2)
    with pytest.raises(Conflict):
        await update_plan(ann, plan, {"title": "Valves"}, 1)
    with pytest.raises(AccessDenied):
        await update_plan(floor.as_member("hal"), plan, {"title": "Valves"})
    with pytest.raises(InputError) as other:
        await update_plan(ann, plan, {"target_period": "2026-Q3"})
    assert (other.value.code, other.value.path) == ("OTHER_PERIOD", ("targetPeriod",))


async def test_a_plan_leaves_no_longer_one_whose_items_its_own_refine(database: Database) -> None:
    """The week's call is a part of the month's visit: only without it the week may stand alone."""
    floor = await furnish(database)
    month = await plan_of(floor, period="2026-06", items=[todo()])
    week = await plan_of(floor, part_of_id=month, items=[todo(refines_id=(await ids_of(floor, month))[0])])
    with pytest.raises(InputError) as refined:
        await update_plan(floor.as_member("ann"), week, {"part_of_id": None})
    assert (refined.value.code, refined.value.path) == ("REFINED", ("partOfId",))


async def test_a_plan_takes_no_shorter_one_out_of_a_longer_one_that_it_refines(database: Database) -> None:
    """Tuesday's visit refines June's: week 23 between them stays in June, until the visit is cancelled."""
    floor = await furnish(database)
    ann = floor.as_member("ann")
    month = await plan_of(floor, period="2026-06", items=[todo()])
    (visit,) = await ids_of(floor, month)
    week = await plan_of(floor, part_of_id=month, items=[todo()])
    (weekly,) = await ids_of(floor, week)
    items = [todo(refines_id=visit), todo(refines_id=weekly)]
    day = await plan_of(floor, period="2026-06-02", part_of_id=week, items=items)
    with pytest.raises(InputError) as refined:
        await update_plan(ann, week, {"part_of_id": None})
    assert (refined.value.code, refined.value.path) == ("REFINED", ("partOfId",))
    assert (await figures(floor, month)).planned == 2
    await cancel_item(ann, (await ids_of(floor, day))[0], "He is away")
    await update_plan(ann, week, {"part_of_id": None})
    assert [(await figures(floor, plan)).planned for plan in (month, week)] == [1, 1]
