"""Who is told what is going on, so that it is known when the process hangs or ends in the middle of it."""

from __future__ import annotations

from typing import Protocol


class Witness(Protocol):
    """Told of every step of a check."""

    def found(self, names: tuple[str, ...]) -> None:
        """These policies will be checked, one after the other."""

    def checking(self, name: str) -> None:
        """The check of this policy begins."""

    def asking(self, sample: str) -> None:
        """Code of the plugin is called, with this request."""

    def answered(self) -> None:
        """The call has ended."""


class Nobody:
    """A witness who does not listen."""

    def found(self, names: tuple[str, ...]) -> None:
        """Nothing."""

    def checking(self, name: str) -> None:
        """Nothing."""

    def asking(self, sample: str) -> None:
        """Nothing."""

    def answered(self) -> None:
        """Nothing."""
