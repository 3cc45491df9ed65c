"""Last week's plan in this week, and what was not done carried over."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from quotaloom.action_plans.carrying import carry_over_items
from quotaloom.action_plans.copying import PlanCopy, copy_plan
from quotaloom.action_plans.finishing import cancel_item, complete_item
from quotaloom.action_plans.lifecycle import close_plan, submit_plan
from quotaloom.activities.commands import plan_activity
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.opportunities import transfer_opportunity
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError
from tests.integration.action_plans.acting import CALL, agreed, ids_of, items_of, june, plan_of, plan_row, todo
from tests.integration.activities.working import something
from tests.integration.funnels.floors import furnish


async def test_a_week_is_copied_with_what_is_open(database: Database) -> None:
    """Tuesday's visit becomes Tuesday's of week 25, two weeks on; what is done or cancelled stays behind."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    items = [todo(first=2, deal=deal, budget=5_00), todo(CALL), todo(first=1), todo(first=3)]
    source = await plan_of(floor, items=items, title="Pumps", target_period="2026-06")
    _, _, done, cancelled = await ids_of(floor, source)
    await complete_item(ann, done)
    await cancel_item(ann, cancelled, "No")
    copy = await copy_plan(ann, source, PlanCopy("2026-W25"))
    row = await plan_row(floor, copy)
    assert (row["state"], row["title"], row["follows_id"]) == ("draft", "Pumps", source)
    assert (row["starts_on"], row["target_starts_on"], row["target_ends_on"]) == (june(15), june(1), date(2026, 7, 1))
    visit, call = sorted(await items_of(floor, copy), key=lambda item: str(item["kind"]), reverse=True)
    assert (visit["starts_on"], visit["ends_on"], visit["budget"]) == (june(16), june(17), 5_00)
    assert (visit["opportunity_id"], visit["carried_from_id"]) == (deal, None)
    assert (call["starts_on"], call["ends_on"]) == (june(15), june(22))
    assert [item["state"] for item in await items_of(floor, source)] == ["planned", "planned", "done", "cancelled"]


async def test_a_month_is_copied_by_the_place_of_days_in_it(database: Database) -> None:
    """Of July into February: the 3rd and 4th are the same; the 31st is the 28th; all of July is all of February."""
    floor = await furnish(database)
    days = [(date(2026, 7, 3), date(2026, 7, 5)), (date(2026, 7, 31), date(2026, 8, 1)), (None, None)]
    items = [todo(starts_on=starts_on, ends_on=ends_on) for starts_on, ends_on in days]
    source = await plan_of(floor, period="2026-07", items=items)
    copy = await copy_plan(floor.as_member("ann"), source, PlanCopy("2027-02"))
    row = await plan_row(floor, copy)
    assert (row["target_starts_on"], row["target_ends_on"]) == (date(2027, 2, 1), date(2027, 3, 1))
    found = {(item["starts_on"].day, item["ends_on"]) for item in await items_of(floor, copy)}
    assert found == {(3, date(2027, 2, 5)), (28, date(2027, 3, 1)), (1, date(2027, 3, 1))}


async def test_what_is_open_goes_on_in_the_copy(database: Database) -> None:
    """The item of week 23 is carried over, with the activity that is to fulfil it, and is open there no more."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    month = await plan_of(floor, period="2026-06", items=[todo()])
    (whole,) = await ids_of(floor, month)
    visit = await plan_activity(ann, something(deal=deal, on=june(5)))
    source = await plan_of(floor, part_of_id=month, items=[todo(deal=deal, activity_id=visit, refines_id=whole)])
    (item,) = await ids_of(floor, source)
    await close_plan(ann, source, "Too little")
    copy = await copy_plan(ann, source, PlanCopy("2026-W24", carry_over=True))
    assert (await plan_row(floor, copy))["part_of_id"] == month
    (new,) = await items_of(floor, copy)
    (old,) = await items_of(floor, source)
    assert (old["state"], old["activity_id"]) == ("carried", None)
    assert (new["carried_from_id"], new["activity_id"], new["refines_id"]) == (item, visit, whole)
    beyond = await copy_plan(ann, copy, PlanCopy("2026-W28"))
    assert (await plan_row(floor, beyond))["part_of_id"] is None
    assert (await items_of(floor, beyond))[0]["refines_id"] is None


async def test_a_copy_names_no_record_that_its_member_works_on_no_more(database: Database) -> None:
    """Bob has two deals by now: Ann's copy says what was to be done; for Globex, with which she has another deal."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deals = [await floor.open("ann", customer_id=customer), await floor.open("ann")]
    source = await plan_of(floor, items=[todo(deal=deal) for deal in deals])
    await floor.open("ann", customer_id=customer)
    for deal in deals:
        await transfer_opportunity(floor.work, deal, floor.units["bob"])
    copy = await copy_plan(floor.as_member("ann"), source, PlanCopy("2026-W24"))
    found = [(item["matter"], item["opportunity_id"], item["customer_id"]) for item in await items_of(floor, copy)]
    assert found == [("Show the pump", None, customer), ("Show the pump", None, None)]


async def test_a_plan_is_copied_into_a_later_period_as_long(database: Database) -> None:
    """Not into a month, not into the same week; by Ann and not by Hal; a key makes one copy."""
    floor = await furnish(database)
    ann, source = floor.as_member("ann"), await plan_of(floor, items=[todo()])
    for period, code in (("2026-07", "OTHER_GRAIN"), ("2026-W23", "NOT_LATER"), ("2026", "BAD_GRAIN")):
        with pytest.raises(InputError) as wrong:
            await copy_plan(ann, source, PlanCopy(period))
        assert (wrong.value.code, wrong.value.path) == (code, ("period",))
    with pytest.raises(AccessDenied):
        await copy_plan(floor.as_member("hal"), source, PlanCopy("2026-W24"))
    again = PlanCopy("2026-W24", carry_over=True, request_key="k")
    answers = await asyncio.gather(*(copy_plan(ann, source, again) for _ in range(4)))
    assert len(set(answers)) == 1
    assert len(await ids_of(floor, answers[0])) == 1
    with pytest.raises(InputError) as reused:
        await copy_plan(ann, source, replace(again, carry_over=False))
    assert reused.value.code == "IDEMPOTENCY_KEY_REUSED"


async def test_items_are_carried_over_into_a_later_plan_of_the_same_member(database: Database) -> None:
    """From week 23 into week 24 once, and not back; not Bob's; the history of what was agreed on keeps both."""
    floor = await furnish(database)
    ann = floor.as_member("ann")
    first = await plan_of(floor, items=[todo(first=2), todo(first=3)])
    second = await plan_of(floor, period="2026-W24", items=[todo(first=9)])
    await agreed(floor, first)
    await agreed(floor, second)
    early, _ = await ids_of(floor, first)
    (new,) = await carry_over_items(ann, second, [early])
    moved = next(item for item in await items_of(floor, second) if item["id"] == new)
    assert (moved["starts_on"], moved["ends_on"], moved["carried_from_id"]) == (june(9), june(10), early)
    rows = await floor.rows("SELECT action_plan_id, action_item_id, step FROM action_plan_entry WHERE step ~ '^item_'")
    kept = {(row["action_plan_id"], row["action_item_id"], row["step"]) for row in rows}
    assert kept == {(first, early, "item_carried"), (second, new, "item_added")}
    of_bob = await plan_of(floor, "bob", items=[todo()])
    wrong = {
        (second, early): "NOT_PLANNED",
        (first, new): "NOT_EARLIER",
        (second, (await ids_of(floor, of_bob))[0]): "UNKNOWN_ACTION_ITEM",
    }
    for (plan, item), code in wrong.items():
        with pytest.raises(InputError) as refused:
            await carry_over_items(ann, plan, [item])
        assert (refused.value.code, refused.value.path) == (code, ("itemIds", 0))


async def test_nothing_leaves_a_plan_that_is_submitted(database: Database) -> None:
    """It is taken back first; a plain copy takes nothing away."""
    floor = await furnish(database)
    ann, source = floor.as_member("ann"), await plan_of(floor, items=[todo()])
    later = await plan_of(floor, period="2026-W24")
    await submit_plan(ann, source)
    for attempt in (
        copy_plan(ann, source, PlanCopy("2026-W24", carry_over=True)),
        carry_over_items(ann, later, await ids_of(floor, source)),
    ):
        with pytest.raises(InputError) as refused:
            await attempt
        assert refused.value.code == "SUBMITTED"
    assert len(await ids_of(floor, await copy_plan(ann, source, PlanCopy("2026-W24")))) == 1
