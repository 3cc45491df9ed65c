"""Which calls a breaker counts, and for whom."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from quotaloom.policies.errors import PolicyFailed, PolicyUndecided
from quotaloom.policies.isolation.breaker import CLOSED, BreakerRules, Phase
from quotaloom.policies.isolation.breakers import Breakers
from quotaloom.policies.isolation.errors import PluginBusy, PluginSuspended, PolicyTimedOut

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breakers(clock: Clock) -> Breakers:
    return Breakers(clock, BreakerRules(failures=2, pause=timedelta(seconds=30)))


def ending(breakers: Breakers, error: BaseException | None, company_id: int = 1) -> None:
    """A call that ends so."""
    try:
        with breakers.guarding("acme", "acme.rule", company_id):
            if error is not None:
                raise error
    except BaseException as raised:
        if raised is not error:
            raise


def timed_out() -> PolicyTimedOut:
    return PolicyTimedOut("acme", "acme.rule", "it gave no answer")


def test_an_open_breaker_refuses_and_says_until_when_and_why(breakers: Breakers) -> None:
    """The refusal is a failure of the policy that names the plugin."""
    ending(breakers, timed_out())
    ending(breakers, timed_out())
    with pytest.raises(PluginSuspended) as caught:
        ending(breakers, None)
    assert caught.value.until == NOON + timedelta(seconds=30)
    assert isinstance(caught.value, PolicyFailed)
    assert str(caught.value) == (
        "plugin 'acme': it failed 2 times in a row and is not called until 2026-03-02 12:00:30 UTC; "
        "last: policy 'acme.rule' of plugin 'acme' failed: it gave no answer"
    )


def test_a_breaker_is_one_companys(breakers: Breakers) -> None:
    """Failures of one company's calls refuse no other company."""
    ending(breakers, timed_out(), company_id=1)
    ending(breakers, timed_out(), company_id=1)
    ending(breakers, None, company_id=2)
    assert breakers.state("acme", 1).phase is Phase.OPEN
    assert breakers.state("acme", 2) == CLOSED
    assert list(breakers.states) == [("acme", 1)]


@pytest.mark.parametrize("error", [PluginBusy("acme", "acme.rule", "full"), asyncio.CancelledError(), ValueError()])
def test_what_is_no_fault_of_the_plugin_does_not_count(breakers: Breakers, error: BaseException) -> None:
    """A full queue, a caller who went away, an error of ours."""
    for _ in range(5):
        ending(breakers, error)
    assert breakers.state("acme", 1) == CLOSED


def test_a_policy_that_says_why_it_cannot_decide_has_answered(breakers: Breakers, clock: Clock) -> None:
    """It ends a row of failures, and lets calls pass again where it was a probe."""
    undecided = PolicyUndecided("acme", "acme.rule", "nobody is named")
    for error in (timed_out(), undecided, timed_out(), undecided):
        ending(breakers, error)
    assert breakers.state("acme", 1) == CLOSED
    ending(breakers, timed_out())
    ending(breakers, timed_out())
    clock.now += timedelta(seconds=30)
    ending(breakers, undecided)
    assert breakers.state("acme", 1).phase is Phase.CLOSED


def test_a_breaker_that_a_probe_closed_takes_no_room(breakers: Breakers, clock: Clock) -> None:
    """It is forgotten, as one that never opened."""
    ending(breakers, timed_out())
    ending(breakers, timed_out())
    clock.now += timedelta(seconds=30)
    ending(breakers, None)
    assert dict(breakers.states) == {}


def test_a_probe_that_found_the_queue_full_leaves_the_probe_to_the_next(breakers: Breakers, clock: Clock) -> None:
    """The breaker does not stay half-open for ever."""
    ending(breakers, timed_out())
    ending(breakers, timed_out())
    clock.now += timedelta(seconds=30)
    ending(breakers, PluginBusy("acme", "acme.rule", "full"))
    ending(breakers, None)
    assert breakers.state("acme", 1).phase is Phase.CLOSED


def test_a_failure_that_comes_to_light_later_counts(breakers: Breakers) -> None:
    """Also when its caller was told before that the plugin is busy."""
    breakers.add_failure("acme", 1, "it hung")
    breakers.add_failure("acme", 1, "it hung")
    assert (breakers.state("acme", 1).phase, breakers.state("acme", 1).reason) == (Phase.OPEN, "it hung")
