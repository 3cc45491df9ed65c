"""Mutations of customers."""

from __future__ import annotations

from datetime import date
from typing import Any

import strawberry

from quotaloom.funnels.commands.customers import NewCustomer, create_customer, update_customer
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import LOOKING_UP
from quotaloom_graphql.funnel_loaders import load_customers
from quotaloom_graphql.funnel_mutations import EXPECTED, sent
from quotaloom_graphql.funnels import Customer
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from strawberry_breadth import batch


@strawberry.input(description="A new customer.")
class CreateCustomerInput:
    """A new customer."""

    name: str = strawberry.field(description="Its name.")
    key: str | None = strawberry.field(default=None, description="Its own key; made up if not given.")
    sector: str | None = strawberry.field(default=None, description="The business it is in.")
    location: str | None = strawberry.field(default=None, description="Where it is.")
    parent_key: str | None = strawberry.field(default=None, description="The key of the customer it belongs to.")
    phone: str | None = strawberry.field(default=None, description="Its phone number.")
    website: str | None = strawberry.field(default=None, description="Its website, or just the domain.")
    level_id: strawberry.ID | None = strawberry.field(default=None, description="Its customer level.")
    contract_ends_on: date | None = strawberry.field(default=None, description="When its contract ends.")
    position_id: strawberry.ID | None = strawberry.field(
        default=None, description="The position that holds it; nobody's if not given."
    )


@strawberry.input(description="What to change of a customer; what is left out stays.")
class UpdateCustomerInput:
    """Changes of a customer."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    sector: str | None = strawberry.field(default=strawberry.UNSET, description="The business it is in.")
    location: str | None = strawberry.field(default=strawberry.UNSET, description="Where it is.")
    parent_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="The key of the customer it belongs to; null for none."
    )
    phone: str | None = strawberry.field(default=strawberry.UNSET, description="Its phone number.")
    website: str | None = strawberry.field(default=strawberry.UNSET, description="Its website, or just the domain.")
    level_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its customer level.")
    contract_ends_on: date | None = strawberry.field(default=strawberry.UNSET, description="When its contract ends.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The customer that was made or changed.")
class CustomerPayload:
    """A customer, or what was wrong."""

    customer: Customer | None = batch(load_customers, key="customer_id", by="id", one=True, description="The customer.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _create_customer(work: Work, input: CreateCustomerInput, _: Services) -> dict[str, Any]:
    new = NewCustomer(
        name=input.name,
        key=input.key,
        sector=input.sector,
        location=input.location,
        parent_key=input.parent_key,
        phone=input.phone,
        website=input.website,
        level_id=optional_id(input.level_id, "CustomerLevel", ("levelId",)),
        contract_ends_on=input.contract_ends_on,
    )
    position_id = optional_id(input.position_id, "OrgUnit", ("positionId",))
    return {"customer_id": await create_customer(work, new, position_id)}


async def _update_customer(work: Work, input: UpdateCustomerInput, _: Services) -> dict[str, Any]:
    customer_id = decode_id(input.id, "Customer", ("id",))
    changes = sent(input, "sector", "location", "parent_key", "phone", "website", "contract_ends_on")
    for name, value in sent(input, "level_id").items():
        changes[name] = optional_id(value, "CustomerLevel", ("levelId",))
    if input.name is not None:
        changes["name"] = input.name
    await update_customer(work, customer_id, changes, input.expected_version)
    return {"customer_id": customer_id}


@strawberry.type
class CustomerMutation:
    """Mutations of customers."""

    create_customer: CustomerPayload = mutation(_create_customer, description="Enter a customer.", weight=LOOKING_UP)
    update_customer: CustomerPayload = mutation(_update_customer, description="Change a customer.", weight=LOOKING_UP)
