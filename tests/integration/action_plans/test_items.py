"""What becomes of items: changed, done, cancelled, removed."""

from __future__ import annotations

import asyncio

import pytest

from quotaloom.action_plans.finishing import cancel_item, complete_item, reopen_item
from quotaloom.action_plans.items import add_items, remove_item, update_item
from quotaloom.activities.commands import cancel_activity, complete_activity, log_activity, plan_activity
from quotaloom.activities.facts import Moment
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.leads.converting import Conversion, convert_lead
from quotaloom.leads.merging_customers import merge_customers
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError
from tests.integration.action_plans.acting import CALL, figures, ids_of, items_of, june, on, plan_of, todo
from tests.integration.activities.working import something
from tests.integration.funnels.floors import TODAY, furnish
from tests.integration.leads.offices import lead_of


async def test_an_item_is_ticked_done_with_a_result(database: Database) -> None:
    """Ann did it yesterday, for 30.00; then not after all, and it is open again."""
    floor = await furnish(database)
    (item,) = await ids_of(floor, plan := await plan_of(floor, items=[todo(budget=40_00)]))
    ann = on(floor.as_member("ann"), june(3))
    await complete_item(ann, item, done_on=june(2), result="They want two", spent=30_00)
    (row,) = await items_of(floor, plan)
    assert (row["state"], row["done_on"], row["result"]) == ("done", june(2), "They want two")
    found = await figures(floor, plan)
    assert (found.planned, found.done, found.on_time, found.budget, found.spent) == (1, 1, 1, 40_00, 30_00)
    with pytest.raises(InputError) as again:
        await complete_item(ann, item)
    assert again.value.code == "NOT_PLANNED"
    await reopen_item(ann, item)
    (row,) = await items_of(floor, plan)
    assert (row["state"], row["done_on"], row["result"], row["version"]) == ("planned", None, None, 3)


async def test_nothing_is_done_tomorrow_or_by_somebody_else(database: Database) -> None:
    """Neither tomorrow, nor by Hal, who heads Ann, nor by Bob, who sees nothing of it."""
    floor = await furnish(database)
    (item,) = await ids_of(floor, await plan_of(floor, items=[todo()]))
    with pytest.raises(InputError) as early:
        await complete_item(floor.as_member("ann"), item, done_on=june(2))
    assert (early.value.code, early.value.path) == ("IN_THE_FUTURE", ("doneOn",))
    with pytest.raises(AccessDenied):
        await complete_item(floor.as_member("hal"), item)
    with pytest.raises(InputError) as unseen:
        await complete_item(floor.as_member("bob"), item)
    assert unseen.value.code == "UNKNOWN_ACTION_ITEM"
    await complete_item(floor.as_service("funnels:write"), item)


async def test_an_activity_fulfils_an_item_while_it_is_done(database: Database) -> None:
    """A visit for the item's deal, with its day and cost; taken back, the item is open again."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    (item,) = await ids_of(floor, plan := await plan_of(floor, items=[todo(deal=deal)]))
    visit = await log_activity(ann, something(deal=deal, cost=12_50, currency="CNY"))
    await complete_item(ann, item, visit)
    found = await figures(floor, plan)
    assert (found.done, found.on_time, found.open, found.spent) == (1, 1, 0, 12_50)
    await cancel_activity(ann, visit, "Another customer")
    found = await figures(floor, plan)
    assert (found.done, found.open, found.spent) == (0, 1, 0)


async def test_a_planned_activity_fulfils_its_item_once_it_is_done(database: Database) -> None:
    """Named when the item is entered; not by itself a completion; done on the 9th, it was late for the 8th."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    visit = await plan_activity(ann, something(deal=deal, on=june(5)))
    plan = await plan_of(floor, items=[todo(deal=deal, activity_id=visit)])
    (item,) = await ids_of(floor, plan)
    with pytest.raises(InputError) as early:
        await complete_item(ann, item, visit)
    assert (early.value.code, early.value.path) == ("NOT_DONE", ("activityId",))
    assert (await figures(floor, plan)).open == 1
    await complete_activity(on(ann, june(10)), visit, Moment(on=june(9)))
    found = await figures(floor, plan, june(10))
    assert (found.done, found.on_time, found.overdue) == (1, 0, 0)


async def test_an_activity_is_of_the_member_the_kind_and_the_record_and_fulfils_one_item(database: Database) -> None:
    """Not Bob's visit, no call, not for another deal, not twice, none that was cancelled."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    plan = await plan_of(floor, items=[todo(deal=deal), todo(deal=deal)])
    first, second = await ids_of(floor, plan)
    of_bob = await log_activity(floor.as_member("bob"), something(deal=await floor.open("bob")))
    call = await log_activity(ann, something(CALL, deal=deal))
    elsewhere = await log_activity(ann, something(deal=await floor.open("ann")))
    gone = await plan_activity(ann, something(deal=deal, on=TODAY))
    await cancel_activity(ann, gone)
    visit = await log_activity(ann, something(deal=deal))
    await complete_item(ann, first, visit)
    wrong = {of_bob: "UNKNOWN_ACTIVITY", call: "OTHER_KIND", elsewhere: "OTHER_RECORD", gone: "CANCELLED"}
    for activity, code in {**wrong, visit: "ALREADY_LINKED"}.items():
        with pytest.raises(InputError) as refused:
            await complete_item(ann, second, activity)
        assert (refused.value.code, refused.value.path) == (code, ("activityId",))


async def test_two_items_claim_an_activity_at_once_and_one_has_it(database: Database) -> None:
    """Six items, the same visit, at the same time: one is done."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    plans = [await plan_of(floor, items=[todo()]) for _ in range(6)]
    visit = await log_activity(ann, something(deal=deal))
    items = [(await ids_of(floor, plan))[0] for plan in plans]
    answers = await asyncio.gather(*(complete_item(ann, item, visit) for item in items), return_exceptions=True)
    refused = [one.code for one in answers if isinstance(one, InputError)]
    assert refused == ["ALREADY_LINKED"] * 5
    assert answers.count(None) == 1


async def test_an_item_is_cancelled_with_a_reason_and_counts_no_more(database: Database) -> None:
    """One of two: one is planned, one cancelled, and its budget is free."""
    floor = await furnish(database)
    plan = await plan_of(floor, items=[todo(budget=10_00), todo(budget=5_00)])
    item, _ = await ids_of(floor, plan)
    ann = floor.as_member("ann")
    with pytest.raises(InputError) as silent:
        await cancel_item(ann, item, " ")
    assert silent.value.code == "NO_REASON"
    await cancel_item(ann, item, "They moved away")
    found = await figures(floor, plan)
    assert (found.planned, found.cancelled, found.budget) == (1, 1, 5_00)
    for attempt in (cancel_item(ann, item, "Again"), complete_item(ann, item), update_item(ann, item, {"place": "x"})):
        with pytest.raises(InputError) as refused:
            await attempt
        assert refused.value.code == "NOT_PLANNED"


async def test_an_item_changes_while_it_is_open(database: Database) -> None:
    """Days, deal and budget; another deal brings its customer; of what is done the result alone."""
    floor = await furnish(database)
    ann = floor.as_member("ann")
    customers = [await create_customer(floor.work, NewCustomer(name)) for name in ("Globex", "Initech")]
    deals = [await floor.open("ann", customer_id=one) for one in customers]
    (item,) = await ids_of(floor, plan := await plan_of(floor, items=[todo(deal=deals[0])]))
    changes = {"opportunity_id": deals[1], "starts_on": june(3), "ends_on": june(4), "budget": 7_00, "place": "Hall"}
    await update_item(ann, item, changes, 1)
    (row,) = await items_of(floor, plan)
    assert (row["opportunity_id"], row["customer_id"]) == (deals[1], customers[1])
    assert (row["starts_on"], row["ends_on"], row["budget"], row["place"]) == (june(3), june(4), 7_00, "Hall")
    with pytest.raises(Conflict):
        await update_item(ann, item, {"place": "Yard"}, 1)
    await complete_item(ann, item)
    await update_item(ann, item, {"result": "They want two", "spent": 6_00})
    (row,) = await items_of(floor, plan)
    assert (row["result"], row["spent"]) == ("They want two", 6_00)
    with pytest.raises(InputError) as done:
        await update_item(ann, item, {"place": "Yard"})
    assert done.value.code == "NOT_PLANNED"


async def test_items_are_added_and_removed_while_a_plan_is_a_draft(database: Database) -> None:
    """Two more, of which one goes again; what another item refines stays."""
    floor = await furnish(database)
    ann, month = floor.as_member("ann"), await plan_of(floor, period="2026-06", items=[todo()])
    first, second = await add_items(ann, month, [todo(CALL, 2), todo(CALL, 3)], 1)
    await remove_item(ann, first)
    await plan_of(floor, part_of_id=month, items=[todo(refines_id=second)])
    with pytest.raises(InputError) as refined:
        await remove_item(ann, second)
    assert refined.value.code == "REFINED"
    assert len(await items_of(floor, month)) == 2
    with pytest.raises(InputError) as many:
        await add_items(ann, month, [todo()] * 199)
    assert many.value.code == "TOO_MANY_ITEMS"


async def test_items_follow_what_becomes_of_their_records(database: Database) -> None:
    """A lead's item is its deal's too once it is converted; of merged customers it is the kept one's."""
    floor = await furnish(database)
    ann, lead, deal = floor.as_member("ann"), await lead_of(floor), await floor.open("ann")
    kept, merged = [await create_customer(floor.work, NewCustomer(name)) for name in ("Globex", "Globex Inc.")]
    plan = await plan_of(floor, items=[todo(lead=lead), todo(customer=merged)])
    await convert_lead(ann, lead, Conversion(opportunity_id=deal))
    await merge_customers(floor.work, kept, [merged])
    of_lead, of_customer = await items_of(floor, plan)
    assert (of_lead["lead_id"], of_lead["opportunity_id"]) == (lead, deal)
    assert of_customer["customer_id"] == kept
