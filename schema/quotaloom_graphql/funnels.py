"""Funnels with their stages, customers, and deals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels import opportunity_reads, reads
from quotaloom.funnels.opportunity_reads import OpportunityOrder, Slice
from quotaloom.funnels.stages import Outcome
from quotaloom.metrics.reads import all_products
from quotaloom.platform.errors import InputError
from quotaloom_graphql.achievement_loaders import load_opportunity_achievements
from quotaloom_graphql.activity_loaders import load_customer_activities, load_opportunity_activities
from quotaloom_graphql.attribute_loaders import load_customer_attributes, load_opportunity_attributes
from quotaloom_graphql.attributes import AttributeValue
from quotaloom_graphql.connections import After, Connection, First, Text, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.creditings import Crediting, load_creditings
from quotaloom_graphql.decimals import shortest
from quotaloom_graphql.duplicates import load_customer_duplicates
from quotaloom_graphql.funnel_figures import FunnelFigures, load_funnel_figures
from quotaloom_graphql.funnel_loaders import (
    ClosedIn,
    Descending,
    ExpectedIn,
    OfUnit,
    OpenedIn,
    OrderedBy,
    Outcomes,
    load_customer_opportunities,
    load_customer_rights,
    load_customers,
    load_funnel_opportunities,
    load_funnel_stages,
    load_funnels,
    load_moves,
    load_opportunities,
    load_opportunity_rights,
    load_splits,
    load_stage_amount,
    load_stage_count,
    load_stage_opportunities,
    load_stage_unconverted,
    load_stage_weighted_amount,
    load_stage_without_amount,
    load_stages,
    opportunity_filter,
    with_amounts,
)
from quotaloom_graphql.lead_loaders import load_customer_leads, load_levels, load_opportunity_leads
from quotaloom_graphql.metrics import Product, load_products, priced
from quotaloom_graphql.nodes import Node, NodeLoader, decode_id, global_id, optional_id
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.ownerships import Ownership
from quotaloom_graphql.pool_loaders import load_customer_ownerships, load_opportunity_ownerships
from quotaloom_graphql.roots import root_field
from quotaloom_graphql.unconverted import UnconvertedAmount
from strawberry_breadth import batch, column

if TYPE_CHECKING:
    from quotaloom_graphql.achievements import Achievement
    from quotaloom_graphql.activities import Activity
    from quotaloom_graphql.customer_levels import CustomerLevel
    from quotaloom_graphql.duplicates import PossibleDuplicate
    from quotaloom_graphql.leads import Lead


@strawberry.type(description="A pipeline of stages that deals climb (漏斗).")
class Funnel(Node):
    """A funnel."""

    id: strawberry.ID = global_id("Funnel")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    version: int = strawberry.field(description="Counts changes.")
    stages: list[Stage] = batch(load_funnel_stages, key="id", by="funnel_id", description="Its stages, in order.")
    opportunities: list[Opportunity] | None = batch(
        load_funnel_opportunities, key="id", by="funnel_id", description="Its deals that you may see."
    )
    figures: list[FunnelFigures] = batch(
        load_funnel_figures,
        key="id",
        by="owner_id",
        description="Figures of all its deals that you may see, for each part of a period and each product or source"
        " that is asked for. Of a unit: `OrgUnit.funnelFigures`.",
    )


@strawberry.type(description="A step of a funnel (阶段). Its figures are of the deals that you may see.")
class Stage(Node):
    """A stage."""

    id: strawberry.ID = global_id("Stage")
    key: str = strawberry.field(description="Its name for machines, unique in the funnel.")
    name: str = strawberry.field(description="Its name.")
    ordinal: int = strawberry.field(description="Its place in the funnel, from 0.")
    outcome: Outcome = strawberry.field(description="Open, won or lost.")
    win_probability: Decimal = column(
        shortest, of="win_probability", description="How likely its deals are won, from 0 to 1."
    )
    funnel: Funnel = batch(load_funnels, key="funnel_id", by="id", one=True, description="The funnel it belongs to.")
    count: int = batch(load_stage_count, key="id", description="How many deals are in it.")
    amount: Decimal = batch(
        load_stage_amount, key="id", description="What its deals are worth in the company's currency."
    )
    weighted_amount: Decimal = batch(
        load_stage_weighted_amount, key="id", description="That amount times the win probability."
    )
    without_amount: int = batch(
        load_stage_without_amount, key="id", description="How many of its deals have no amount."
    )
    unconverted: list[UnconvertedAmount] = batch(
        load_stage_unconverted, key="id", description="Deals left out of the amounts, for want of a booking rate."
    )
    opportunities: list[Opportunity] | None = batch(
        load_stage_opportunities, key="id", by="stage_id", description="Its deals that you may see."
    )


@strawberry.type(description="What you may do with a customer; the server checks again.")
class ViewerCanOnCustomer:
    """Rights of the viewer on a customer."""

    edit: bool = strawberry.field(description="Change it, and set its attributes.")


@strawberry.type(description="An account that deals are with (客户).")
class Customer(Node):
    """A customer."""

    id: strawberry.ID = global_id("Customer")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    sector: str | None = strawberry.field(description="The business it is in.")
    location: str | None = strawberry.field(description="Where it is.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    parent: Customer | None = batch(
        load_customers, key="parent_id", by="id", one=True, description="The customer it belongs to."
    )
    phone: str | None = strawberry.field(description="Its phone number, as it was written.")
    domain: str | None = strawberry.field(description="The internet domain of its website.")
    created_on: date | None = strawberry.field(description="When it was entered.")
    contract_ends_on: date | None = strawberry.field(description="When its contract ends.")
    level: Annotated[CustomerLevel, strawberry.lazy("quotaloom_graphql.customer_levels")] | None = batch(
        load_levels, key="level_id", by="id", one=True, description="Its customer level (客户级别)."
    )
    leads: list[Annotated[Lead, strawberry.lazy("quotaloom_graphql.leads")]] = batch(
        load_customer_leads, key="id", by="customer_id", description="The leads it came of, as far as you may see them."
    )
    position: OrgUnit | None = batch(
        load_units, key="position_id", by="id", one=True, description="The position that holds it; null for nobody's."
    )
    member: Member | None = batch(
        load_members, key="member_id", by="id", one=True, description="Who held the position when it came to it."
    )
    opportunities: list[Opportunity] | None = batch(
        load_customer_opportunities, key="id", by="customer_id", description="The deals with it that you may see."
    )
    attributes: list[AttributeValue] = batch(
        load_customer_attributes, key="id", by="subject_id", description="What the company notes of it."
    )
    ownership: Ownership | None = batch(
        load_customer_ownerships, key="id", by="record_id", one=True, description="Whose it is."
    )
    activities: Connection[Annotated[Activity, strawberry.lazy("quotaloom_graphql.activities")]] = batch(
        load_customer_activities, key="id", description="What is planned and done for it, the latest day first: a page."
    )
    possible_duplicates: list[Annotated[PossibleDuplicate, strawberry.lazy("quotaloom_graphql.duplicates")]] = batch(
        load_customer_duplicates, key="id", description="The customers that are the same by the company's rule."
    )
    viewer_can: ViewerCanOnCustomer = batch(load_customer_rights, key="id", description="What you may do with it.")


@strawberry.type(description="A share of the credit of a deal.")
class OpportunitySplit:
    """A split."""

    share: Decimal = column(
        shortest, of="share", description="From 0 to 1; direct shares make 1, overlay shares come on top."
    )
    credit: CreditKind = strawberry.field(description="Direct or overlay.")
    position: OrgUnit | None = batch(
        load_units, key="position_id", by="id", one=True, description="Whose it is; null where you may not see it."
    )
    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="The member credited.")


@strawberry.type(description="A change of stage.")
class StageMove:
    """A move."""

    moved_at: datetime = strawberry.field(description="When it was recorded.")
    moved_on: date | None = strawberry.field(description="The day on which it happened; null where it is not known.")
    actor: str = strawberry.field(description="Who recorded it.")
    reason: str | None = strawberry.field(description="Why.")
    from_stage: Stage | None = batch(
        load_stages, key="from_stage_id", by="id", one=True, description="The stage before; null for a new deal."
    )
    to_stage: Stage = batch(load_stages, key="to_stage_id", by="id", one=True, description="The stage after.")
    member: Member | None = batch(
        load_members, key="actor_member_id", by="id", one=True, description="The member who recorded it, if it was one."
    )


@strawberry.type(description="What you may do with a deal; the server checks again.")
class ViewerCanOnOpportunity:
    """Rights of the viewer on a deal."""

    edit: bool = strawberry.field(description="Change, move, win, lose and reopen it, and set its attributes.")


@strawberry.type(description="A possible deal, in one stage of one funnel (商机).")
class Opportunity(Node):
    """An opportunity."""

    id: strawberry.ID = global_id("Opportunity")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    outcome: Outcome = strawberry.field(description="Open, won or lost.")
    amount: Decimal | None = strawberry.field(description="What it is worth in its currency; null where unknown.")
    currency: str = strawberry.field(description="ISO 4217 code.")
    amount_estimated: bool = strawberry.field(description="Nobody negotiated the amount yet; it may be a list price.")
    opened_on: date | None = strawberry.field(description="When it was opened; null where it is not known.")
    expected_close_on: date | None = strawberry.field(description="When it is expected to close.")
    closed_on: date | None = strawberry.field(description="When it was won or lost; null while it is open.")
    lost_reason: str | None = strawberry.field(description="Why it was lost.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    funnel: Funnel = batch(load_funnels, key="funnel_id", by="id", one=True, description="The funnel it is in.")
    stage: Stage = batch(load_stages, key="stage_id", by="id", one=True, description="The stage it is in.")
    position: OrgUnit | None = batch(
        load_units, key="position_id", by="id", one=True, description="The position (岗位) that works on it."
    )
    member: Member | None = batch(
        load_members, key="member_id", by="id", one=True, description="Who held the position when the deal came to it."
    )
    customer: Customer | None = batch(
        load_customers, key="customer_id", by="id", one=True, description="Whom it is with."
    )
    product: Product | None = batch(load_products, key="product_id", by="id", one=True, description="What is sold.")
    splits: list[OpportunitySplit] = batch(
        load_splits,
        key="id",
        by="opportunity_id",
        description="Who shares its credit, in the order named; empty where all of it is the position's.",
    )
    moves: list[StageMove] = batch(
        load_moves, key="id", by="opportunity_id", description="Every change of stage, the earliest first."
    )
    achievements: list[Annotated[Achievement, strawberry.lazy("quotaloom_graphql.achievements")]] = batch(
        load_opportunity_achievements,
        key="id",
        by="opportunity_id",
        description="What it has posted to the ledger, reversals included, as far as you may see it.",
    )
    creditings: list[Crediting] = batch(
        load_creditings,
        key="id",
        by="opportunity_id",
        description="How the company's crediting rule shared its credit, the earliest win first; empty where none did.",
    )
    leads: list[Annotated[Lead, strawberry.lazy("quotaloom_graphql.leads")]] = batch(
        load_opportunity_leads,
        key="id",
        by="opportunity_id",
        description="The leads it came of, as far as you may see them.",
    )
    attributes: list[AttributeValue] = batch(
        load_opportunity_attributes, key="id", by="subject_id", description="What the company notes of it."
    )
    ownership: Ownership | None = batch(
        load_opportunity_ownerships, key="id", by="record_id", one=True, description="Whose it is."
    )
    activities: Connection[Annotated[Activity, strawberry.lazy("quotaloom_graphql.activities")]] = batch(
        load_opportunity_activities,
        key="id",
        description="What is planned and done for it, the latest day first: a page.",
    )
    viewer_can: ViewerCanOnOpportunity = batch(load_opportunity_rights, description="What you may do with it.")


async def resolve_funnel(
    info: Info,
    id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
    key: Annotated[str | None, strawberry.argument(description="Or its key.")] = None,
) -> Any:
    """One funnel by id or key, or null."""
    await info.context.work()
    if (id is None) == (key is None):
        raise InputError("ID_OR_KEY", "give the id or the key, one of them", ("id",))
    if id is not None:
        rows = await load_funnels([decode_id(id, "Funnel", ("id",))], info)
    else:
        rows = [row for row in await reads.all_funnels(info.context.snapshot) if row["key"] == key]
    return rows[0] if rows else None


async def resolve_funnels(info: Info) -> list[Any]:
    """Every funnel, by name."""
    await info.context.work()
    return list(await reads.all_funnels(info.context.snapshot))


async def resolve_customer(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The customer's id.")]
) -> Any:
    """One customer that the viewer may see, or null."""
    await info.context.work()
    rows = await load_customers([decode_id(id, "Customer", ("id",))], info)
    return rows[0] if rows else None


async def resolve_customers(info: Info, first: First = 50, after: After = None, text: Text = None) -> dict[str, Any]:
    """A page of the customers that the viewer may see."""
    context = info.context
    await context.work()
    offset, limit = window(first, after)
    visible = (await context.sight()).units_with_figures
    rows = await reads.customers_page(context.snapshot, text, visible, limit=limit, offset=offset)
    counted = rows or (offset and await reads.customers_page(context.snapshot, text, visible, limit=1)) or []
    return page(rows, offset, counted[0]["total"] if counted else 0)


async def resolve_opportunities(
    info: Info,
    first: First = 50,
    after: After = None,
    funnel: Annotated[strawberry.ID | None, strawberry.argument(description="Only of this funnel.")] = None,
    stage: Annotated[strawberry.ID | None, strawberry.argument(description="Only in this stage.")] = None,
    outcome: Outcomes = None,
    org_unit: OfUnit = None,
    customer: Annotated[strawberry.ID | None, strawberry.argument(description="Only with this customer.")] = None,
    text: Annotated[
        str | None, strawberry.argument(description="Looked for in name, key and the customer's name.")
    ] = None,
    opened_in: OpenedIn = None,
    closed_in: ClosedIn = None,
    expected_in: ExpectedIn = None,
    order_by: OrderedBy = OpportunityOrder.CLOSED_ON,
    descending: Descending = True,
) -> dict[str, Any]:
    """A page of the deals that the viewer may see."""
    context = info.context
    await context.work()
    offset, limit = window(first, after)
    where = await opportunity_filter(
        context,
        org_unit,
        opened_in,
        closed_in,
        outcome,
        expected_in,
        text=text,
        funnel_ids=_only(funnel, "Funnel", "funnel"),
        stage_ids=_only(stage, "Stage", "stage"),
        customer_ids=_only(customer, "Customer", "customer"),
    )
    visible = (await context.sight()).units_with_figures
    part = Slice(order_by, descending, limit, offset)
    rows = await opportunity_reads.opportunities_page(context.snapshot, where, part, visible)
    if rows:
        total = rows[0]["total"]
    else:
        total = offset and await opportunity_reads.count_opportunities(context.snapshot, where, visible)
    return page(with_amounts(rows), offset, total)


async def resolve_products(info: Info) -> list[dict[str, Any]]:
    """Every product, by key; everybody may see what is sold."""
    await info.context.work()
    return await priced(info, await all_products(info.context.snapshot))


def _only(global_id: str | None, type_name: str, argument: str) -> list[int] | None:
    number = optional_id(global_id, type_name, (argument,))
    return None if number is None else [number]


NODE_LOADERS: dict[str, NodeLoader] = {
    "Funnel": load_funnels,
    "Stage": load_stages,
    "Customer": load_customers,
    "Opportunity": load_opportunities,
}
"""How `node(id:)` finds what these types name."""


@strawberry.type
class FunnelQuery:
    """Root fields of funnels, customers and deals."""

    funnel: Funnel | None = root_field(resolve_funnel, description="One funnel.")
    funnels: list[Funnel] = root_field(resolve_funnels, description="Every funnel, by name.")
    customer: Customer | None = root_field(resolve_customer, description="One customer.")
    customers: Connection[Customer] = root_field(
        resolve_customers,
        description="Customers by name, page by page: those with a deal that you may see, or with none.",
    )
    opportunities: Connection[Opportunity] = root_field(
        resolve_opportunities, description="Deals that you may see, page by page."
    )
    products: list[Product] = root_field(resolve_products, description="What is sold, by key.")
