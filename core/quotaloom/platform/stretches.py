"""Long computations leave the event loop to others every few milliseconds, so that nobody waits for a large answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, TypeVar

AT_A_STRETCH: Final = 8_192
"""How many plain rows are worked out before others may have the loop: a few milliseconds."""

T = TypeVar("T")


async def in_stretches(rows: Sequence[T], most: int = AT_A_STRETCH) -> AsyncIterator[Sequence[T]]:
    """The rows, so many at a time; others have their turn in between."""
    for start in range(0, len(rows), most):
        if start:
            await asyncio.sleep(0)
        yield rows[start : start + most]
