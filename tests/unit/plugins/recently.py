"""Units with a past, told month by month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quotaloom_sdk import AllocationResult, UnitFact
from quotaloom_sdk.testing import child, months, months_before

PLAN = months(2018)
"""The twelve months of 2018; whoever plans them on their first day looks back on 2016 and 2017."""

PAST = months_before(PLAN)


def unit(name: str, achieved: Mapping[str, int] | int = 0, **facts: Any) -> UnitFact:
    """A unit that achieved so much in the months named, and nothing in the others; or the same in each of the 24."""
    if isinstance(achieved, int):
        return child(name, recent=(achieved,) * len(PAST), **facts)
    assert achieved.keys() <= {month.label for month in PAST}
    return child(name, recent=tuple(achieved.get(month.label, 0) for month in PAST), **facts)


def texts(result: AllocationResult) -> list[str]:
    """The sentences below the first one of an explanation."""
    return [item.text for item in result.explanation.items]


def values(result: AllocationResult, place: int) -> dict[str, object]:
    """The named values of one of those sentences."""
    return dict(result.explanation.items[place].values)
