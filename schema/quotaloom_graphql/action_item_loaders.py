"""Loaders of the items of action plans, as far as the viewer may see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import orjson
import strawberry

from quotaloom.action_plans import item_reads
from quotaloom.action_plans.facts import ItemState
from quotaloom.action_plans.item_reads import ItemFilter, ItemPage
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.unit_of_work import Record
from quotaloom_graphql.action_plan_loaders import OfMember, Overdue, Under, Within, period_within
from quotaloom_graphql.activity_loaders import Kinds
from quotaloom_graphql.connections import After, First, page, window
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.nodes import optional_id
from quotaloom_graphql.organization_loaders import filtering_unit

strawberry.enum(
    ItemState,
    name="ActionItemState",
    description="Where an item stands; one that is carried over goes on as an item of another plan.",
)

States = Annotated[list[ItemState] | None, strawberry.argument(description="Only what stands so.")]

Read = Callable[..., Awaitable[list[Record]]]


def _by(read: Read) -> Callable[[list[int], Info], Awaitable[list[dict[str, Any]]]]:
    async def load(keys: list[int], info: Info) -> list[dict[str, Any]]:
        context = info.context
        return await _told(context, await read(context.snapshot, await context.sight(), keys))

    return load


load_items = _by(item_reads.items_by_id)
load_plan_items = _by(item_reads.items_of_plans)
load_refining = _by(item_reads.items_refining)
load_carried = _by(item_reads.items_carried_from)
load_activity_items = _by(item_reads.items_of_activities)


async def resolve_action_items(
    info: Info,
    first: First = 50,
    after: After = None,
    member: OfMember = None,
    org_unit: Under = None,
    kind: Kinds = None,
    state: States = None,
    within: Within = None,
    overdue: Overdue = None,
) -> dict[str, Any]:
    """A page of the items that the viewer may see, what is due first."""
    context = info.context
    offset, limit = window(first, after)
    where = ItemFilter(
        await context.today(),
        kind,
        state,
        await period_within(context, within),
        overdue,
        optional_id(member, "Member", ("member",)),
        await filtering_unit(context, org_unit, "orgUnit"),
    )
    pages = await item_reads.items_page(context.snapshot, await context.sight(), where, offset, limit)
    found = pages.get(0, ItemPage())
    return page(await _told(context, found.rows), offset, found.total)


def _of_records(column: str) -> Callable[..., Awaitable[list[dict[str, Any]]]]:
    async def load(
        keys: list[int],
        info: Info,
        first: First = 50,
        after: After = None,
        kind: Kinds = None,
        state: States = None,
        within: Within = None,
        overdue: Overdue = None,
    ) -> list[dict[str, Any]]:
        context = info.context
        offset, limit = window(first, after)
        where = ItemFilter(await context.today(), kind, state, await period_within(context, within), overdue)
        sight = await context.sight()
        pages = await item_reads.items_page(context.snapshot, sight, where, offset, limit, column, keys)
        found = [pages.get(key, ItemPage()) for key in keys]
        return [page(await _told(context, one.rows), offset, one.total) for one in found]

    return load


load_lead_items = _of_records("lead_id")
load_customer_items = _of_records("customer_id")
load_opportunity_items = _of_records("opportunity_id")


async def _told(context: RequestContext, rows: Sequence[Record]) -> list[dict[str, Any]]:
    today, scale = await context.today(), currency_scale((await context.work()).company.currency)
    told = []
    for row in rows:
        done = row["state"] == ItemState.DONE
        open_ = row["state"] == ItemState.PLANNED and not row["plan_closed"] and not row["refined"]
        amounts = {name: None if row[name] is None else format_amount(row[name], scale) for name in ("budget", "spent")}
        told.append(
            {
                **row,
                **amounts,
                "materials": orjson.loads(row["materials"]),
                "overdue": open_ and row["ends_on"] <= today,
                "on_time": row["done_on"] < row["ends_on"] if done else None,
            }
        )
    return told
