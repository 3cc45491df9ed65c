"""The time that an operation may take: what it asks for on its way ends with it, wherever that is awaited.

A surface says within which time it works with `timed`; a transaction, a statement and a plugin's answer are begun and
waited for while there is some left. What was begun and not committed is undone. Nothing interrupts Python that
computes without awaiting anything: the time is looked at once more when it is through, and then nothing is committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from contextvars import ContextVar

from quotaloom.platform.limits import Allowance
from quotaloom.platform.within import Within

_operation: ContextVar[Allowance | None] = ContextVar("operation", default=None)


def timed(allowance: Allowance | None) -> AbstractContextManager[None]:
    """Work within has the time of this operation; None for any, such as to find out what came of it."""
    return Within(_operation, allowance)


def take_time(allowance: Allowance | None) -> None:
    """Take over the time of the operation that this task, which does not inherit its context, works for."""
    _operation.set(allowance)


def operation_time() -> Allowance | None:
    """The time of the operation that we work for; None in an import, a job or a command line."""
    return _operation.get()


@asynccontextmanager
async def in_time(allowance: Allowance | None) -> AsyncIterator[None]:
    """Cancel what is awaited within once the time is over: raises `LimitExceeded` then, or if it was over before."""
    if allowance is None:
        yield
        return
    ending = asyncio.timeout(allowance.begin())
    try:
        async with ending:
            yield
    except TimeoutError:
        if not ending.expired():
            raise
        raise allowance.over() from None
    allowance.begin()
