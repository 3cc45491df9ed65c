"""The pool policies that ship with the product: in turn, by weight, room, place, skill, attainment and answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from quotaloom_assignment.capacity import CAPACITY
from quotaloom_assignment.first_response import FIRST_RESPONSE
from quotaloom_assignment.performance import PERFORMANCE
from quotaloom_assignment.round_robin import ROUND_ROBIN
from quotaloom_assignment.skill import SKILL
from quotaloom_assignment.territory import TERRITORY
from quotaloom_assignment.weighted import WEIGHTED
from quotaloom_sdk import PoolPolicy, hookimpl

QUOTALOOM_API = "1.0"


@hookimpl
def quotaloom_pool_policies() -> Iterable[PoolPolicy[Any]]:
    """All of them."""
    return (ROUND_ROBIN, WEIGHTED, CAPACITY, TERRITORY, SKILL, PERFORMANCE, FIRST_RESPONSE)
