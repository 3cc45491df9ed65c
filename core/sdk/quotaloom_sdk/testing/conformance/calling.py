"""One call of a policy, watched and limited in time."""

from __future__ import annotations

import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType

from quotaloom_sdk.testing.conformance.watching import Forbidden, Touch, clock_watched, located, watched
from quotaloom_sdk.texts import words_of

UNHURRIED = 0.1
"""Seconds below which a call is quick enough to be made again with the clock watched, which slows it down."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended: with an `answer`, or with an `error`, after so many `seconds`.

    `late` says that it was, or would have been, broken off. `touches` is what it did besides computing.
    """

    answer: object
    error: BaseException | None
    seconds: float
    late: bool
    touches: tuple[Touch, ...]

    @property
    def cut_short(self) -> bool:
        """Whether the call did not come to its own end, so that its answer tells nothing."""
        return self.late or isinstance(self.error, Forbidden)


class _TimeIsUp(BaseException):
    """Raised inside a policy that takes too long."""


def call(function: Callable[[], object], seconds: float, *, watch_clock: bool = False) -> Outcome:
    """Call it; whatever it raises is in the outcome, but for Ctrl-C.

    It is broken off once it has taken too long, in the main thread and where the system has timers; elsewhere, and
    while it is in foreign code, it is only found out afterwards.
    """
    answer, error, unsteady = None, None, list[Touch]()
    base, started = sys._getframe(), time.perf_counter()
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        watch = stack.enter_context(watched(base))
        try:
            with _limited(seconds), clock_watched(unsteady, base) if watch_clock else ExitStack():
                answer = function()
        except KeyboardInterrupt:
            raise
        except BaseException as raised:
            error = raised
    taken = time.perf_counter() - started
    late = isinstance(error, _TimeIsUp) or taken > seconds
    return Outcome(answer, error, taken, late, (*watch.touches, *unsteady))


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    if not _can_interrupt():
        yield
        return
    running = True

    def strike(number: int, frame: FrameType | None) -> None:
        if running:
            raise _TimeIsUp

    before = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)  # again and again, for those who catch everything
    try:
        yield
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _can_interrupt() -> bool:
    """Whether there is a timer that nobody else uses."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return False
    return signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0) and signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def told(error: BaseException) -> str:
    """An exception in words, with the line of the plugin's code that it came from."""
    steps = list(traceback.walk_tb(error.__traceback__))
    where = located([(frame.f_code.co_filename, line) for frame, line in reversed(steps)])
    words = words_of(error)[:500]
    return f"{type(error).__name__}{f': {words}' if words else ''}{where}"
