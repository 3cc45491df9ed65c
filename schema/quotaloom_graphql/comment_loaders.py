"""Loaders of what was said of cells, as far as the viewer may read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import strawberry

from quotaloom.calendars.periods import Grain
from quotaloom.targets import comments
from quotaloom_graphql.connections import After, First, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.organization_loaders import filtering_unit


async def load_comments(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Comments by number."""
    return await _told(info, await comments.comments_by_id(info.context.snapshot, await info.context.sight(), keys))


async def load_cell_comments(cells: list[Any], info: Info) -> list[list[dict[str, Any]] | None]:
    """The thread of each stored cell, the earliest comment first."""
    keys = [_key(cell) for cell in cells if cell["plan_id"] is not None]
    if not keys:
        return [None for _ in cells]
    context = info.context
    rows = await comments.comments_of_cells(context.snapshot, await context.sight(), keys)
    threads: dict[tuple[int, int, date, date], list[dict[str, Any]]] = defaultdict(list)
    for row in await _told(info, rows):
        threads[*_key(row), row["ends_on"]].append(row)
    return [None if cell["plan_id"] is None else threads[*_key(cell), cell["ends_on"]] for cell in cells]


def _key(row: Any) -> tuple[int, int, date]:
    return row["plan_id"], row["unit_id"], row["starts_on"]


async def load_plan_comments(
    plans: list[Any],
    info: Info,
    under: Annotated[
        strawberry.ID | None, strawberry.argument(description="Only of this unit and those below it.")
    ] = None,
    resolved: Annotated[
        bool | None, strawberry.argument(description="Only those that are settled, or those that are not.")
    ] = None,
    first: First = 50,
    after: After = None,
) -> list[dict[str, Any]]:
    """A page of comments for each plan, the latest first."""
    context = info.context
    offset, limit = window(first, after)
    pages = await comments.comments_of_plans(
        context.snapshot,
        await context.sight(),
        [plan["id"] for plan in plans],
        under=await filtering_unit(context, under, "under"),
        resolved=resolved,
        today=await context.today(),
        offset=offset,
        limit=limit,
    )
    found = [pages[plan["id"]] for plan in plans]
    return [page(await _told(info, one.rows), offset, one.total) for one in found]


async def _told(info: Info, rows: Sequence[Any]) -> list[dict[str, Any]]:
    calendar = (await info.context.calendar()).fiscal
    return [{**row, "period": calendar.containing(row["starts_on"], Grain.MONTH).label} for row in rows]


async def load_comment_rights(rows: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each comment."""
    viewer, sight = (await info.context.work()).viewer, await info.context.sight()
    return [{"resolve": comments.may_resolve(sight, viewer, row)} for row in rows]
