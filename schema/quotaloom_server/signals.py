"""SIGINT and SIGTERM while an event loop runs: the work is told, and the signal raised once the loop has ended.

An exception out of a signal handler may strike anywhere, in the C code of the loop or of the database driver too,
which it has been seen to crash. So nothing is raised while a loop runs.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from quotaloom.platform.embedded import Terminated
from quotaloom.platform.embedded.signals import HANDLED

T = TypeVar("T")


@contextmanager
def told_of_signals(tell: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Call `tell` for each signal, and raise the first one anew at the end, for whoever handles it outside."""
    received: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        received.append(number)
        tell(number, frame)

    before = {number: signal.signal(number, handle) for number in HANDLED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; a signal cancels the work, and is raised when it has unwound (`Terminated`, in a command)."""
    cancelled_by: list[int] = []
    cancel: list[Callable[[], object]] = []

    def tell(number: int, _: FrameType | None) -> None:
        cancelled_by.append(number)
        for one in cancel:
            one()

    async def main() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
        cancel.append(lambda: loop.call_soon_threadsafe(task.cancel))
        if cancelled_by:
            task.cancel()
        return await task

    with told_of_signals(tell):
        try:
            return asyncio.run(main())
        except asyncio.CancelledError:
            if not cancelled_by:
                raise
            raise Terminated(cancelled_by[0]) from None
        finally:
            cancel.clear()
