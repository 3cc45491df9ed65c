"""What a template of a plan's targets looks like: its columns, its marks, and the stamps that its rows carry.

Each unit has a row for each line (target, assessment, stretch), with a column for each month of the plan. The stamp at
the end tells what the row held when it was written, so that an edit can be told from what somebody else changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from zlib import crc32

from quotaloom.calendars.periods import Period
from quotaloom.targets.plans import PlanFacts

UNIT, NAME, PATH, KIND, LINE, MARKS, STAMP = "unit", "name", "path", "kind", "line", "marks", "stamp"
BEFORE_MONTHS: Final = (UNIT, NAME, PATH, KIND, LINE)
AFTER_MONTHS: Final = (MARKS, STAMP)

CLEAR: Final = "-"
"""In a cell of a month: the value is to be cleared. An empty cell leaves it as it is."""

SHEET: Final = "targets"
"""The sheet of a workbook that is read; the first one where none is called so."""

MONTH: Final = "month "
"""Begins the heading of a month: spreadsheets would make a date of `2026-04` alone."""


@dataclass(frozen=True, slots=True)
class MonthCell:
    """What a unit has in one month: its values in minor units, by line. `version` 0 means that it has no cell."""

    values: tuple[int | None, int | None, int | None] = (None, None, None)
    locked: bool = False
    pinned: bool = False
    by_day: bool = False
    version: int = 0


@dataclass(frozen=True, slots=True)
class TemplateUnit:
    """A unit with its cells, one for each month of the plan.

    `path` names the units above it, the root first. `may_set` says whether whoever asks may set its targets; `shut`
    are the places of the months on no day of which it is open.
    """

    id: int
    key: str
    name: str
    path: str
    kind: str
    may_set: bool
    cells: tuple[MonthCell, ...]
    shut: frozenset[int]

    def marks(self, months: Sequence[Period]) -> str:
        """What a planner should know of the row, such as `locked 2026-01, 2026-02`."""
        parts = [] if self.may_set else ["not yours to plan"]
        for word, concerned in (
            ("locked", [cell.locked for cell in self.cells]),
            ("pinned", [cell.pinned for cell in self.cells]),
            ("by day", [cell.by_day for cell in self.cells]),
            ("closed", [place in self.shut for place in range(len(months))]),
        ):
            labels = [month.label for month, so in zip(months, concerned, strict=True) if so]
            parts += [f"{word} {', '.join(labels)}"] if labels else []
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Template:
    """The targets of a plan's version, units in tree order, each right before what lies below it.

    `tells` says whether whoever imports it may be told what is stored.
    """

    plan: PlanFacts
    version_id: int
    metric_scale: int
    months: tuple[Period, ...]
    units: tuple[TemplateUnit, ...]
    tells: bool = True

    @property
    def headings(self) -> list[str]:
        """The first row of the file."""
        return [*BEFORE_MONTHS, *(MONTH + month.label for month in self.months), *AFTER_MONTHS]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a row held: the unit that it is of, and a digest of each month's value, in the order of the months."""

    unit_id: int
    digests: tuple[str, ...]

    def __str__(self) -> str:
        return f"v{self.unit_id}:{'.'.join(self.digests)}"


def stamp_of(unit: TemplateUnit, line: int, months: Sequence[Period]) -> Stamp:
    """The stamp of a unit's row of one line, by its place among the three."""
    cells = zip(months, unit.cells, strict=True)
    return Stamp(unit.id, tuple(digest(unit.id, line, month.starts_on, cell.values[line]) for month, cell in cells))


def digest(unit_id: int, line: int, month: date, value: int | None) -> str:
    """Eight hexadecimal digits that stand for one value in its place."""
    return f"{crc32(f'{unit_id} {line} {month.toordinal()} {value}'.encode()):08x}"


_STAMP = re.compile(r"v([0-9]{1,18}):([0-9a-f]{8}(?:\.[0-9a-f]{8}){0,366})", re.IGNORECASE)


def read_stamp(text: str) -> Stamp | None:
    """The stamp that a cell holds, None for what is none."""
    found = _STAMP.fullmatch(text.strip())
    return None if found is None else Stamp(int(found[1]), tuple(found[2].lower().split(".")))
