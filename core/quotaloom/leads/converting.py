"""Converting a lead into a customer, a deal, or both; new ones, or those that are there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from quotaloom.activities.facts import Subjects
from quotaloom.activities.protection import refresh_last_activity
from quotaloom.duplicates.finding import refuse_duplicate
from quotaloom.duplicates.normal_forms import region_of
from quotaloom.duplicates.rules import DuplicateSubject
from quotaloom.funnels.batches import without_row
from quotaloom.funnels.commands.customers import NewCustomer, customer_likeness, insert_customers
from quotaloom.funnels.deals import NewOpportunity, OpportunityRow
from quotaloom.funnels.opening import require_opening
from quotaloom.funnels.opportunity_batches import insert_opportunities
from quotaloom.funnels.reach import require_customer, require_splits
from quotaloom.funnels.stored_deals import hold_deal
from quotaloom.leads.commands import hold_lead
from quotaloom.leads.records import LeadStatus, StoredLead
from quotaloom.leads.storing import pools_of_kind
from quotaloom.ownership.owners import Movement, Owner, RecordKind
from quotaloom.ownership.permission import require_seller
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a lead becomes: a customer, a deal, or a deal with that customer; each new, or one that is there.

    A new deal is of the lead's position, whatever its `position_id`; its customer is the one given here.
    """

    customer_id: int | None = None
    customer: NewCustomer | None = None
    opportunity_id: int | None = None
    opportunity: NewOpportunity | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """The ids of what a lead became."""

    customer_id: int | None
    opportunity_id: int | None


# What is done for a lead stays with it, and is of what it became besides.
_ACTIVITIES: Final = """
UPDATE activity SET customer_id = coalesce(customer_id, $3), opportunity_id = coalesce(opportunity_id, $4),
    version = version + 1
WHERE company_id = $1 AND lead_id = $2
"""

# What is planned for a lead is planned for what it became.
_ACTION_ITEMS: Final = """
UPDATE action_item SET customer_id = coalesce(customer_id, $3), opportunity_id = coalesce(opportunity_id, $4),
    version = version + 1
WHERE company_id = $1 AND lead_id = $2
"""


async def convert_lead(
    work: Work, lead_id: int, conversion: Conversion, expected_version: int | None = None
) -> Converted:
    """Convert an open lead that somebody holds; what is new is its holder's, and the lead's activities are its own too.

    A new customer takes name, phone, website and level from the lead, where it has none of its own. Access as for
    `update_lead`; what is there must be the viewer's to see (a customer) or to write (a deal). Raises `NotFound`,
    `Conflict`, and `InputError` for a lead that is not open or that nobody holds, for what no customer or deal can be,
    and HOLDING_CAP where the holder has too many; the lead itself takes no place any more.
    """
    require_seller(work.viewer, "converting a lead")
    _check(conversion)

    async def apply(transaction: Transaction) -> Converted:
        lead = await hold_lead(transaction, work, lead_id, expected_version)
        lead.require_open()
        if not lead.owner.held:
            raise InputError("WAITS_IN_POOL", "this lead waits in a pool: claim or assign it first", ("id",))
        await _close(transaction, lead)
        customer_id = await _customer(transaction, work, lead, conversion)
        opportunity_id = await _opportunity(transaction, work, lead, conversion, customer_id)
        if conversion.opportunity_id is not None and customer_id is None:
            customer_id = await _customer_of(transaction, conversion.opportunity_id)
        converted = Converted(customer_id, opportunity_id)
        await _store(transaction, lead, converted)
        if conversion.customer is not None and customer_id is not None:
            await _refuse_duplicate(transaction, work, _completed(conversion.customer, lead), customer_id)
        return converted

    return await work.write(apply)


def _check(conversion: Conversion) -> None:
    if conversion == Conversion():
        raise InputError("NOTHING_GIVEN", "say what the lead becomes: a customer, a deal, or both", ("customer",))
    for name in ("customer", "opportunity"):
        if getattr(conversion, name) is not None and getattr(conversion, f"{name}_id") is not None:
            raise InputError("BOTH_GIVEN", f"give the {name} that is there or a new one, not both", (f"{name}Id",))


async def _customer(transaction: Transaction, work: Work, lead: StoredLead, conversion: Conversion) -> int | None:
    if conversion.customer is None:
        await require_customer(transaction, work, conversion.customer_id, ("customerId",))
        return conversion.customer_id
    customer = _completed(conversion.customer, lead)
    owner = await _owner(transaction, lead, RecordKind.CUSTOMER)
    try:
        with without_row():
            inserted = await insert_customers(transaction, work.company, [customer], Movement.CREATE, [owner])
    except InputError as error:
        raise error.at("customer") from None
    if not inserted.created[0]:
        raise InputError("KEY_TAKEN", f"the key {customer.key!r} is taken: choose another one", ("customer", "key"))
    return inserted.ids[0]


def _completed(given: NewCustomer, lead: StoredLead) -> NewCustomer:
    """The new customer, with what the lead has where it has none of its own."""
    return replace(
        given,
        name=given.name or lead.organization or lead.name,
        phone=given.phone or lead.phone,
        website=given.website or lead.domain,
        level_id=given.level_id or lead.level_id,
    )


async def _refuse_duplicate(transaction: Transaction, work: Work, customer: NewCustomer, customer_id: int) -> None:
    compared = customer_likeness(customer, region_of(work.company.time_zone))
    try:
        await refuse_duplicate(transaction, DuplicateSubject.CUSTOMER, compared, customer_id)
    except InputError as error:
        raise error.at("customer") from None


async def _opportunity(
    transaction: Transaction, work: Work, lead: StoredLead, conversion: Conversion, customer_id: int | None
) -> int | None:
    if conversion.opportunity_id is not None:
        try:
            return (await hold_deal(transaction, work, conversion.opportunity_id, None)).id
        except InputError as error:
            raise type(error)(error.code, error.message, ("opportunityId",)) from None
    if conversion.opportunity is None:
        return None
    assert lead.owner.position_id is not None
    deal = replace(conversion.opportunity, position_id=lead.owner.position_id, customer_id=customer_id)
    if deal.product_id is None:
        deal = replace(deal, product_id=lead.product_id)
    owner = await _owner(transaction, lead, RecordKind.OPPORTUNITY)
    try:
        await require_opening(transaction, work, deal)
        await require_splits(transaction, work, deal.position_id, deal.splits)
        with without_row():
            row = OpportunityRow(deal, pool_id=owner.pool_id)
            inserted = await insert_opportunities(transaction, work.company, [row])
    except InputError as error:
        raise error.at("opportunity") from None
    if not inserted.created[0]:
        raise InputError("KEY_TAKEN", f"the key {deal.key!r} is taken: choose another one", ("opportunity", "key"))
    return inserted.ids[0]


async def _owner(transaction: Transaction, lead: StoredLead, kind: RecordKind) -> Owner:
    """The lead's owner, without its pool where that takes no such records."""
    pool_id = lead.owner.pool_id
    if pool_id is not None and pool_id not in await pools_of_kind(transaction, [pool_id], kind):
        return replace(lead.owner, pool_id=None)
    return lead.owner


async def _customer_of(transaction: Transaction, opportunity_id: int) -> int | None:
    row = await transaction.fetch_one(
        "SELECT customer_id FROM opportunity WHERE company_id = $1 AND id = $2", transaction.company_id, opportunity_id
    )
    return None if row is None else row["customer_id"]


async def _close(transaction: Transaction, lead: StoredLead) -> None:
    """Let the lead take no place of its holder's caps any more, before what it becomes takes one."""
    await transaction.execute(
        "UPDATE lead SET status = 'converted', version = version + 1 WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        lead.id,
    )


async def _store(transaction: Transaction, lead: StoredLead, converted: Converted) -> None:
    await transaction.execute(
        "UPDATE lead SET customer_id = $3, opportunity_id = $4 WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        lead.id,
        converted.customer_id,
        converted.opportunity_id,
    )
    for following in (_ACTIVITIES, _ACTION_ITEMS):
        await transaction.execute(
            following, transaction.company_id, lead.id, converted.customer_id, converted.opportunity_id
        )
    await refresh_last_activity(transaction, Subjects(lead.id, converted.customer_id, converted.opportunity_id))
    after = {
        "status": LeadStatus.CONVERTED,
        "customer_id": converted.customer_id,
        "opportunity_id": converted.opportunity_id,
    }
    transaction.record("lead.convert", "Lead", lead.id, before={"status": lead.status}, after=after)
    transaction.publish(
        "lead.converted", id=lead.id, customer_id=converted.customer_id, opportunity_id=converted.opportunity_id
    )
