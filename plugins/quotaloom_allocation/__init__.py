"""The allocation rules that ship with the product: by people, by what was achieved, by potential and by plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from quotaloom_allocation.even import EVEN
from quotaloom_allocation.fixed_weights import FIXED_WEIGHTS
from quotaloom_allocation.growth import GROWTH
from quotaloom_allocation.headcount import HEADCOUNT
from quotaloom_allocation.last_period import LAST_PERIOD
from quotaloom_allocation.last_year import LAST_YEAR
from quotaloom_allocation.potential import POTENTIAL
from quotaloom_allocation.seasonal import SEASONAL
from quotaloom_allocation.trailing_year import TRAILING_YEAR
from quotaloom_sdk import AllocationRule, hookimpl

QUOTALOOM_API = "1.0"


@hookimpl
def quotaloom_allocation_rules() -> Iterable[AllocationRule[Any]]:
    """All of them."""
    return (
        EVEN,
        LAST_YEAR,
        LAST_PERIOD,
        TRAILING_YEAR,
        GROWTH,
        HEADCOUNT,
        FIXED_WEIGHTS,
        POTENTIAL,
        SEASONAL,
    )
