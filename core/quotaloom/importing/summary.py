"""What an import did, for whoever started it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from quotaloom.importing.bad_rows import MOST_SHOWN, BadRow
from quotaloom.importing.reading import FolderContent


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many records of a kind the files held, and what became of them.

    `read` counts the good ones, `created` those that are new, `already_there` those whose key was stored before
    and which stayed as they were. `skipped` counts the bad rows of the file that is about this kind.
    """

    kind: str
    read: int
    created: int
    skipped: int = 0

    @property
    def already_there(self) -> int:
        """How many were stored before."""
        return self.read - self.created


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing of what was read, and of how many rows it is true."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import did; `founded` says whether the company is new, `bad_rows` are those that were left out.

    `duplicates` are rows that were imported although they are the same as others.
    """

    company_key: str
    company_id: int
    founded: bool
    kinds: tuple[KindCount, ...]
    notes: tuple[Note, ...]
    bad_rows: tuple[BadRow, ...]
    duplicates: tuple[BadRow, ...] = ()

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns of `rows`."""
        return ("kind", "read", "created", "already there", "skipped")

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """A table of the kinds, as text."""
        return [
            (one.kind, f"{one.read:,}", f"{one.created:,}", f"{one.already_there:,}", f"{one.skipped:,}")
            for one in self.kinds
        ]

    def created(self, kind: str) -> int:
        """How many records of a kind are new."""
        return next(one.created for one in self.kinds if one.kind == kind)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        table = [self.header, *self.rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for row in table:
            first, *others = (
                cell.rjust(width) if number else cell.ljust(width)
                for number, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            yield "  ".join([first, *others])
        for note in self.notes:
            yield f"{note.text}: {note.count:,}"
        yield from self.told_duplicates

    @property
    def told_duplicates(self) -> list[str]:
        """The duplicates as they are told, the first of them one by one."""
        told = [str(one) for one in self.duplicates[:MOST_SHOWN]]
        more = len(self.duplicates) - MOST_SHOWN
        return [*told, f"… and {more:,} more rows that are the same as others"] if more > 0 else told


def notes_of(content: FolderContent) -> tuple[Note, ...]:
    """What is notable in the files; what is true of nothing is left out."""
    notes = [
        Note(f"{table.part.file}: {column} {written!r} taken as {table.part.aliases[column][written]!r}", count)
        for table in content.tables.values()
        for (column, written), count in sorted(table.aliased.items())
    ]
    records = content.records
    if "opportunities" in content.tables:
        worked = {deal.position_key for deal in records.deals}
        positions = {unit.key for unit in records.units if unit.kind == "position"}
        notes += [
            Note("opportunities without a customer", sum(deal.customer_key is None for deal in records.deals)),
            Note("amounts estimated from the list price", sum(deal.amount_estimated for deal in records.deals)),
            Note("opportunities without an amount", sum(deal.amount is None for deal in records.deals)),
            Note("opportunities opened on an unknown day", sum(deal.opened_on is None for deal in records.deals)),
            Note("positions without an opportunity", len(positions - worked)),
        ]
    return tuple(note for note in notes if note.count)
