"""The ledger of achievements."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from quotaloom.achievements.entries import EntrySource
from quotaloom.achievements.reads import Cursor, EntryFilter, count_entries, entries_page
from quotaloom.achievements.splits import CreditKind
from quotaloom.organizations.sight import Sight
from quotaloom.platform.errors import InputError
from quotaloom_graphql.achievement_loaders import (
    entry_rows,
    entry_units,
    load_achievements,
    load_reversals,
    load_reversed,
)
from quotaloom_graphql.connections import After, Connection, First, window
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.decimals import shortest
from quotaloom_graphql.funnel_loaders import load_customers, load_opportunities
from quotaloom_graphql.funnels import Customer, Opportunity
from quotaloom_graphql.metrics import Metric, Product, load_metrics, load_products
from quotaloom_graphql.nodes import Node, NodeLoader, global_id, optional_id
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.questions import metric_named, period_named
from quotaloom_graphql.rights import load_achievement_rights
from quotaloom_graphql.roots import root_field
from quotaloom_graphql.targets import AsOf
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
    amount: Decimal = strawberry.field(description="With the metric's decimal places; negative for a reversal.")
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
        strawberry.argument(description="Only of positions that lay below this unit on the business date."),
    ] = None,
    member: Annotated[strawberry.ID | None, strawberry.argument(description="Only credited to this member.")] = None,
    period: Annotated[
        str | None, strawberry.argument(description="Only with a business date in this period, such as `2017-Q2`.")
    ] = None,
    source: Annotated[list[EntrySource] | None, strawberry.argument(description="Only from these sources.")] = None,
    as_of: AsOf = None,
    newest_first: Annotated[bool, strawberry.argument(description="The latest business date first.")] = True,
) -> dict[str, Any]:
    """A page of the entries that the viewer may see, by business date."""
    context = info.context
    await context.work()
    window(first, None)
    span = None if period is None else await period_named(context, period)
    sight = await context.sight()
    wanted = EntryFilter(
        metric_ids=None if metric is None else [(await metric_named(context, metric))["id"]],
        unit_ids=_only(org_unit, "OrgUnit", "orgUnit"),
        member_ids=_only(member, "Member", "member"),
        starts_on=None if span is None else span.starts_on,
        ends_on=None if span is None else span.ends_on,
        sources=source,
        posted_through=as_of,
        seen_units=None if sight.everything else tuple(entry_units(sight)),
        seen_members=None if sight.everything else _himself(sight),
    )
    start = None if after is None else _place(after)
    return await _page(info, context, wanted, first, start, newest_first)


async def _page(
    info: Info, context: RequestContext, wanted: EntryFilter, first: int, start: Cursor | None, newest_first: bool
) -> dict[str, Any]:
    found = await entries_page(context.snapshot, wanted, first=first, after=start, newest_first=newest_first)
    rows = await entry_rows(info, found.rows)
    cursors = [_cursor(row["business_date"], row["id"]) for row in rows]
    return {
        "edges": [{"node": row, "cursor": cursor} for row, cursor in zip(rows, cursors, strict=True)],
        "nodes": rows,
        "page_info": {
            "has_next_page": found.has_next,
            "has_previous_page": start is not None,
            "start_cursor": cursors[0] if cursors else None,
            "end_cursor": cursors[-1] if cursors else None,
        },
        "total_count": await count_entries(context.snapshot, wanted),
    }


def _himself(sight: Sight) -> tuple[int, ...]:
    return () if sight.member_id is None else (sight.member_id,)


def _cursor(business_date: date, number: int) -> str:
    return b64encode(f"entry:{business_date.isoformat()}:{number}".encode()).decode()


def _place(cursor: str) -> Cursor:
    try:
        kind, day, number = b64decode(cursor, validate=True).decode().split(":")
        if kind == "entry" and number.isascii() and number.isdigit() and len(number) < 19:
            return date.fromisoformat(day), int(number)
    except (NotBase64, ValueError):
        pass
    raise InputError("BAD_CURSOR", f"{cursor[:60]!r} is no cursor of this list; use pageInfo.endCursor", ("after",))


def _only(given: str | None, type_name: str, argument: str) -> list[int] | None:
    number = optional_id(given, type_name, (argument,))
    return None if number is None else [number]


NODE_LOADERS: dict[str, NodeLoader] = {"Achievement": load_achievements}
"""How `node(id:)` finds what these types name."""


@strawberry.type
class AchievementQuery:
    """Root fields of the ledger."""

    achievements: Connection[Achievement] = root_field(
        resolve_achievements, description="Entries of the ledger that you may see, by business date, page by page."
    )
