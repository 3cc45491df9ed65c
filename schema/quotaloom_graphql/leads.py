"""Leads."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from quotaloom.leads import reads
from quotaloom.leads.reads import LeadFilter
from quotaloom.leads.records import LeadStatus
from quotaloom_graphql.action_item_loaders import load_lead_items
from quotaloom_graphql.activity_loaders import load_lead_activities
from quotaloom_graphql.attribute_loaders import load_lead_attributes
from quotaloom_graphql.attributes import AttributeValue
from quotaloom_graphql.connections import After, Connection, First, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.customer_levels import CustomerLevel
from quotaloom_graphql.duplicates import PossibleDuplicate, load_lead_duplicates
from quotaloom_graphql.field_costs import READING, WHOLE_LIST, together
from quotaloom_graphql.funnel_loaders import load_customers, load_opportunities
from quotaloom_graphql.funnels import Customer, Opportunity
from quotaloom_graphql.lead_loaders import (
    lead_rows,
    load_lead_rights,
    load_leads,
    load_levels,
    load_merged_leads,
    seen_leads,
)
from quotaloom_graphql.metrics import Product, load_products
from quotaloom_graphql.nodes import Node, NodeLoader, decode_id, global_id
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.ownerships import Ownership
from quotaloom_graphql.pool_loaders import load_lead_ownerships, load_pools
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch

if TYPE_CHECKING:
    from quotaloom_graphql.action_items import ActionItem
    from quotaloom_graphql.activities import Activity

Ids = list[strawberry.ID] | None
Statuses = Annotated[list[LeadStatus] | None, strawberry.argument(description="Only leads with these statuses.")]
Sources = Annotated[list[str] | None, strawberry.argument(description="Only leads from these sources.")]
Levels = Annotated[Ids, strawberry.argument(description="Only leads of these customer levels.")]
Positions = Annotated[Ids, strawberry.argument(description="Only leads that these positions hold.")]
Members = Annotated[Ids, strawberry.argument(description="Only leads that these members hold.")]
Pools = Annotated[Ids, strawberry.argument(description="Only leads of these pools.")]
Waiting = Annotated[
    bool | None, strawberry.argument(description="Only those that nobody holds, or only those that somebody holds.")
]
Words = Annotated[str | None, strawberry.argument(description="Looked for in name, key and organization.")]


@strawberry.type(description="What you may do with a lead; the server checks again.")
class ViewerCanOnLead:
    """Rights of the viewer on a lead."""

    edit: bool = strawberry.field(
        description="Change and convert it, set its attributes, put it aside and take it up again."
    )


@strawberry.type(
    description="Somebody who might buy (线索). What a pool hides of leads that wait in it is null until one is"
    " claimed."
)
class Lead(Node):
    """A lead."""

    id: strawberry.ID = global_id("Lead")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str | None = strawberry.field(description="Its name.")
    organization: str | None = strawberry.field(description="For whom this person works.")
    phone: str | None = strawberry.field(description="The phone number, as it was written.")
    email: str | None = strawberry.field(description="The mail address.")
    domain: str | None = strawberry.field(description="The internet domain of the website.")
    source: str | None = strawberry.field(description="Where it came from.")
    note: str | None = strawberry.field(description="What is known besides.")
    status: LeadStatus = strawberry.field(description="What became of it.")
    invalid_reason: str | None = strawberry.field(description="Why it was put aside.")
    created_at: datetime = strawberry.field(description="When it was entered.")
    created_on: date = strawberry.field(description="The day on which it came up.")
    since: datetime = strawberry.field(description="Since when it is whose it is.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    level: CustomerLevel | None = batch(
        load_levels, key="level_id", by="id", one=True, description="Its customer level (客户级别)."
    )
    product: Product | None = batch(
        load_products, key="product_id", by="id", one=True, description="What it is interested in."
    )
    position: OrgUnit | None = batch(
        load_units, key="position_id", by="id", one=True, description="The position that holds it; null while it waits."
    )
    member: Member | None = batch(
        load_members, key="member_id", by="id", one=True, description="Who held the position when it came to it."
    )
    customer: Customer | None = batch(
        load_customers, key="customer_id", by="id", one=True, description="The customer that it became."
    )
    opportunity: Opportunity | None = batch(
        load_opportunities, key="opportunity_id", by="id", one=True, description="The deal that it became."
    )
    merged_into: Lead | None = batch(
        load_leads, key="merged_into_id", by="id", one=True, description="The lead that it is part of by now."
    )
    merged: list[Lead] = batch(
        load_merged_leads, key="id", by="merged_into_id", description="The leads that are part of it by now."
    )
    activities: Connection[Annotated[Activity, strawberry.lazy("quotaloom_graphql.activities")]] = batch(
        load_lead_activities, key="id", description="What is planned and done for it, the latest day first: a page."
    )
    action_items: Connection[Annotated[ActionItem, strawberry.lazy("quotaloom_graphql.action_items")]] = batch(
        load_lead_items, key="id", description="What action plans that you may see have for it, what is due first."
    )
    possible_duplicates: list[PossibleDuplicate] = batch(
        load_lead_duplicates,
        description="The leads that are the same by the company's rule, where you may change it.",
        directives=[together(10_000)],
    )
    attributes: list[AttributeValue] = batch(
        load_lead_attributes, key="id", by="subject_id", description="What the company notes of it."
    )
    ownership: Ownership | None = batch(
        load_lead_ownerships, key="id", by="record_id", one=True, description="Whose it is."
    )
    viewer_can: ViewerCanOnLead = batch(load_lead_rights, description="What you may do with it.")


async def resolve_lead(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The lead's id.")]
) -> Any:
    """One lead that the viewer may see, or null."""
    await info.context.work()
    rows = await load_leads([decode_id(id, "Lead", ("id",))], info)
    return rows[0] if rows else None


async def resolve_leads(
    info: Info,
    first: First = 50,
    after: After = None,
    status: Statuses = None,
    source: Sources = None,
    level: Levels = None,
    position: Positions = None,
    member: Members = None,
    pool: Pools = None,
    waiting: Waiting = None,
    text: Words = None,
) -> dict[str, Any]:
    """A page of the leads that the viewer may see."""
    context = info.context
    await context.work()
    offset, limit = window(first, after)
    where = LeadFilter(
        statuses=status,
        sources=source,
        level_ids=_numbers(level, "CustomerLevel", "level"),
        position_ids=await _known(info, _numbers(position, "OrgUnit", "position")),
        member_ids=_numbers(member, "Member", "member"),
        pool_ids=await _known_pools(info, _numbers(pool, "Pool", "pool")),
        waiting=waiting,
        text=text,
    )
    reach = await seen_leads(context)
    rows = await reads.leads_page(context.snapshot, where, reach, limit=limit, offset=offset)
    total = rows[0]["total"] if rows else offset and await reads.count_leads(context.snapshot, where, reach)
    return page(lead_rows(rows), offset, total)


async def _known(info: Info, ids: list[int] | None) -> list[int] | None:
    """Those of the positions that the viewer may know of: he may see a lead and not who has it."""
    return None if ids is None else (await info.context.sight()).named_units(ids)


async def _known_pools(info: Info, ids: list[int] | None) -> list[int] | None:
    """Those of the pools that the viewer may see: a lead that he holds may go back to another one."""
    return None if ids is None else [row["id"] for row in await load_pools(ids, info)]


def _numbers(ids: list[strawberry.ID] | None, type_name: str, argument: str) -> list[int] | None:
    if ids is None:
        return None
    return [decode_id(one, type_name, (argument, number)) for number, one in enumerate(ids)]


NODE_LOADERS: dict[str, NodeLoader] = {"Lead": load_leads}
"""How `node(id:)` finds what this type names."""


@strawberry.type
class LeadQuery:
    """Root fields of leads."""

    lead: Lead | None = root_field(resolve_lead, weight=READING, description="One lead.")
    leads: Connection[Lead] = root_field(
        resolve_leads,
        weight=WHOLE_LIST,
        description="Leads that you may see, page by page, the latest first: those you hold or lead the holder of, and"
        " those that wait in your pools.",
    )
