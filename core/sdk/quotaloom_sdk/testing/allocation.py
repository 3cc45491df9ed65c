"""Requests to split a target.

`even(allocation_request(child("East", 300, 100), child("West", 100, 0), months=months(2017, 2)))` calls the rule
`even` for two children over two months of 2017, with what they achieved in the same months of 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any, TypeVar, overload

from quotaloom_sdk.allocation import AllocationRequest
from quotaloom_sdk.facts import MonthFact, UnitFact
from quotaloom_sdk.policies import Parameters

P = TypeVar("P", bound=Parameters)


def _month_start(year: int, index: int) -> date:
    return date(year + index // 12, index % 12 + 1, 1)


def months(year: int, count: int = 12, first: int = 1) -> tuple[MonthFact, ...]:
    """`count` calendar months in order, from month `first` (1 to 12) of `year`, with which a fiscal year begins."""
    return _months(year, first, 0, count)


def months_before(later: Sequence[MonthFact], count: int = 24) -> tuple[MonthFact, ...]:
    """The `count` months before the first of `later`, which `months` gave, in order."""
    first = later[0]
    return _months(first.fiscal_year, (first.starts_on.month - first.number) % 12 + 1, first.number - 1 - count, count)


def _months(year: int, first: int, skipped: int, count: int) -> tuple[MonthFact, ...]:
    """`count` months from the one `skipped` after month `first` of `year`, with which fiscal year `year` begins."""
    places = range(skipped, skipped + count + 1)
    bounds = pairwise(_month_start(year, first - 1 + place) for place in places)
    return tuple(
        MonthFact(f"{start:%Y-%m}", start, end, fiscal_year=year + place // 12, number=place % 12 + 1)
        for place, (start, end) in zip(places, bounds, strict=False)
    )


def child(name: str, *achieved: int, kind: str = "position", **facts: Any) -> UnitFact:
    """A unit whose id and key are its name; `achieved` is last year's, in minor units, one per month or none.

    `facts` are further fields of `UnitFact`, such as `load` or `recent`.
    """
    known: dict[str, Any] = {"id": name, "name": name, "key": name, "kind": kind, "achieved": achieved}
    return UnitFact(**{**known, **facts})


YEAR = months(2017)
"""The twelve months of 2017."""


@overload
def allocation_request(
    *children: UnitFact,
    months: Sequence[MonthFact] = ...,
    unit: UnitFact | None = ...,
    metric_key: str = ...,
    recent_months: Sequence[MonthFact] | None = ...,
) -> AllocationRequest[Parameters]: ...


@overload
def allocation_request(
    *children: UnitFact,
    parameters: P,
    months: Sequence[MonthFact] = ...,
    unit: UnitFact | None = ...,
    metric_key: str = ...,
    recent_months: Sequence[MonthFact] | None = ...,
) -> AllocationRequest[P]: ...


def allocation_request(
    *children: UnitFact,
    parameters: Parameters | None = None,
    months: Sequence[MonthFact] = YEAR,
    unit: UnitFact | None = None,
    metric_key: str = "revenue",
    recent_months: Sequence[MonthFact] | None = None,
) -> AllocationRequest[Parameters] | AllocationRequest[P]:
    """A request to split a unit's target among `children`, in that order.

    Where no `unit` is given, it is a company that achieved what its children did together. `recent_months` are those
    right before the plan, as many as there are figures for, where nothing else is said. Raises `ValueError` where a
    unit has a history that is not one figure per month.
    """
    facts = children if unit is None else (unit, *children)
    if recent_months is None:
        known = max((len(fact.recent) for fact in facts), default=0)
        recent_months = months_before(months, known) if known else ()
    for fact in facts:
        _require_figures(fact.name, fact.achieved, months)
        _require_figures(fact.name, fact.recent, recent_months)
    return AllocationRequest(
        unit=unit or _together(children),
        children=children,
        months=tuple(months),
        metric_key=metric_key,
        parameters=Parameters() if parameters is None else parameters,
        recent_months=tuple(recent_months),
    )


def _require_figures(name: str, figures: Sequence[int], months: Sequence[MonthFact]) -> None:
    if figures and len(figures) != len(months):
        raise ValueError(f"{name} has {len(figures)} figures for {len(months)} months")


def _together(children: Sequence[UnitFact]) -> UnitFact:
    achieved = _sums([fact.achieved for fact in children if fact.achieved])
    recent = _sums([fact.recent for fact in children if fact.recent])
    return UnitFact("company", "Company", "company", achieved, key="company", recent=recent)


def _sums(histories: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(figures) for figures in zip(*histories, strict=True))
