"""Reading a CSV file, or a workbook, row by row, and collecting everything that is wrong with it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from quotaloom.importing.bad_rows import BadRow
from quotaloom.importing.mapping import Source, TablePart
from quotaloom.importing.progress import Progress, Silent, Step
from quotaloom.importing.rows import Row
from quotaloom.importing.values import ValueReader
from quotaloom.importing.workbook_files import as_csv, file_of, is_workbook
from quotaloom.platform.errors import InputError

_TOLD_EVERY = 1000


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A row that was good when it was read, and what is wrong with it for all that."""

    source: Source
    reason: str


@dataclass
class Table:
    """A file that is read once; what is wrong with it gathers in `bad`.

    `fault` is set where no row, or not every row, can be read; such a file cannot be imported without its bad rows
    either. `aliased` counts, by column and value as written, what an alias replaced. `lines` is where each
    record starts, by its key, the bad ones included. `header` is the first line as it stands, `header_names` its
    columns. `refused` are rows, by the lines they start on, that are bad whatever is read of them.
    """

    part: TablePart
    values: ValueReader
    refused: Mapping[int, RefusedLine] = field(default_factory=dict)
    read: int = 0
    fault: bool = False
    bad: list[BadRow] = field(default_factory=list)
    aliased: Counter[tuple[str, str]] = field(default_factory=Counter)
    lines: dict[str, int] = field(default_factory=dict)
    header: str = ""
    header_names: list[str] = field(default_factory=list)

    @property
    def bad_lines(self) -> frozenset[int]:
        """Where bad rows start."""
        return frozenset(bad.line for bad in self.bad if bad.line is not None)

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:
        """The rows with the right number of columns; their own faults are gathered when the next one is asked for."""
        path = file_of(folder, self.part)
        try:
            if is_workbook(path.name):
                yield from self._of_workbook(path, progress)
                return
            with path.open("rb") as file:
                yield from self._of_csv(file, progress)
        except OSError as error:
            self._unreadable(None, f"the file cannot be read: {error.strerror}")

    def _of_workbook(self, path: Path, progress: Progress) -> Iterator[Row]:
        content = path.read_bytes()
        try:
            written = as_csv(content, self.part)
        except InputError as error:
            self._unreadable(None, error.message)
            return
        yield from self._of_csv(written, Silent())
        progress.advance(Step.READ, len(content))

    def _of_csv(self, file: BinaryIO, progress: Progress) -> Iterator[Row]:
        with TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            yield from self._rows(text, file, progress)

    def _rows(self, text: TextIOWrapper, file: BinaryIO, progress: Progress) -> Iterator[Row]:
        records = self._records(text)
        header = next(records, None)
        if header is None:
            if not self.fault:
                self._unreadable(None, "the file is empty: its first line names the columns")
            return
        places = self._places(header)
        if places is None:
            return
        aliases = [(places[column], column, meant) for column, meant in self.part.aliases.items()]
        told = 0
        for record in records:
            self.read += 1
            row = self._row(record, places, len(header.cells))
            if row is not None:
                self._replace_aliases(row, aliases)
                if (refused := self.refused.get(row.line)) is not None:
                    row.refuse(refused.source, refused.reason)
                yield row
                self.bad += row.faults
            if self.read % _TOLD_EVERY == 0:
                told = _tell(progress, file, told)
        _tell(progress, file, told)

    def _records(self, file: TextIOWrapper) -> Iterator[_Record]:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=self.part.delimiter, strict=True)
        while True:
            lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if self._stops(lines, str(error)):
                    return
                continue
            if any(map(str.strip, cells)):
                yield _Record(lines.first, lines.content, cells)

    def _stops(self, lines: _Lines, error: str) -> bool:
        if "unexpected end" in error or "field larger" in error:
            self._unreadable(lines.first, "a quote is opened and not closed again: every quote inside is doubled")
            return True
        self.read += 1
        self.bad.append(BadRow(self.part.file, lines.first, None, f"the quotes do not match ({error})", lines.content))
        return False

    def _places(self, header: _Record) -> dict[str, int] | None:
        if (fault := header.broken()) is not None:
            self._unreadable(header.line, f"{fault}: save the file as CSV in UTF-8")
            return None
        names = self.header_names = [name.strip() for name in header.cells]
        self.header = header.content
        missing = [column for column in self.part.columns if column not in names]
        if missing:
            self._unreadable(
                header.line, f"no column {', '.join(map(repr, missing))}: the columns are {', '.join(map(repr, names))}"
            )
            return None
        twice = [column for column in self.part.columns if names.count(column) > 1]
        if twice:
            self._unreadable(header.line, f"more than one column {', '.join(map(repr, twice))}")
            return None
        return {name: place for place, name in enumerate(names)}

    def _row(self, record: _Record, places: dict[str, int], width: int) -> Row | None:
        fault = record.broken()
        if fault is None and len(record.cells) != width:
            fault = f"{_columns(len(record.cells))}, where the first line names {width}"
        if fault is None and "\0" in record.content:
            fault = "the row holds the character U+0000, which cannot be stored"
        if fault is not None:
            self.bad.append(BadRow(self.part.file, record.line, None, fault, record.content))
            return None
        cells = [cell.strip() for cell in record.cells]
        return Row(self.part.file, record.line, cells, places, record.content, self.values)

    def _replace_aliases(self, row: Row, aliases: list[tuple[int, str, dict[str, str]]]) -> None:
        for place, column, meant in aliases:
            written = row.cells[place]
            if written in meant:
                row.cells[place] = meant[written]
                self.aliased[column, written] += 1

    def _unreadable(self, line: int | None, reason: str) -> None:
        self.fault = True
        self.bad.append(BadRow(self.part.file, line, None, reason))


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    content: str
    cells: list[str]

    def broken(self) -> str | None:
        """Where a byte is not UTF-8."""
        if self.content.isascii():
            return None
        try:
            self.content.encode()
        except UnicodeEncodeError as error:
            before = self.content[: error.start].splitlines(keepends=True)
            within = before[-1] if before and not before[-1].endswith(("\n", "\r")) else ""
            line = self.line + len(before) - bool(within)
            byte = ord(self.content[error.start]) - 0xDC00
            return f"byte {len(within.encode()) + 1} of line {line} (0x{byte:02X}) is not UTF-8"
        return None


class _Lines:
    """The lines of a file, and those of them that the record under way is made of."""

    def __init__(self, file: TextIOWrapper) -> None:
        self._file = file
        self._since: list[str] = []
        self.first = 1

    def begin(self) -> None:
        self.first += len(self._since)
        self._since.clear()

    @property
    def content(self) -> str:
        return "".join(self._since).rstrip("\r\n")

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._file)
        self._since.append(line)
        return line


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"


def _tell(progress: Progress, file: BinaryIO, told: int) -> int:
    here = file.tell()
    progress.advance(Step.READ, here - told)
    return here
