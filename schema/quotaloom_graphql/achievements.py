"""The ledger of achievements."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from quotaloom.achievements.entries import EntrySource
from quotaloom.achievements.reads import EntryFilter, count_entries, entries_page
from quotaloom.achievements.splits import CreditKind
from quotaloom.metrics.counting import counting_of
from quotaloom_graphql.achievement_loaders import (
    load_achievements,
    load_reversals,
    load_reversed,
)
from quotaloom_graphql.arguments import AsOf, StructureChoice
from quotaloom_graphql.connections import After, Connection, First, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.decimals import shortest
from quotaloom_graphql.entry_pages import NewestFirst, entry_connection, place_after, seen_entries
from quotaloom_graphql.enums import Structure
from quotaloom_graphql.field_costs import WHOLE_LIST
from quotaloom_graphql.funnel_loaders import load_customers, load_opportunities
from quotaloom_graphql.funnels import Customer, Opportunity
from quotaloom_graphql.metrics import Metric, Product, load_metrics, load_products
from quotaloom_graphql.nodes import Node, NodeLoader, global_id, optional_id
from quotaloom_graphql.organization_loaders import filtering_unit, load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.questions import metric_named, period_named
from quotaloom_graphql.rights import load_achievement_rights
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch, column


@strawberry.type(description="What you may do with an entry; the server checks again.")
class ViewerCanOnAchievement:
    """Rights of the viewer on an entry."""

    reverse: bool = strawberry.field(description="Take it back, as far as something of it is left.")


@strawberry.type(
    description="An entry of the ledger (业绩): a credited amount. It never changes; a correction reverses it."
)
class Achievement(Node):
    """An entry."""

    id: strawberry.ID = global_id("Achievement")
    business_date: date = strawberry.field(description="The day that it counts for.")
    posted_at: datetime = strawberry.field(description="When it was posted.")
    credit: CreditKind = strawberry.field(description="Direct or overlay.")
    amount: Decimal = strawberry.field(
        description="With the metric's decimal places; negative for a reversal, and for gross margin that is a loss."
    )
    original_amount: Decimal = strawberry.field(description="The amount as posted, in `currency`.")
    currency: str | None = strawberry.field(description="ISO 4217 code; null for counts.")
    rate: Decimal | None = column(
        shortest, of="rate", description="The booking rate that converted it; null for counts."
    )
    source: EntrySource = strawberry.field(description="Where it comes from.")
    source_key: str = strawberry.field(description="What the source calls it.")
    idempotency_key: str = strawberry.field(description="Unique: the request's key, with the number of the credit.")
    metric: Metric = batch(load_metrics, key="metric_id", by="id", one=True, description="What is counted.")
    position: OrgUnit | None = batch(
        load_units, key="position_id", by="id", one=True, description="The position (岗位) that is credited."
    )
    member: Member | None = batch(
        load_members, key="member_id", by="id", one=True, description="The member who is credited."
    )
    reverses: Achievement | None = batch(
        load_reversed, key="reverses_id", by="id", one=True, description="The entry that this one takes back."
    )
    reversals: list[Achievement] = batch(
        load_reversals, key="id", by="reverses_id", description="The entries that take this one back."
    )
    opportunity: Opportunity | None = batch(
        load_opportunities, key="opportunity_id", by="id", one=True, description="The deal that it comes from."
    )
    customer: Customer | None = batch(load_customers, key="customer_id", by="id", one=True, description="The customer.")
    product: Product | None = batch(load_products, key="product_id", by="id", one=True, description="What was sold.")
    viewer_can: ViewerCanOnAchievement = batch(load_achievement_rights, description="What you may do with it.")


async def resolve_achievements(
    info: Info,
    first: First = 50,
    after: After = None,
    metric: Annotated[str | None, strawberry.argument(description="Only of the metric with this key.")] = None,
    org_unit: Annotated[
        strawberry.ID | None,
        strawberry.argument(description="Only of positions that lie below this unit in the tree of `structure`."),
    ] = None,
    member: Annotated[strawberry.ID | None, strawberry.argument(description="Only credited to this member.")] = None,
    period: Annotated[
        str | None, strawberry.argument(description="Only with a business date in this period, such as `2017-Q2`.")
    ] = None,
    source: Annotated[list[EntrySource] | None, strawberry.argument(description="Only from these sources.")] = None,
    as_of: AsOf = None,
    newest_first: NewestFirst = True,
    structure: StructureChoice = Structure.AS_WAS,
    credit: Annotated[
        CreditKind | None,
        strawberry.argument(description="Only of this kind; the `achieved` of units above positions is all `DIRECT`."),
    ] = None,
) -> dict[str, Any]:
    """A page of the entries that the viewer may see, by business date."""
    context = info.context
    await context.work()
    window(first, None)
    span = None if period is None else await period_named(context, period)
    seen_units, seen_members = seen_entries(await context.sight())
    counting = None if metric is None else counting_of(await metric_named(context, metric))
    wanted = EntryFilter(
        metric_ids=None if counting is None else [counting.metric_id],
        unit_ids=_only(await filtering_unit(context, org_unit, "orgUnit")),
        member_ids=_only(optional_id(member, "Member", ("member",))),
        starts_on=None if span is None else span.starts_on,
        ends_on=None if span is None else span.ends_on,
        sources=source,
        posted_through=as_of,
        seen_units=seen_units,
        seen_members=seen_members,
        tree_day=(as_of or await context.today()) if structure is Structure.AS_IS else None,
        credit=credit,
        product_ids=None if counting is None else counting.product_ids,
    )
    start = place_after(after)
    page = await entries_page(context.snapshot, wanted, first=first, after=start, newest_first=newest_first)
    return await entry_connection(info, page, start, await count_entries(context.snapshot, wanted))


def _only(number: int | None) -> list[int] | None:
    return None if number is None else [number]


NODE_LOADERS: dict[str, NodeLoader] = {"Achievement": load_achievements}
"""How `node(id:)` finds what these types name."""


@strawberry.type
class AchievementQuery:
    """Root fields of the ledger."""

    achievements: Connection[Achievement] = root_field(
        resolve_achievements,
        weight=WHOLE_LIST,
        description="Entries of the ledger that you may see, by business date, page by page.",
    )
