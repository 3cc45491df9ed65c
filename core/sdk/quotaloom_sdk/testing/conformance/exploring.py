"""Trying generated cases until each fault is found, and then the smallest case that shows it.

The same cases every time: hypothesis is told to derive its chance from the code alone, and keeps nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from quotaloom_sdk.testing.conformance.faults import PolicyFault

T = TypeVar("T")

_SHRINKING = 0.2
"""The part of the time that the search for a smaller case may take in addition, for each fault."""


_ANY_HEALTH = (
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.large_base_example,
    HealthCheck.too_slow,
)


@dataclass(frozen=True, slots=True)
class Explored:
    """How many cases were tried, and the smallest of each fault, in the order they were met."""

    tried: int
    faults: tuple[PolicyFault, ...]


class _Shown(Exception):
    """The case shows what is looked for."""


class _Enough(BaseException):
    """Time is up; hypothesis lets it pass."""


def explored(
    cases: SearchStrategy[T], examine: Callable[[T], Iterable[PolicyFault]], examples: int, seconds: float
) -> Explored:
    """Let `examine` see up to `examples` cases, for up to so many seconds, and see which faults there are."""
    found: dict[Hashable, PolicyFault] = {}
    tried = 0

    def look(wanted: Hashable, until: float) -> None:
        nonlocal tried

        def see(case: T) -> None:
            nonlocal tried
            if time.monotonic() > until:
                raise _Enough
            tried += wanted is None
            faults = list(examine(case))
            for fault in faults:
                if fault.key not in found or fault.size < found[fault.key].size:
                    found[fault.key] = fault
            if any(fault.final for fault in faults):
                raise _Enough
            if any(fault.key == wanted for fault in faults):
                raise _Shown

        _run(cases, see, examples, shrinking=wanted is not None)

    look(None, time.monotonic() + seconds)
    for key, fault in list(found.items()):
        if not fault.final:
            look(key, time.monotonic() + _SHRINKING * seconds)
    return Explored(tried, tuple(found.values()))


def sampled(values: SearchStrategy[T], count: int) -> list[T]:
    """Up to so many values. Raises hypothesis's errors where there are none."""
    found: list[T] = []
    _run(values, found.append, count, shrinking=False, quiet=False)
    return found


def _run(
    cases: SearchStrategy[T], see: Callable[[T], object], examples: int, *, shrinking: bool, quiet: bool = True
) -> None:
    phases = (Phase.generate, Phase.shrink) if shrinking else (Phase.generate,)

    @settings(
        max_examples=examples,
        phases=phases,
        derandomize=True,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=_ANY_HEALTH,
    )
    @given(cases)
    def run(case: T) -> None:
        see(case)

    try:
        run()
    except (_Shown, _Enough):
        pass
    except HypothesisException:  # such as: it was shown once, and not again
        if not quiet:
            raise
