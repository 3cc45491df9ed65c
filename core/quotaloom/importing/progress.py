"""Telling how far an import is."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Step(StrEnum):
    """What an import is doing."""

    READ = "read"
    WRITE = "write"


class Progress(Protocol):
    """Whoever shows a progress bar: bytes while files are read and checked, rows while they are written."""

    def begin(self, step: Step, total: int) -> None:
        """A step begins; it will advance by `total`."""

    def advance(self, step: Step, count: int) -> None:
        """The step came further by `count`; what it tells of is stored."""


class Silent:
    """Nobody who looks on."""

    def begin(self, step: Step, total: int) -> None:
        """Show nothing."""

    def advance(self, step: Step, count: int) -> None:
        """Show nothing."""
