"""Ending a command on SIGINT and SIGTERM so that its `with` statements are left properly."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

HANDLED = (signal.SIGINT, signal.SIGTERM)


class Terminated(SystemExit):
    """Raised in the main thread when the process is asked to end; it exits with 128 plus the signal number."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into `Terminated`; later ones are ignored while the block is left.

    For the main thread of a command, around everything that must be left in order. The handlers that were
    there are put back at the end.
    """

    def end(number: int, frame: FrameType | None) -> None:
        for handled in HANDLED:
            signal.signal(handled, signal.SIG_IGN)
        raise Terminated(number)

    before = {number: signal.signal(number, end) for number in HANDLED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
