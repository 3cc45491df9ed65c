"""Whether somebody still waits for an answer: asked where waiting costs others, and where giving up tears nothing.

A surface says who its caller is with `answering`; what it runs asks with `while_awaited`. Without a caller, such as in
an import, everything runs to its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from quotaloom.platform.errors import CallerGone
from quotaloom.platform.within import Within

T = TypeVar("T")


class Caller(Protocol):
    """Whoever is to be answered."""

    async def gone(self) -> None:
        """Return once nobody waits any more; may be awaited by several at once, and given up."""


_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


def answering(caller: Caller) -> AbstractContextManager[None]:
    """Work within is for this caller."""
    return Within(_caller, caller)


async def while_awaited(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled when the caller goes away: raises `CallerGone` then.

    To be used outside any transaction only, so that no unit of work is torn.
    """
    caller = _caller.get()
    if caller is None:
        return await work
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(caller.gone())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return await working
        raise CallerGone
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)
