"""Loaders of plans: drafts are for those who plan."""

from __future__ import annotations

from typing import Any

from quotaloom.targets import plan_reads
from quotaloom_graphql.context import Info
from quotaloom_graphql.questions import sees_drafts


async def load_plans(keys: list[int], info: Info) -> list[Any]:
    """Plans by number; those that were never published only for those who plan."""
    return await plan_reads.plans_by_id(info.context.snapshot, keys, drafts=await sees_drafts(info.context))


async def load_plans_of_objectives(keys: list[int], info: Info) -> list[Any]:
    """The plans that are attached to objectives."""
    return await plan_reads.plans_of_objectives(info.context.snapshot, keys, drafts=await sees_drafts(info.context))
