"""Loaders of the versions of plans, drafts and scenarios only for those who plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quotaloom.platform.unit_of_work import Record
from quotaloom.targets import plan_reads
from quotaloom_graphql.context import Info
from quotaloom_graphql.questions import sees_drafts


async def load_versions(keys: list[int], info: Info) -> list[Any]:
    """The versions of plans, drafts only for those who plan."""
    return await _seen(info, await plan_reads.versions_of_plans(info.context.snapshot, keys))


async def load_versions_by_id(keys: list[int], info: Info) -> list[Any]:
    """Versions by number of the row, drafts only for those who plan."""
    return await _seen(info, await plan_reads.versions_by_id(info.context.snapshot, keys))


async def versions_by_number(info: Info, plan_ids: Sequence[int]) -> dict[tuple[int, int], Any]:
    """The versions that the viewer may see, by plan and number."""
    rows = await load_versions(list(plan_ids), info)
    return {(row["plan_id"], row["number"]): row for row in rows}


async def _seen(info: Info, versions: Sequence[Record]) -> list[Any]:
    if await sees_drafts(info.context):
        return list(versions)
    hidden = {"base_id": None, "base_number": None, "base_hidden": True}
    return [
        row if row["base_id"] is None or row["base_published"] else {**row, **hidden}
        for row in versions
        if row["published_at"] is not None
    ]
