"""Mutations of leads."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.funnels.commands.customers import NewCustomer
from quotaloom.funnels.deals import NewOpportunity
from quotaloom.leads.commands import create_lead, mark_lead_invalid, reopen_lead, update_lead
from quotaloom.leads.converting import Conversion, convert_lead
from quotaloom.leads.records import NewLead
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import LOOKING_UP
from quotaloom_graphql.funnel_loaders import load_customers, load_opportunities
from quotaloom_graphql.funnel_mutations import CURRENCY, EXPECTED, parsed_amount, sent
from quotaloom_graphql.funnels import Customer, Opportunity
from quotaloom_graphql.lead_loaders import load_leads
from quotaloom_graphql.leads import Lead
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from strawberry_breadth import batch


@strawberry.input(description="A new lead: a position holds it, or it waits in a pool.")
class CreateLeadInput:
    """A new lead."""

    name: str = strawberry.field(description="Its name.")
    position_id: strawberry.ID | None = strawberry.field(default=None, description="The position that holds it.")
    pool_id: strawberry.ID | None = strawberry.field(
        default=None, description="The pool it waits in; with a position, the pool it goes back to."
    )
    key: str | None = strawberry.field(default=None, description="Its own key; made up if not given.")
    organization: str | None = strawberry.field(default=None, description="For whom this person works.")
    phone: str | None = strawberry.field(default=None, description="The phone number.")
    email: str | None = strawberry.field(default=None, description="The mail address.")
    website: str | None = strawberry.field(default=None, description="The website, or just the domain.")
    source: str | None = strawberry.field(default=None, description="Where it came from.")
    note: str | None = strawberry.field(default=None, description="What is known besides.")
    product_id: strawberry.ID | None = strawberry.field(default=None, description="What it is interested in.")
    level_id: strawberry.ID | None = strawberry.field(default=None, description="Its customer level.")


@strawberry.input(description="What to change of an open lead; what is left out stays.")
class UpdateLeadInput:
    """Changes of a lead."""

    id: strawberry.ID = strawberry.field(description="The lead.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    organization: str | None = strawberry.field(default=strawberry.UNSET, description="For whom this person works.")
    phone: str | None = strawberry.field(default=strawberry.UNSET, description="The phone number.")
    email: str | None = strawberry.field(default=strawberry.UNSET, description="The mail address.")
    website: str | None = strawberry.field(default=strawberry.UNSET, description="The website, or just the domain.")
    source: str | None = strawberry.field(default=strawberry.UNSET, description="Where it came from.")
    note: str | None = strawberry.field(default=strawberry.UNSET, description="What is known besides.")
    product_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="What it is interested in."
    )
    level_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its customer level.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An open lead that will never buy.")
class MarkLeadInvalidInput:
    """A lead to put aside."""

    id: strawberry.ID = strawberry.field(description="The lead.")
    reason: str = strawberry.field(description="Why; it is kept with the lead.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An invalid lead that is taken up again.")
class ReopenLeadInput:
    """A lead to reopen."""

    id: strawberry.ID = strawberry.field(description="The lead.")
    reason: str | None = strawberry.field(default=None, description="Why; it is kept in the audit record.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A customer that a lead becomes; what is not given is the lead's.")
class ConvertedCustomerInput:
    """A new customer of a lead."""

    name: str | None = strawberry.field(default=None, description="Its name; the lead's organization if not given.")
    key: str | None = strawberry.field(default=None, description="Its own key; made up if not given.")
    sector: str | None = strawberry.field(default=None, description="The business it is in.")
    location: str | None = strawberry.field(default=None, description="Where it is.")


@strawberry.input(description="A deal that a lead becomes; the lead's position has it.")
class ConvertedOpportunityInput:
    """A new deal of a lead."""

    funnel_id: strawberry.ID = strawberry.field(description="The funnel it is in.")
    stage_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="An open stage, the first if not given; behind one that asks for something it takes a head.",
    )
    key: str | None = strawberry.field(default=None, description="Its own key; made up if not given.")
    name: str | None = strawberry.field(default=None, description="Its name; the customer's if not given.")
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="What is sold; what the lead is interested in, if not given."
    )
    amount: Decimal | None = strawberry.field(default=None, description="What it is worth, where known.")
    currency: str | None = strawberry.field(default=None, description=CURRENCY)
    expected_close_on: date | None = strawberry.field(default=None, description="When it is expected to close.")


@strawberry.input(
    description="An open lead that becomes a customer, a deal, or a deal with that customer: new ones, or those that"
    " are there."
)
class ConvertLeadInput:
    """A lead to convert."""

    id: strawberry.ID = strawberry.field(description="The lead; somebody holds it.")
    customer_id: strawberry.ID | None = strawberry.field(default=None, description="A customer that is there.")
    customer: ConvertedCustomerInput | None = strawberry.field(default=None, description="Or a new one.")
    opportunity_id: strawberry.ID | None = strawberry.field(default=None, description="A deal that is there.")
    opportunity: ConvertedOpportunityInput | None = strawberry.field(default=None, description="Or a new one.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The lead that was entered or changed.")
class LeadPayload:
    """A lead, or what was wrong."""

    lead: Lead | None = batch(load_leads, key="lead_id", by="id", one=True, description="The lead.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.type(description="The lead, and what it became.")
class ConvertLeadPayload:
    """A lead with its customer and deal, or what was wrong."""

    lead: Lead | None = batch(load_leads, key="lead_id", by="id", one=True, description="The lead.")
    customer: Customer | None = batch(
        load_customers, key="customer_id", by="id", one=True, description="The customer it became."
    )
    opportunity: Opportunity | None = batch(
        load_opportunities, key="opportunity_id", by="id", one=True, description="The deal it became."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _create(work: Work, input: CreateLeadInput, _: Services) -> dict[str, Any]:
    new = NewLead(
        name=input.name,
        position_id=optional_id(input.position_id, "OrgUnit", ("positionId",)),
        pool_id=optional_id(input.pool_id, "Pool", ("poolId",)),
        key=input.key,
        organization=input.organization,
        phone=input.phone,
        email=input.email,
        website=input.website,
        source=input.source,
        note=input.note,
        product_id=optional_id(input.product_id, "Product", ("productId",)),
        level_id=optional_id(input.level_id, "CustomerLevel", ("levelId",)),
    )
    return {"lead_id": await create_lead(work, new)}


async def _update(work: Work, input: UpdateLeadInput, _: Services) -> dict[str, Any]:
    lead_id = decode_id(input.id, "Lead", ("id",))
    changes = sent(input, "organization", "phone", "email", "website", "source", "note")
    for field, type_name, path in (("product_id", "Product", "productId"), ("level_id", "CustomerLevel", "levelId")):
        for name, value in sent(input, field).items():
            changes[name] = optional_id(value, type_name, (path,))
    if input.name is not None:
        changes["name"] = input.name
    await update_lead(work, lead_id, changes, input.expected_version)
    return {"lead_id": lead_id}


async def _mark_invalid(work: Work, input: MarkLeadInvalidInput, _: Services) -> dict[str, Any]:
    lead_id = decode_id(input.id, "Lead", ("id",))
    await mark_lead_invalid(work, lead_id, input.reason, input.expected_version)
    return {"lead_id": lead_id}


async def _reopen(work: Work, input: ReopenLeadInput, _: Services) -> dict[str, Any]:
    lead_id = decode_id(input.id, "Lead", ("id",))
    await reopen_lead(work, lead_id, input.reason, input.expected_version)
    return {"lead_id": lead_id}


async def _convert(work: Work, input: ConvertLeadInput, _: Services) -> dict[str, Any]:
    lead_id = decode_id(input.id, "Lead", ("id",))
    conversion = Conversion(
        optional_id(input.customer_id, "Customer", ("customerId",)),
        _customer(input.customer),
        optional_id(input.opportunity_id, "Opportunity", ("opportunityId",)),
        _opportunity(work, input.opportunity),
    )
    converted = await convert_lead(work, lead_id, conversion, input.expected_version)
    return {
        "lead_id": lead_id,
        "customer_id": converted.customer_id,
        "opportunity_id": converted.opportunity_id,
    }


def _customer(input: ConvertedCustomerInput | None) -> NewCustomer | None:
    if input is None:
        return None
    return NewCustomer(input.name or "", input.key, input.sector, input.location)


def _opportunity(work: Work, input: ConvertedOpportunityInput | None) -> NewOpportunity | None:
    if input is None:
        return None
    return NewOpportunity(
        funnel_id=decode_id(input.funnel_id, "Funnel", ("opportunity", "funnelId")),
        position_id=0,  # the lead's, as `convert_lead` says
        key=input.key,
        name=input.name,
        stage_id=optional_id(input.stage_id, "Stage", ("opportunity", "stageId")),
        product_id=optional_id(input.product_id, "Product", ("opportunity", "productId")),
        amount=parsed_amount(input.amount, input.currency or work.company.currency),
        currency=input.currency,
        opened_on=work.today,
        expected_close_on=input.expected_close_on,
    )


@strawberry.type
class LeadMutation:
    """Mutations of leads."""

    create_lead: LeadPayload = mutation(_create, description="Enter a lead.", weight=LOOKING_UP)
    update_lead: LeadPayload = mutation(_update, description="Change an open lead.", weight=LOOKING_UP)
    mark_lead_invalid: LeadPayload = mutation(_mark_invalid, description="Put a lead aside that will never buy.")
    reopen_lead: LeadPayload = mutation(_reopen, description="Take up an invalid lead again.")
    convert_lead: ConvertLeadPayload = mutation(
        _convert,
        description="Convert a lead into a customer, a deal, or both; its activities are theirs too.",
        weight=LOOKING_UP,
    )
