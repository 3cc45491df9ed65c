"""What was measured, as plain values."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Of = tuple[str, str]
"""The names of a contender and of a question."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of samples, and what a quarter and three quarters of them stay below."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Spread:
        """The spread of one sample or more."""
        if len(samples) == 1:
            return cls(samples[0], samples[0], samples[0])
        low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
        return cls(low, median, high)


class Turns:
    """Samples of several that take turns, by their names and rounds."""

    def __init__(self) -> None:
        self._samples = defaultdict[str, dict[int, Sequence[float]]](dict)

    def add(self, name: str, number: int, samples: Sequence[float]) -> None:
        """Add what one measured in the round with this number."""
        self._samples[name][number] = samples

    def spreads(self) -> dict[str, Spread]:
        """The spread of all samples of each."""
        return {
            name: Spread.of([sample for samples in rounds.values() for sample in samples])
            for name, rounds in self._samples.items()
        }

    def ratios(self, name: str) -> dict[str, float]:
        """The samples of `name` in times those of each other: of the medians of each round that both took part in,
        and of these ratios the median, so that a busy moment counts little."""
        mine = self._samples.get(name, {})
        return {
            other: statistics.median(
                statistics.median(mine[number]) / statistics.median(rounds[number])
                for number in rounds
                if number in mine
            )
            for other, rounds in self._samples.items()
            if other != name and mine.keys() & rounds.keys()
        }


class Memory(NamedTuple):
    """Resident memory of a process before and, at most, while it gives an answer of `size`; in bytes."""

    idle: int
    peak: int
    size: int

    @property
    def times(self) -> float:
        """How many times the answer's size the process grew by."""
        return (self.peak - self.idle) / self.size


class Delay(NamedTuple):
    """How long others wait while a large answer is made, in seconds: what 99 of 100 stay below, and the longest.

    `loop` is of requests that the server answers without its database, `small` of the small question.
    """

    loop_p99: float
    loop_worst: float
    small_p99: float
    small_worst: float


@dataclass
class Figures:
    """All that was measured: latencies in seconds, rates in answers per second, sizes in bytes.

    `slower` and `busier` hold, round by round, the product's latency and its rate in times those of the others.
    """

    contenders: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    latency: dict[Of, Spread] = field(default_factory=dict)
    rate: dict[Of, Spread] = field(default_factory=dict)
    slower: dict[Of, float] = field(default_factory=dict)
    busier: dict[Of, float] = field(default_factory=dict)
    memory: dict[str, Memory] = field(default_factory=dict)
    delay: dict[Of, Delay] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio that was measured, and the bound that it shall keep."""

    title: str
    measured: float
    bound: float
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether it keeps the bound."""
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


def goals(figures: Figures) -> list[Goal]:
    """Those goals whose figures were measured."""
    found: list[Goal] = []

    def latency(question: str, other: str, bound: float, title: str, *, as_fast: bool = True) -> None:
        slower = figures.slower.get((other, question))
        if slower is not None:
            found.append(Goal(f"{question}, latency: {title}", 1 / slower if as_fast else slower, bound, as_fast))

    def rate(question: str, other: str, bound: float, title: str) -> None:
        busier = figures.busier.get((other, question))
        if busier is not None:
            found.append(Goal(f"{question}, throughput: {title}", busier, bound, at_least=True))

    for question in ("large", "huge"):
        latency(question, "postgraphile", 3, "times as fast as PostGraphile")
        latency(question, "strawberry", 20, "times as fast as stock Strawberry")
        latency(question, "floor", 1.5, "times the floor", as_fast=False)
    rate("medium", "postgraphile", 1.2, "times PostGraphile's")
    rate("small", "floor", 0.9, "times the floor's")
    rate("small", "postgraphile", 1, "times PostGraphile's")
    large, huge = (figures.latency.get(("product", question)) for question in ("large", "huge"))
    if large and huge:
        found.append(Goal("growth from large to huge: times the time", huge.median / large.median, 11, at_least=False))
    if "product" in figures.memory:
        found.append(Goal("memory: times the answer's size", figures.memory["product"].times, 8, at_least=False))
    return found
