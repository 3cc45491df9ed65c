"""Amounts of many periods are added up in turns: those of ten thousand positions on each day of a year are millions."""

from __future__ import annotations

from typing import Final

from quotaloom.platform.stretches import Turns

ADDED: Final = 100_000
"""How many amounts are added at a stretch: some milliseconds."""


async def added(figures: list[list[int]], turns: Turns) -> list[int]:
    """The sums of lists of the same length, place by place; there is one list at least."""
    total = figures[0]
    if len(figures) == 1:
        return total
    at_once = max(1, ADDED // max(1, len(total)))
    for start in range(1, len(figures), at_once):
        some = figures[start : start + at_once]
        total = list(map(sum, zip(total, *some, strict=True)))
        await turns.done(len(some) * len(total))
    return total
