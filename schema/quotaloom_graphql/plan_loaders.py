"""Loaders of plans: drafts are for those who plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quotaloom.organizations.sight import Sight
from quotaloom.targets import plan_reads
from quotaloom_graphql.context import Info
from quotaloom_graphql.questions import sees_drafts


def all_known(sight: Sight, rows: Sequence[Any] | None) -> Sequence[Any] | None:
    """The rows of targets by `unit_id`, as they were set; None where some are of units that are not the viewer's now.

    An answer that was kept may tell of a tree that has changed since.
    """
    if rows is None or not all(sight.knows_targets(row["unit_id"]) for row in rows):
        return None
    return rows


async def load_plans(keys: list[int], info: Info) -> list[Any]:
    """Plans by number; those that were never published only for those who plan."""
    return await plan_reads.plans_by_id(info.context.snapshot, keys, drafts=await sees_drafts(info.context))


async def load_plans_of_objectives(keys: list[int], info: Info) -> list[Any]:
    """The plans that are attached to objectives."""
    return await plan_reads.plans_of_objectives(info.context.snapshot, keys, drafts=await sees_drafts(info.context))
