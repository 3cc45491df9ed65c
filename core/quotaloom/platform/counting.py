"""Counts by whatever is counted, of which only what is there has one."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def one_less(counts: dict[T, int], what: T) -> None:
    """Count one less; what comes to nothing is forgotten."""
    left = counts[what] - 1
    if left:
        counts[what] = left
    else:
        del counts[what]
