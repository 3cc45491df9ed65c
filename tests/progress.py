"""What tests that run for minutes say of how far they are: shown by `make soak`, and by nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TextIO, TypeVar

import pytest

Step = TypeVar("Step")

Progress = Callable[[int, int, str], None]
"""Told how many are done, how many there are, and what comes next."""

SHOWN: Final[pytest.StashKey[Progress]] = pytest.StashKey()
"""Where pytest's configuration has the one that shows it."""

SECONDS: Final = 10.0
"""How often a line comes where it cannot be written over."""


def silent(done: int, total: int, title: str) -> None:
    """Show nothing."""


def stepwise(progress: Progress, steps: Sequence[Step], title: str) -> Iterator[Step]:
    """The steps one after the other, each told before it is taken."""
    for number, step in enumerate(steps):
        progress(number, len(steps), title)
        yield step
    progress(len(steps), len(steps), title)


class Line:
    """A line below the name of the test, written over where it is a terminal's."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal, self._before = terminal, "\r\x1b[K" if terminal.isatty() else "\n"
        self._told_at: float | None = None

    def __call__(self, done: int, total: int, title: str) -> None:
        """Show it, unless such a line came just now; the last one always."""
        now = time.monotonic()
        if self._before == "\n" and self._told_at is not None and now < self._told_at + SECONDS and done < total:
            return
        before = "\n" if self._told_at is None else self._before
        after = "\n" if done == total else ""
        self._terminal.write(f"{before}  {done:,} of {total:,}: {title}{after}")
        self._terminal.flush()
        self._told_at = None if done == total else now


def uncaptured() -> TextIO:
    """The terminal's own stream of errors, if it is asked for before pytest captures what is written."""
    return os.fdopen(os.dup(2), "w")
