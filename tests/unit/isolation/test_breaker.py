"""The circuit breaker, with the time passed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from quotaloom.policies.isolation.breaker import (
    CLOSED,
    Admission,
    BreakerRules,
    BreakerState,
    Phase,
    abandon_probe,
    admit,
    settle_call,
    settle_probe,
)

RULES = BreakerRules(failures=3, pause=timedelta(seconds=30), longest=timedelta(seconds=100))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(seconds: int) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def opened(moment: datetime = NOON) -> BreakerState:
    """A breaker that three failures have opened."""
    state = CLOSED
    for _ in range(3):
        state = settle_call(state, "it raised", moment, RULES)
    return state


def probed(state: BreakerState, seconds: int, failure: str | None) -> BreakerState:
    """The state after a probe that passed at that time and ended so."""
    admission, probing = admit(state, at(seconds))
    assert admission is Admission.PROBE
    return settle_probe(probing, failure, at(seconds), RULES)


def test_two_failures_in_a_row_of_three_leave_it_closed() -> None:
    """Below the number of failures calls pass, and the count can be seen."""
    state = settle_call(settle_call(CLOSED, "once", NOON, RULES), "twice", NOON, RULES)
    assert state == BreakerState(failures=2, reason="twice")
    assert admit(state, NOON) == (Admission.PASS, state)


def test_a_success_between_failures_starts_the_count_again() -> None:
    """Only failures in a row count."""
    state = CLOSED
    for failure in ("a", "b", None, "c", "d"):
        state = settle_call(state, failure, NOON, RULES)
    assert state == BreakerState(failures=2, reason="d")
    assert settle_call(state, None, NOON, RULES) == CLOSED


def test_the_third_failure_in_a_row_opens_it_for_thirty_seconds() -> None:
    """It says since when, until when, how many failures and the last reason."""
    state = opened()
    assert state == BreakerState(phase=Phase.OPEN, failures=3, opened=1, since=NOON, until=at(30), reason="it raised")
    assert admit(state, at(29)) == (Admission.REFUSE, state)


def test_after_the_pause_one_call_probes_and_the_others_are_refused() -> None:
    """Half-open lets one pass."""
    admission, state = admit(opened(), at(30))
    assert admission is Admission.PROBE
    assert (state.phase, state.since, state.until) == (Phase.HALF_OPEN, at(30), None)
    assert admit(state, at(500)) == (Admission.REFUSE, state)


def test_a_good_probe_closes_it() -> None:
    """It is as it began: nothing is left of the failures."""
    assert probed(opened(), 30, None) == CLOSED


def test_bad_probes_open_it_for_twice_as_long_each_time_up_to_the_longest() -> None:
    """30 seconds, then 60, then 100 instead of 120, then 100."""
    state = probed(opened(), 30, "still")
    assert (state.failures, state.until) == (4, at(90))
    state = probed(state, 90, "still")
    assert state.until == at(190)
    state = probed(state, 190, "still")
    assert (state.opened, state.failures, state.until) == (4, 6, at(290))


def test_after_closing_the_pauses_are_short_again() -> None:
    """Doubling counts openings in a row."""
    state = probed(probed(opened(), 30, "still"), 90, None)
    for _ in range(3):
        state = settle_call(state, "again", at(100), RULES)
    assert state.until == at(130)


def test_a_probe_that_never_reached_the_plugin_is_passed_to_the_next_call() -> None:
    """A full queue says nothing about the plugin."""
    _, state = admit(opened(), at(30))
    abandoned = abandon_probe(state, at(31))
    assert (abandoned.phase, abandoned.failures) == (Phase.OPEN, 3)
    assert admit(abandoned, at(31))[0] is Admission.PROBE


def test_calls_that_passed_before_it_opened_change_nothing_when_they_end() -> None:
    """Neither their success closes it nor their failure keeps it open longer."""
    state = opened()
    assert settle_call(state, None, at(5), RULES) == state
    assert settle_call(state, "late", at(5), RULES) == state
