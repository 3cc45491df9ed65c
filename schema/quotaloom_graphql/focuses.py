"""What a quarter of a plan or of an objective is about."""

from __future__ import annotations

from typing import Any

import strawberry

from quotaloom.platform.unit_of_work import Record
from quotaloom.strategy.focuses import Focused, focuses_of
from quotaloom_graphql.context import Info


@strawberry.type(description="What a quarter is about.")
class Focus:
    """A focus."""

    period: str = strawberry.field(description="The quarter's label, such as `2026-Q2`.")
    text: str = strawberry.field(description="What it is about.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")


async def load_plan_focuses(keys: list[int], info: Info) -> list[Record]:
    """The focuses of plans, by quarter."""
    return await focuses_of(info.context.snapshot, Focused.PLAN, keys)


async def load_objective_focuses(keys: list[int], info: Info) -> list[Any]:
    """The focuses of objectives, by quarter."""
    return await focuses_of(info.context.snapshot, Focused.OBJECTIVE, keys)
