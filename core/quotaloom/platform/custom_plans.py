"""When PostgreSQL plans a statement for just the ids that it is given, and not once for any number of them."""

from __future__ import annotations

from typing import Final

from quotaloom.platform.unit_of_work import Snapshot

MANY: Final = 500
"""From how many ids on: a plan for any number would not do."""


async def plan_for(snapshot: Snapshot, count: int) -> None:
    """With many ids, plan the statements of the snapshot that follow for just what they are given."""
    if count >= MANY:
        await snapshot.fetch("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
