"""What was achieved of a metric, and the entries behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from quotaloom_incentives.quantities import Bounds
from quotaloom_sdk import EntryFact, IncentiveRequest, LineFact


@dataclass(frozen=True, slots=True)
class Counted:
    """An entry, and the one whose day, source and product it counts with: the one that it reverses, or itself.

    What an entry of an earlier period was is not known: a reversal of it counts with its own.
    """

    entry: EntryFact
    origin: EntryFact


def line_of(lines: Iterable[LineFact], metric: str) -> LineFact | None:
    """The metric's line; None where it has none."""
    return next((line for line in lines if line.metric_key == metric), None)


def achieved(request: IncentiveRequest[Any], metric: str) -> int:
    """What the member achieved of the metric, 0 without any, in its smallest unit."""
    line = line_of(request.lines, metric)
    return 0 if line is None else line.achieved


def counted(request: IncentiveRequest[Any], metric: str) -> list[Counted]:
    """The metric's entries by business date, then id, each with the one that it counts with."""
    known = {entry.id: entry for entry in request.entries}
    of_metric = sorted((entry for entry in request.entries if entry.metric_key == metric), key=_place)
    return [Counted(entry, known.get(entry.reverses or "", entry)) for entry in of_metric]


def _place(entry: EntryFact) -> tuple[Any, ...]:
    return entry.business_date, len(entry.id), entry.id


def ids_of(request: IncentiveRequest[Any], metric: str) -> tuple[str, ...]:
    """The ids of the metric's entries, in their order."""
    return tuple(one.entry.id for one in counted(request, metric))


def total(entries: Sequence[Counted]) -> int:
    """What the entries sum up to, in the metric's smallest unit."""
    return sum(one.entry.amount for one in entries)


def reaches(line: LineFact, percent: Decimal, bounds: Bounds) -> bool:
    """Whether the line reaches that part of its target; where less is better, by staying within it.

    Without a target, or with one of 0, it reaches nothing.
    """
    rate = line.rate
    return rate is not None and passes(rate * 100, Fraction(percent), bounds, lower_is_better=line.lower_is_better)


def passes(value: Fraction, bound: Fraction, bounds: Bounds, *, lower_is_better: bool) -> bool:
    """Whether a value is on the good side of a bound, or, with `from`, on the bound."""
    if value == bound:
        return bounds == "from"
    return value < bound if lower_is_better else value > bound
