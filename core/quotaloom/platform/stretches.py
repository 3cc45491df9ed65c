"""Long computations leave the event loop to others every few milliseconds, so that nobody waits for a large answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, TypeVar

AT_A_STRETCH: Final = 8_192
"""How many plain rows are worked out before others may have the loop: a few milliseconds."""

LONG: Final = 500
"""The same of rows that take ten microseconds each."""

T = TypeVar("T")
R = TypeVar("R")


async def in_stretches(rows: Sequence[T], most: int = AT_A_STRETCH) -> AsyncIterator[Sequence[T]]:
    """The rows, so many at a time; others have their turn in between."""
    for start in range(0, len(rows), most):
        if start:
            await asyncio.sleep(0)
        yield rows[start : start + most]


async def each_in_turn(rows: Sequence[T], make: Callable[[T], R], most: int = LONG) -> list[R]:
    """What `make` makes of each row, in their order, so many at a time; others have their turn in between."""
    made: list[R] = []
    async for some in in_stretches(rows, most):
        made += map(make, some)
    return made


class Turns:
    """Gives others their turn whenever so much work is done, where the parts of a computation are not alike."""

    __slots__ = ("_done", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._done = 0

    async def done(self, work: int) -> None:
        """So much more is done."""
        self._done += work
        if self._done > self._most:
            self._done = 0
            await asyncio.sleep(0)
