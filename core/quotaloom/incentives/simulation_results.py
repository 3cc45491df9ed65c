"""What a simulation comes to: sums by period, who wins and who loses, and how the differences are spread."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

SHOWN: Final = 20
"""How many of the biggest winners and losers are named."""

MOST_BARS: Final = 12
"""How many bars a histogram without stated bounds has at the most."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one set of rules gives a member in a period, with what floors carry and draws have advanced after it."""

    total: int = 0
    carried: int = 0
    advanced: int = 0


@dataclass(frozen=True, slots=True)
class MemberMonth:
    """A member's period: by the rules in force, by the others, and what a paid run paid him, None where none did."""

    now: Side
    then: Side
    paid: int | None = None


@dataclass(slots=True)
class _Sums:
    label: str
    members: int = 0
    now: int = 0
    then: int = 0
    paid: int | None = None
    carried: list[int] = field(default_factory=lambda: [0, 0])
    advanced: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, month: MemberMonth) -> None:
        self.members += 1
        self.now += month.now.total
        self.then += month.then.total
        if month.paid is not None:
            self.paid = (self.paid or 0) + month.paid
        for place, side in enumerate((month.now, month.then)):
            self.carried[place] += side.carried
            self.advanced[place] += side.advanced

    def to_json(self) -> dict[str, Any]:
        return {
            "period": self.label,
            "members": self.members,
            "now": self.now,
            "then": self.then,
            "paid": self.paid,
            "carried_now": self.carried[0],
            "carried_then": self.carried[1],
            "advanced_now": self.advanced[0],
            "advanced_then": self.advanced[1],
        }


class Tally:
    """Adds members up, one at a time; of each it keeps his number and two sums, whatever the periods are."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._months = {label: _Sums(label) for label in labels}
        self._ids: list[int] = []
        self._now: list[int] = []
        self._then: list[int] = []

    def add(self, member_id: int, months: Mapping[str, MemberMonth]) -> None:
        """A member with the periods in which he has rules or was paid, by label; without any he is not counted."""
        if not months:
            return
        for label, month in months.items():
            self._months[label].add(month)
        self._ids.append(member_id)
        self._now.append(sum(month.now.total for month in months.values()))
        self._then.append(sum(month.then.total for month in months.values()))

    def result(self, bounds: Sequence[int] | None, unit: int) -> dict[str, Any]:
        """All of it as JSON, amounts in minor units; `unit` is how many of them make one of the currency.

        Members of the same difference are told in the order of their numbers.
        """
        differences = [then - now for now, then in zip(self._now, self._then, strict=True)]
        places = sorted(range(len(differences)), key=lambda place: (differences[place], self._ids[place]))
        losers = [place for place in places if differences[place] < 0]
        winners = sorted(
            (place for place in places if differences[place] > 0),
            key=lambda place: (-differences[place], self._ids[place]),
        )
        return {
            "months": [month.to_json() for month in self._months.values()],
            "members": len(differences),
            "winners": len(winners),
            "losers": len(losers),
            "unchanged": len(differences) - len(winners) - len(losers),
            "biggest_winners": self._named(winners[:SHOWN]),
            "biggest_losers": self._named(losers[:SHOWN]),
            "histogram": histogram(differences, bounds or even_bounds(differences, unit)),
            "percentiles": {
                "now": percentiles(self._now),
                "then": percentiles(self._then),
                "difference": percentiles(differences),
            },
        }

    def _named(self, places: Iterable[int]) -> list[dict[str, int]]:
        return [{"member_id": self._ids[one], "now": self._now[one], "then": self._then[one]} for one in places]


def percentiles(values: Sequence[int]) -> dict[str, int | None]:
    """The 10th, 50th and 90th by nearest rank: the value that so many percent, rounded up, do not exceed."""
    ordered = sorted(values)
    return {f"p{percent}": _nearest(ordered, percent) for percent in (10, 50, 90)}


def _nearest(ordered: Sequence[int], percent: int) -> int | None:
    if not ordered:
        return None
    return ordered[-(-percent * len(ordered) // 100) - 1]


def histogram(values: Iterable[int], bounds: Sequence[int]) -> list[dict[str, int | None]]:
    """How many values lie in each range [from, to) between the bounds, below the first and from the last on.

    The outermost ranges are left out where nothing lies in them.
    """
    counts = [0] * (len(bounds) + 1)
    for value in values:
        counts[bisect_right(bounds, value)] += 1
    edges: list[int | None] = [None, *bounds, None]
    bars = [{"from": edges[place], "to": edges[place + 1], "members": count} for place, count in enumerate(counts)]
    inner = bars[1:-1]
    return [*(bars[:1] if counts[0] else ()), *inner, *(bars[-1:] if counts[-1] else ())]


def even_bounds(values: Sequence[int], unit: int) -> list[int]:
    """Bounds of ranges of one width around all values: 1, 2 or 5 times a power of ten of `unit`, at most `MOST_BARS`.

    0 is one of them wherever values lie on both sides of it.
    """
    lowest, highest = min(values, default=0), max(values, default=0)
    width = unit
    for factor in _round_numbers():
        width = unit * factor
        if highest // width - lowest // width < MOST_BARS:
            break
    return [width * place for place in range(lowest // width, highest // width + 2)]


def _round_numbers() -> Iterable[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10
