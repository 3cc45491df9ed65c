"""Loaders of deal reviews, as far as the viewer may see their deals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import strawberry

from quotaloom.funnels import deal_reviews
from quotaloom.funnels.approving import approvable
from quotaloom.platform.unit_of_work import Record
from quotaloom_graphql.connections import After, First, page, window
from quotaloom_graphql.context import Info, RequestContext


async def load_reviews(keys: list[int], info: Info) -> list[Record]:
    """Deal reviews by number."""
    visible = (await info.context.sight()).units_with_figures
    return await deal_reviews.reviews_by_id(info.context.snapshot, keys, visible)


async def load_deal_reviews(keys: list[int], info: Info) -> list[Record]:
    """The reviews of deals, the latest first."""
    return await deal_reviews.reviews_of_deals(info.context.snapshot, keys)


async def load_reviewing(keys: list[int], info: Info) -> list[bool]:
    """Whether the viewer may review each deal."""
    may = await _reviewable(info.context, keys)
    return [key in may for key in keys]


async def load_review_rights(reviews: list[Mapping[str, Any]], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each review."""
    may = await _reviewable(info.context, [review["opportunity_id"] for review in reviews])
    return [{"follow_up": review["followed_up_on"] is None and review["opportunity_id"] in may} for review in reviews]


async def _reviewable(context: RequestContext, deal_ids: list[int]) -> frozenset[int]:
    viewer = (await context.work()).viewer
    if viewer.member_id is None:
        return frozenset()
    return await approvable(context.snapshot, viewer, deal_ids, await context.today())


async def deal_reviews_due(
    info: Info,
    first: First = 50,
    after: After = None,
    by: Annotated[
        date | None, strawberry.argument(description="To be followed up on this day or before it; today if not given.")
    ] = None,
) -> dict[str, Any]:
    """A page of the reviews that wait to be followed up."""
    context = info.context
    await context.work()
    offset, limit = window(first, after)
    day = by or await context.today()
    rows = await deal_reviews.reviews_due(context.snapshot, await context.sight(), day, limit=limit, offset=offset)
    shown = [row for row in rows if offset < row["ordinal"] <= offset + limit]
    return page(shown, offset, rows[0]["total"] if rows else 0)
