"""Input of many values is checked and converted in a thread, so that others have the event loop meanwhile.

Python lets another thread go on every few milliseconds. There is one such thread in a process: with several the
loop would wait for each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Final, TypeVar

MANY: Final = 1_000
"""Values that take some ten milliseconds to check and convert: so many are still converted in the loop."""

T = TypeVar("T")

_THREAD: Final = ThreadPoolExecutor(1, "converting")


def are_many(values: Mapping[str, Any] | None) -> bool:
    """Whether variables hold more than `MANY` values at any depth; no more than those are looked at."""
    if not values:
        return False
    found, waiting = 0, [values.values()]
    while waiting:
        some: Any = waiting.pop()
        found += len(some)
        if found > MANY:
            return True
        waiting += [one.values() if type(one) is dict else one for one in some if type(one) in _HOLDING]
    return False


async def aside(convert: Callable[[], T]) -> T:
    """The result of a function that only computes, in the thread and in the same context."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, copy_context().run, convert)


_HOLDING: Final = frozenset({dict, list})
