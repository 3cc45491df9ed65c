"""Work that runs to its end, whatever happens to whoever waits for it: a unit of work is not torn by who hangs up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from quotaloom.platform.errors import AccessDenied, InputError, SnapshotEnded, Unavailable

_log = logging.getLogger(__name__)

T = TypeVar("T")


class _Unbroken(asyncio.Task[Any]):
    """A task that nobody but its loop can cancel: those who wait for it are shielded from it."""


class Breakable(asyncio.Task[Any]):
    """A task that nobody but its loop and `break_off` can cancel, so that `to_the_end` needs no other."""

    working = 0
    """How many pieces of work it runs to their end, each within the one before."""

    def break_off(self, msg: object = None) -> bool:
        """Cancel it, unless it runs something to its end: then it goes on as if it had not been asked."""
        return not self.working and self.cancel(msg)


def unbroken() -> bool:
    """Whether we run to the end anyway, whatever happens to whoever waits for us."""
    task = asyncio.current_task()
    return isinstance(task, _Unbroken) or (isinstance(task, Breakable) and task.working > 0)


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which runs to its end, whatever happens to the caller: in a task of its own if need be."""
    task = asyncio.current_task()
    if isinstance(task, Breakable):
        task.working += 1
        try:
            return await work
        finally:
            task.working -= 1
    if isinstance(task, _Unbroken):
        return await work
    return await waited_for(_Unbroken(work, loop=asyncio.get_running_loop()))


async def waited_for(task: asyncio.Task[T]) -> T:
    """The result of a task that runs on where the caller is cancelled. What it fails with then is told to nobody."""
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_left_alone)
        raise


def _left_alone(task: asyncio.Task[Any]) -> None:
    """Log what nobody foresaw; whoever would have been told of the rest has left."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, (InputError, AccessDenied, Unavailable, SnapshotEnded)):
        _log.error("what went on without its caller failed", exc_info=error)
