"""What the holder of a record did for it, and when."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

from quotaloom.activities.commands import cancel_activity, complete_activity, log_activity, plan_activity
from quotaloom.activities.facts import Moment
from quotaloom.activities.kinds import ActivityKind
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.opportunities import transfer_opportunity
from quotaloom.leads.converting import Conversion, convert_lead
from quotaloom.leads.merging import merge_leads
from quotaloom.leads.merging_customers import merge_customers
from quotaloom.ownership.ledger import Handing, hand_over, hold_records
from quotaloom.ownership.owners import Movement, Owner, RecordKind
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from tests.integration.activities.working import last_activity, later, something
from tests.integration.funnels.floors import TODAY, Floor, furnish
from tests.integration.leads.offices import lead_of

JULY = datetime(2026, 7, 20, 12, tzinfo=UTC)
"""The deals of the floor are their holders' since 1 June."""


async def give(floor: Floor, kind: RecordKind, record_id: int, name: str) -> None:
    """Let the member of a name hold a record."""

    async def apply(transaction: Transaction) -> None:
        held = await hold_records(transaction, kind, [record_id])
        owner = Owner(None, floor.members[name], floor.units[name])
        await hand_over(transaction, [Handing(held[record_id], owner, Movement.ASSIGN)], TODAY)

    await floor.work.write(apply)


async def test_the_latest_day_of_the_holder_stands(database: Database) -> None:
    """The 8th, then the 5th entered later: the 8th; without the 8th the 5th; without either nothing."""
    floor = await furnish(database)
    ann, deal = later(floor.as_member("ann"), JULY), await floor.open("ann")
    eighth = await log_activity(ann, something(ActivityKind.MAIL, deal=deal, on=date(2026, 6, 8)))
    fifth = await log_activity(ann, something(ActivityKind.CALL, deal=deal, on=date(2026, 6, 5)))
    assert await last_activity(floor, "opportunity", deal) == date(2026, 6, 8)
    await cancel_activity(ann, eighth, "Not sent")
    assert await last_activity(floor, "opportunity", deal) == date(2026, 6, 5)
    await cancel_activity(ann, fifth, "Not called")
    assert await last_activity(floor, "opportunity", deal) is None


async def test_what_is_planned_protects_once_it_is_done(database: Database) -> None:
    """A plan for the 8th protects nothing; done on the 7th, it is the 7th."""
    floor = await furnish(database)
    ann, deal = later(floor.as_member("ann"), JULY), await floor.open("ann")
    planned = await plan_activity(ann, something(deal=deal, on=date(2026, 6, 8)))
    assert await last_activity(floor, "opportunity", deal) is None
    await complete_activity(ann, planned, Moment(on=date(2026, 6, 7)))
    assert await last_activity(floor, "opportunity", deal) == date(2026, 6, 7)


async def test_what_others_do_and_what_came_before_protects_nothing(database: Database) -> None:
    """Hal's visit and one of May are kept, and Ann's deal of June has no day from them."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await log_activity(floor.as_member("hal"), something(deal=deal))
    await log_activity(floor.as_member("ann"), something(deal=deal, on=date(2026, 5, 31)))
    assert await last_activity(floor, "opportunity", deal) is None
    await log_activity(floor.as_member("hal"), something(deal=deal, member=floor.members["ann"]))
    assert await last_activity(floor, "opportunity", deal) == TODAY


async def test_every_record_that_is_named_is_protected(database: Database) -> None:
    """Ann holds Globex and the deal with it: a visit for the deal protects both."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    await give(floor, RecordKind.CUSTOMER, customer, "ann")
    deal = await floor.open("ann", customer_id=customer)
    visit = await log_activity(floor.as_member("ann"), something(deal=deal))
    assert await last_activity(floor, "opportunity", deal) == TODAY
    assert await last_activity(floor, "customer", customer) == TODAY
    await cancel_activity(floor.as_member("ann"), visit, "Another customer")
    assert await last_activity(floor, "customer", customer) is None


async def test_a_new_holder_begins_without_a_day(database: Database) -> None:
    """Bob takes the deal over on the day of Ann's visit: cancelling or entering hers changes nothing for him."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    visit = await log_activity(floor.as_member("ann"), something(deal=deal))
    await transfer_opportunity(floor.work, deal, floor.units["bob"])
    assert await last_activity(floor, "opportunity", deal) is None
    await cancel_activity(floor.as_member("ann"), visit, "Not there")
    assert await last_activity(floor, "opportunity", deal) is None
    await log_activity(floor.as_member("bob"), something(deal=deal))
    assert await last_activity(floor, "opportunity", deal) == TODAY


async def test_what_was_done_for_a_lead_protects_what_it_became(database: Database) -> None:
    """Ann, whose the deal is since 1 June, called the lead that is part of it from today on: the deal has that day."""
    floor = await furnish(database)
    ann, deal = later(floor.as_member("ann"), JULY), await floor.open("ann")
    lead = await lead_of(floor)
    await log_activity(ann, something(ActivityKind.CALL, lead=lead, on=date(2026, 7, 2)))
    assert await last_activity(floor, "lead", lead) == date(2026, 7, 2)
    assert await last_activity(floor, "opportunity", deal) is None
    await convert_lead(ann, lead, Conversion(opportunity_id=deal))
    assert await last_activity(floor, "opportunity", deal) == date(2026, 7, 2)


async def test_what_was_done_for_a_record_protects_the_one_that_it_is_part_of(database: Database) -> None:
    """Ann visited the second of two leads, and of two customers, of hers: the first, which is kept, has that day."""
    floor = await furnish(database)
    ann, second = later(floor.as_member("ann"), JULY), date(2026, 7, 2)
    leads = [await lead_of(floor), await lead_of(floor)]
    await log_activity(ann, something(lead=leads[1], on=second))
    await merge_leads(ann, leads[0], [leads[1]])
    assert await last_activity(floor, "lead", leads[0]) == second
    customers = [await create_customer(floor.work, NewCustomer(name)) for name in ("Globex", "Globex Inc.")]
    for customer in customers:
        await give(floor, RecordKind.CUSTOMER, customer, "ann")
    await log_activity(ann, something(customer=customers[1], on=second))
    await merge_customers(ann, customers[0], [customers[1]])
    assert await last_activity(floor, "customer", customers[0]) == second


async def test_whoever_is_about_to_decide_notices_a_later_day(database: Database) -> None:
    """The ownership's version grows with the day, and stays where the day stays."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    versions = []
    for _ in range(2):
        await log_activity(ann, something(deal=deal))
        versions.append((await floor.one("SELECT version FROM ownership WHERE opportunity_id = $1", deal))["version"])
    assert versions == [2, 2]


async def test_days_that_are_entered_at_once_leave_the_latest(database: Database) -> None:
    """Ten days of June, entered by ten transactions at the same time: the tenth stands."""
    floor = await furnish(database)
    ann, deal = later(floor.as_member("ann"), JULY), await floor.open("ann")
    days = [date(2026, 6, day) for day in (3, 9, 2, 10, 5, 7, 4, 8, 1, 6)]
    await asyncio.gather(*(log_activity(ann, something(deal=deal, on=day)) for day in days))
    assert await last_activity(floor, "opportunity", deal) == date(2026, 6, 10)
