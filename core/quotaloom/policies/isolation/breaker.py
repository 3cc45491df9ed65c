"""A circuit breaker: who keeps failing is left alone for a while, then tried with one call.

    closed --failures in a row--> open --time--> half-open --a probe succeeds--> closed
                                    ^------------- a probe fails ------------------'

Pure functions from state to state; the time is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Phase(StrEnum):
    """Where a breaker stands."""

    CLOSED = "closed"
    """Calls pass."""
    OPEN = "open"
    """Calls are refused."""
    HALF_OPEN = "half-open"
    """One call probes; the others are refused."""


class Admission(StrEnum):
    """What a breaker says to a call."""

    PASS = "pass"  # noqa: S105 # no password, but what a call may do
    PROBE = "probe"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRules:
    """`failures` in a row open the breaker, for `pause`; each failed probe doubles the pause, up to `longest`."""

    failures: int = 5
    pause: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerState:
    """What an admin sees of it.

    `failures`: in a row, since the last success. `opened`: how often it opened in a row. `since`: when the phase began,
    None in a closed one, which remembers nothing of earlier phases. `until`: when an open breaker lets a probe pass,
    None in other phases. `reason`: of the last failure, empty if the last call succeeded.
    """

    phase: Phase = Phase.CLOSED
    failures: int = 0
    opened: int = 0
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""


CLOSED = BreakerState()
"""Where every breaker begins."""


def admit(state: BreakerState, now: datetime) -> tuple[Admission, BreakerState]:
    """Whether a call may pass now, and the state after asking; a PROBE must be answered for, see `settle_probe`."""
    if state.phase is Phase.CLOSED:
        return Admission.PASS, state
    if state.phase is Phase.OPEN and state.until is not None and now >= state.until:
        return Admission.PROBE, replace(state, phase=Phase.HALF_OPEN, since=now, until=None)
    return Admission.REFUSE, state


def settle_call(state: BreakerState, failure: str | None, now: datetime, rules: BreakerRules) -> BreakerState:
    """The state after an admitted call ended well (None), or failed for a reason.

    A call that passed before the breaker opened and ends afterwards changes nothing: probes alone close it.
    """
    if state.phase is not Phase.CLOSED:
        return state
    if failure is None:
        return replace(state, failures=0, opened=0, reason="")
    failed = replace(state, failures=state.failures + 1, reason=failure)
    return failed if failed.failures < rules.failures else _opened(failed, now, rules)


def settle_probe(state: BreakerState, failure: str | None, now: datetime, rules: BreakerRules) -> BreakerState:
    """The state after the probe ended well (None), or failed for a reason."""
    if failure is None:
        return CLOSED
    return _opened(replace(state, failures=state.failures + 1, reason=failure), now, rules)


def abandon_probe(state: BreakerState, now: datetime) -> BreakerState:
    """The state after a probe that never reached the plugin: the next call probes."""
    return replace(state, phase=Phase.OPEN, since=now, until=now)


def _opened(state: BreakerState, now: datetime, rules: BreakerRules) -> BreakerState:
    doublings = min(state.opened, 32)
    pause = min(rules.pause * 2**doublings, rules.longest)
    return replace(state, phase=Phase.OPEN, opened=state.opened + 1, since=now, until=now + pause)
