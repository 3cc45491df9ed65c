"""Loaders of what is planned and done, as far as the viewer may see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Annotated, Any

import orjson
import strawberry

from quotaloom.activities import reads
from quotaloom.activities.facts import ActivityState
from quotaloom.activities.kinds import ActivityKind
from quotaloom.activities.reads import ActivityFilter, ActivityPage
from quotaloom.activities.rights import ActivityRights
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.access import Role
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Record
from quotaloom_graphql.connections import After, First, page, window
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.funnel_loaders import positions_worked

strawberry.enum(
    ActivityKind, name="ActivityKind", description="How something is done; `TASK` is whatever is none of the others."
)
strawberry.enum(ActivityState, name="ActivityState", description="Where an activity stands.")

Kinds = Annotated[list[ActivityKind] | None, strawberry.argument(description="Only these kinds.")]
States = Annotated[list[ActivityState] | None, strawberry.argument(description="Only what stands so.")]
Within = Annotated[
    str | None,
    strawberry.argument(
        description="Only what was done, or is due, in this period, such as `2017-Q2` or `2017-06-14`."
    ),
]
DueBy = Annotated[date | None, strawberry.argument(description="Only what is due on this day or before it.")]

Loader = Callable[..., Awaitable[list[Any]]]
Listing = Callable[[RequestContext, list[int], ActivityFilter, int, int], Awaitable[Mapping[int, ActivityPage]]]


def _listing(listing: Listing) -> Loader:
    async def load(
        keys: list[int],
        info: Info,
        first: First = 50,
        after: After = None,
        kind: Kinds = None,
        state: States = None,
        within: Within = None,
    ) -> list[dict[str, Any]]:
        context = info.context
        offset, limit = window(first, after)
        where = ActivityFilter(kind, state, None if within is None else await _period(context, within))
        pages = await listing(context, keys, where, offset, limit)
        found = [pages.get(key, ActivityPage()) for key in keys]
        return [page(await _told(context, one.rows), offset, one.total) for one in found]

    return load


async def _period(context: RequestContext, label: str) -> Any:
    try:
        return (await context.calendar()).fiscal.period(label)
    except InputError as error:
        raise error.at("within") from None


async def _by(
    column: str, context: RequestContext, keys: list[int], where: ActivityFilter, offset: int, limit: int
) -> Mapping[int, ActivityPage]:
    return await reads.activities_of(context.snapshot, await context.sight(), column, keys, where, offset, limit)


async def _of_units(
    context: RequestContext, keys: list[int], where: ActivityFilter, offset: int, limit: int
) -> Mapping[int, ActivityPage]:
    today = await context.today()
    return await reads.activities_of_units(context.snapshot, await context.sight(), keys, today, where, offset, limit)


load_opportunity_activities = _listing(partial(_by, "opportunity_id"))
load_lead_activities = _listing(partial(_by, "lead_id"))
load_customer_activities = _listing(partial(_by, "customer_id"))
load_member_activities = _listing(partial(_by, "member_id"))
load_unit_activities = _listing(_of_units)


async def load_activities(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Activities by number."""
    context = info.context
    return await _told(context, await reads.activities_by_id(context.snapshot, await context.sight(), keys))


async def load_review_steps(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The steps that deal reviews agreed on."""
    context = info.context
    return await _told(context, await reads.activities_of_reviews(context.snapshot, await context.sight(), keys))


async def my_tasks(info: Info, first: First = 50, after: After = None, due_by: DueBy = None) -> dict[str, Any]:
    """A page of what the viewer has planned, what is due first; empty for who is no member."""
    context = info.context
    viewer = (await context.work()).viewer
    offset, limit = window(first, after)
    if viewer.member_id is None or viewer.role is Role.SERVICE:
        return page([], offset, 0)
    rows = await reads.tasks_of(context.snapshot, viewer.member_id, due_by, limit=limit, offset=offset)
    shown = [row for row in rows if offset < row["ordinal"] <= offset + limit]
    return page(await _told(context, shown), offset, rows[0]["total"] if rows else 0)


async def _told(context: RequestContext, rows: Sequence[Record]) -> list[dict[str, Any]]:
    today = await context.today()
    return [
        {
            **row,
            "materials": orjson.loads(row["materials"]),
            "cost": None if row["cost"] is None else format_amount(row["cost"], currency_scale(row["currency"])),
            "overdue": row["state"] == ActivityState.PLANNED and row["due_on"] < today,
        }
        for row in rows
    ]


async def load_activity_rights(rows: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each activity."""
    context = info.context
    viewer = (await context.work()).viewer
    rights = ActivityRights(viewer, await context.sight(), await positions_worked(context))
    return [
        {
            "edit": row["state"] != ActivityState.CANCELLED
            and rights.may_change(
                ActivityState(row["state"]), row["member_id"], row["position_id"], row["record_positions"]
            )
        }
        for row in rows
    ]
