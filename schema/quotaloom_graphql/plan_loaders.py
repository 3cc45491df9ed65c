"""Loaders of plans: drafts are for those who plan."""

from __future__ import annotations

from typing import Any

from quotaloom.platform.access import Scope
from quotaloom.targets import plan_reads
from quotaloom_graphql.context import Info


async def sees_drafts(info: Info) -> bool:
    """Whether the viewer sees plans that were never published: admins, services that may read, and heads do."""
    viewer, sight = (await info.context.work()).viewer, await info.context.sight()
    return viewer.may(Scope.READ) or bool(sight.headed_unit_ids)


async def load_plans(keys: list[int], info: Info) -> list[Any]:
    """Plans by number; those that were never published only for those who plan."""
    return await plan_reads.plans_by_id(info.context.snapshot, keys, drafts=await sees_drafts(info))


async def load_plans_of_objectives(keys: list[int], info: Info) -> list[Any]:
    """The plans that are attached to objectives."""
    return await plan_reads.plans_of_objectives(info.context.snapshot, keys, drafts=await sees_drafts(info))
