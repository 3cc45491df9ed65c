"""The allocation rules that ship with the product: evenly, and by last year's achievement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from quotaloom_allocation.even import EVEN
from quotaloom_allocation.last_year import LAST_YEAR
from quotaloom_sdk import AllocationRule, hookimpl

QUOTALOOM_API = "1.0"


@hookimpl
def quotaloom_allocation_rules() -> Iterable[AllocationRule[Any]]:
    """`even` and `last_year`."""
    return (EVEN, LAST_YEAR)
