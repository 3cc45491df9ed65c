"""How crediting rules shared the credit of deals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from quotaloom.funnels.crediting import creditings
from quotaloom.policies.registry import plugin_of
from quotaloom_graphql.context import Info
from strawberry_breadth import column


async def load_creditings(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """How rules shared the credit of deals, which the viewer sees, the earliest win first."""
    return await creditings(info.context.snapshot, keys)


@strawberry.type(description="How a crediting rule shared the credit of a win, and why.")
class Crediting:
    """A stored decision of a crediting rule."""

    win_number: int = strawberry.field(description="Which win of the deal it was, from 1.")
    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(description="Who won the deal.")
    policy: str = strawberry.field(description="The policy's full key, such as `acme_rules.partners`.")
    plugin: str = column(plugin_of, of="policy", description="The plugin that the policy came from.")
    plugin_version: str = strawberry.field(description="The version of that plugin.")
    setting_revision: int | None = strawberry.field(description="The revision of the company's setting.")
    parameters: JSON = strawberry.field(description="The parameters in force.")
    explanation: JSON = strawberry.field(description="The policy's own explanation: text, values and items.")
