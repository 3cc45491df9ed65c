"""Converting leads into customers and deals."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.leads.converting import Conversion, convert_lead
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.leads.offices import lead_of, open_pool
from tests.integration.ownership.replaying import replayed

VISIT = """
INSERT INTO activity (company_id, kind, state, lead_id, member_id, matter, done_on, at, actor, materials, version)
VALUES ($1, 'visit', 'done', $2, $3, 'First visit', $4, now(), 'tests', '[]', 1)
"""


async def visit(floor: Floor, lead: int) -> None:
    """Ann visited the lead."""

    async def apply(transaction: Transaction) -> None:
        await transaction.execute(VISIT, transaction.company_id, lead, floor.members["ann"], date(2026, 5, 4))

    await floor.work.write(apply)


async def test_a_lead_becomes_a_customer_and_a_deal(database: Database) -> None:
    """Both are Ann's, who holds the lead, and of its pool; name, phone and website are the lead's; so is the visit."""
    floor = await furnish(database)
    pool = await open_pool(floor)
    lead = await lead_of(floor, organization="Globex", phone="021 5555 0100", website="globex.com", pool_id=pool)
    await visit(floor, lead)
    ann = floor.as_member("ann")
    made = await convert_lead(ann, lead, Conversion(customer=NewCustomer(""), opportunity=floor.deal("bob", key="d1")))
    assert made.customer_id is not None
    assert made.opportunity_id is not None
    of_ann = (pool, floor.members["ann"], floor.units["ann"])
    owners = await replayed(floor.work)
    assert owners == {
        ("lead", lead): of_ann,
        ("customer", made.customer_id): of_ann,
        ("opportunity", made.opportunity_id): of_ann,
    }
    customer = await floor.one("SELECT name, phone, domain, level_id FROM customer")
    assert tuple(customer) == ("Globex", "021 5555 0100", "globex.com", None)
    deal = await floor.one("SELECT key, customer_id, position_id FROM opportunity")
    assert tuple(deal) == ("d1", made.customer_id, floor.units["ann"])
    visits = await floor.one("SELECT lead_id, customer_id, opportunity_id FROM activity")
    assert tuple(visits) == (lead, made.customer_id, made.opportunity_id)
    row = await floor.one("SELECT status, customer_id, opportunity_id FROM lead")
    assert tuple(row) == ("converted", made.customer_id, made.opportunity_id)


async def test_a_lead_becomes_a_deal_with_a_customer_that_is_there(database: Database) -> None:
    """The customer stays whose it is; a pool that takes no deals is not the deal's."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    pool = await open_pool(floor, kinds='["lead"]')
    lead = await lead_of(floor, pool_id=pool)
    made = await convert_lead(floor.work, lead, Conversion(customer, opportunity=floor.deal()))
    assert made.customer_id == customer
    owners = await replayed(floor.work)
    assert owners["customer", customer] == (None, None, None)
    assert owners["opportunity", made.opportunity_id or 0] == (None, floor.members["ann"], floor.units["ann"])


async def test_a_lead_becomes_part_of_a_deal_that_is_there(database: Database) -> None:
    """The lead names the deal and its customer."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deal = await floor.open("ann", customer_id=customer)
    made = await convert_lead(floor.as_member("ann"), await lead_of(floor), Conversion(opportunity_id=deal))
    assert (made.customer_id, made.opportunity_id) == (customer, deal)


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({}, "NOTHING_GIVEN", ("customer",)),
        ({"customer_id": 999}, "UNKNOWN_CUSTOMER", ("customerId",)),
        ({"customer": NewCustomer("x" * 201)}, "BAD_NAME", ("customer", "name")),
        ({"customer": NewCustomer("X", key="taken")}, "KEY_TAKEN", ("customer", "key")),
        ({"customer_id": 1, "customer": NewCustomer("X")}, "BOTH_GIVEN", ("customerId",)),
        ({"opportunity_id": 999}, "UNKNOWN_OPPORTUNITY", ("opportunityId",)),
    ],
)
async def test_what_cannot_be_made_changes_nothing(
    database: Database, given: dict[str, Any], code: str, path: tuple[str, ...]
) -> None:
    """The error names the place, and the lead stays open."""
    floor = await furnish(database)
    await create_customer(floor.work, NewCustomer("Taken", key="taken"))
    lead = await lead_of(floor)
    with pytest.raises(InputError) as caught:
        await convert_lead(floor.work, lead, Conversion(**given))
    assert (caught.value.code, caught.value.path) == (code, path)
    assert (await floor.one("SELECT status FROM lead"))["status"] == "open"
    assert len(await replayed(floor.work)) == 2


async def test_a_waiting_lead_is_claimed_first_and_none_is_converted_twice(database: Database) -> None:
    """Nobody could be the owner of what it becomes."""
    floor = await furnish(database)
    waiting = await lead_of(floor, None, pool_id=await open_pool(floor))
    with pytest.raises(InputError, match="claim or assign it first"):
        await convert_lead(floor.work, waiting, Conversion(customer=NewCustomer("")))
    held = await lead_of(floor)
    await convert_lead(floor.work, held, Conversion(customer=NewCustomer("")))
    with pytest.raises(InputError, match="this lead is converted"):
        await convert_lead(floor.work, held, Conversion(customer=NewCustomer("")))
