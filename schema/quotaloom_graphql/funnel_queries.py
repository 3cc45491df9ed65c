"""Root fields of funnels, customers and deals."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from quotaloom.funnels import opportunity_reads, reads
from quotaloom.funnels.opportunity_reads import OpportunityOrder, Slice
from quotaloom.metrics.reads import all_products
from quotaloom.platform.errors import InputError
from quotaloom_graphql.connections import After, Connection, First, Text, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.field_costs import READING, WHOLE_LIST
from quotaloom_graphql.funnel_loaders import (
    ClosedIn,
    Descending,
    ExpectedIn,
    OfUnit,
    OpenedIn,
    OrderedBy,
    Outcomes,
    load_customers,
    load_funnels,
    load_opportunities,
    load_stages,
    opportunity_filter,
    with_amounts,
)
from quotaloom_graphql.funnels import Customer, Funnel, Opportunity
from quotaloom_graphql.metrics import Product, priced
from quotaloom_graphql.nodes import NodeLoader, decode_id, optional_id
from quotaloom_graphql.roots import root_field


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

    funnel: Funnel | None = root_field(resolve_funnel, weight=READING, description="One funnel.")
    funnels: list[Funnel] = root_field(resolve_funnels, weight=READING, description="Every funnel, by name.")
    customer: Customer | None = root_field(resolve_customer, weight=READING, description="One customer.")
    customers: Connection[Customer] = root_field(
        resolve_customers,
        weight=WHOLE_LIST,
        description="Customers by name, page by page: those with a deal that you may see, or with none.",
    )
    opportunities: Connection[Opportunity] = root_field(
        resolve_opportunities, weight=WHOLE_LIST, description="Deals that you may see, page by page."
    )
    products: list[Product] = root_field(resolve_products, weight=READING, description="What is sold, by key.")
