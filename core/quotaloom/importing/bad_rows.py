"""What is wrong with files that are to be imported, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from quotaloom.platform.errors import InputError

MOST_SHOWN = 20
"""How many bad rows a message shows."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be imported, or a file (without a `line`).

    `line` counts from 1, the header included, and is where the row starts; `column` is the one at fault, where
    it is one; `content` is the row as it stands in the file.
    """

    file: str
    line: int | None
    column: str | None
    reason: str
    content: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{place}: {self.reason}" if self.column is None else f"{place}, {self.column}: {self.reason}"


class ImportRefused(InputError):
    """Files that cannot be imported as they are; `bad_rows` holds everything that is wrong with them.

    `halfway` says that the company was changed by others after the files were checked: what was written before
    stays, and the import can be run again.
    """

    def __init__(self, bad_rows: Sequence[BadRow], *, halfway: bool = False) -> None:
        super().__init__("IMPORT_REFUSED", _told(bad_rows, halfway))
        self.bad_rows = tuple(bad_rows)

    def at(self, *_: str | int) -> ImportRefused:
        """The same error: its places are files and lines."""
        return self


def _told(bad_rows: Sequence[BadRow], halfway: bool) -> str:
    lines = [str(bad) for bad in bad_rows[:MOST_SHOWN]]
    if len(bad_rows) > MOST_SHOWN:
        lines.append(f"… and {len(bad_rows) - MOST_SHOWN:,} more")
    faults = "1 fault" if len(bad_rows) == 1 else f"{len(bad_rows):,} faults"
    outcome = "the import stopped here, run it again when this is mended" if halfway else "nothing of them was imported"
    return "\n".join([f"the files have {faults}; {outcome}", *lines])
