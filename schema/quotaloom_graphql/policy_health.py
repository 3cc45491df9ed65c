"""Whether the plugins behind policies answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry

from quotaloom.policies.isolation.breaker import BreakerState, Phase
from quotaloom_graphql.context import Info


@strawberry.enum(
    description="`ANSWERING`: calls pass. `SUSPENDED`: it failed too often for your company and is left alone until a"
    " moment. `ON_TRIAL`: one call tries whether it answers again."
)
class PolicyState(StrEnum):
    """Where the plugin's breaker stands."""

    ANSWERING = "answering"
    SUSPENDED = "suspended"
    ON_TRIAL = "on trial"


_STATES = {
    Phase.CLOSED: PolicyState.ANSWERING,
    Phase.OPEN: PolicyState.SUSPENDED,
    Phase.HALF_OPEN: PolicyState.ON_TRIAL,
}


@strawberry.type(description="Whether a policy's plugin answers your company's calls.")
class PolicyHealth:
    """The state of the plugin's breaker for the company."""

    state: PolicyState = strawberry.field(description="Whether calls pass.")
    failures: int = strawberry.field(description="Failures in a row, since the last success.")
    until: datetime | None = strawberry.field(description="When a suspended one is tried again.")
    last_failure: str | None = strawberry.field(
        description="What went wrong last, for whoever sees everything; null where nothing did."
    )


async def load_health(policies: list[Any], info: Info) -> list[dict[str, Any]]:
    """The health of the plugin of each policy."""
    work, everything = await info.context.work(), (await info.context.sight()).everything
    host = info.context.services.policies
    states = [host.breaker(policy["plugin"], work.viewer.company_id) for policy in policies]
    return [_health(state, everything) for state in states]


def _health(state: BreakerState, everything: bool) -> dict[str, Any]:
    return {
        "state": _STATES[state.phase],
        "failures": state.failures,
        "until": state.until,
        "last_failure": (state.reason or None) if everything else None,
    }
