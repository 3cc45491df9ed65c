"""Requests to split a target.

`even(allocation_request(child("East", 300, 100), child("West", 100, 0), months=months(2017, 2)))` calls the rule
`even` for two children over two months of 2017, with what they achieved in the same months of 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import TypeVar, overload

from quotaloom_sdk.allocation import AllocationRequest
from quotaloom_sdk.facts import MonthFact, UnitFact
from quotaloom_sdk.policies import Parameters

P = TypeVar("P", bound=Parameters)


def _month_start(year: int, index: int) -> date:
    return date(year + index // 12, index % 12 + 1, 1)


def months(year: int, count: int = 12, first: int = 1) -> tuple[MonthFact, ...]:
    """`count` calendar months in order, from month `first` (1 to 12) of `year`."""
    starts = [_month_start(year, first - 1 + index) for index in range(count + 1)]
    return tuple(MonthFact(label=f"{start:%Y-%m}", starts_on=start, ends_on=end) for start, end in pairwise(starts))


def child(name: str, *achieved: int, kind: str = "position") -> UnitFact:
    """A unit whose id is its name; `achieved` is last year's, in minor units, one per month or none."""
    return UnitFact(id=name, name=name, kind=kind, achieved=achieved)


YEAR = months(2017)
"""The twelve months of 2017."""


@overload
def allocation_request(
    *children: UnitFact,
    months: Sequence[MonthFact] = ...,
    unit: UnitFact | None = ...,
    metric_key: str = ...,
) -> AllocationRequest[Parameters]: ...


@overload
def allocation_request(
    *children: UnitFact,
    parameters: P,
    months: Sequence[MonthFact] = ...,
    unit: UnitFact | None = ...,
    metric_key: str = ...,
) -> AllocationRequest[P]: ...


def allocation_request(
    *children: UnitFact,
    parameters: Parameters | None = None,
    months: Sequence[MonthFact] = YEAR,
    unit: UnitFact | None = None,
    metric_key: str = "revenue",
) -> AllocationRequest[Parameters] | AllocationRequest[P]:
    """A request to split a unit's target among `children`, in that order.

    Where no `unit` is given, it is a company that achieved what its children did together. Raises
    `ValueError` where a unit has a history that is not one figure per month.
    """
    for fact in children if unit is None else (unit, *children):
        if fact.achieved and len(fact.achieved) != len(months):
            raise ValueError(f"{fact.name} has {len(fact.achieved)} figures for {len(months)} months")
    return AllocationRequest(
        unit=unit or _together(children),
        children=children,
        months=tuple(months),
        metric_key=metric_key,
        parameters=Parameters() if parameters is None else parameters,
    )


def _together(children: tuple[UnitFact, ...]) -> UnitFact:
    histories = [fact.achieved for fact in children if fact.achieved]
    achieved = tuple(sum(figures) for figures in zip(*histories, strict=True))
    return UnitFact(id="company", name="Company", kind="company", achieved=achieved)
