"""How units' targets were split, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from quotaloom.policies.registry import plugin_of
from quotaloom.targets import plan_reads
from quotaloom_graphql.context import Info
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.organizations import OrgUnit
from strawberry_breadth import batch, column


async def load_decompositions(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """How units of a version were split, the latest last, where the viewer may see the figures of all children."""
    sight = await info.context.sight()
    rows = await plan_reads.decompositions_of_versions(info.context.snapshot, keys)
    return [row for row in rows if sight.everything or row["unit_id"] in sight.led_unit_ids]


@strawberry.type(description="How a unit's target was split among its children, and why.")
class Decomposition:
    """The stored explanation of a decomposition."""

    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(description="By whom.")
    policy: str = strawberry.field(description="The policy's full key, such as `allocation.even`.")
    plugin: str = column(plugin_of, of="policy", description="The plugin that the policy came from.")
    plugin_version: str = strawberry.field(description="The version of that plugin.")
    setting_revision: int | None = strawberry.field(description="The revision of the company's setting.")
    parameters: JSON = strawberry.field(description="The parameters in force.")
    explanation: JSON = strawberry.field(description="The policy's own explanation: text, values and items.")
    org_unit: OrgUnit | None = batch(
        load_units, key="unit_id", by="id", one=True, description="The unit that was split."
    )
