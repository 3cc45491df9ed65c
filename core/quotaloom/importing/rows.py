"""One row of a file: its fields by their sources, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from quotaloom.importing.bad_rows import BadRow
from quotaloom.importing.mapping import PLACEHOLDER, Source
from quotaloom.importing.values import ValueReader
from quotaloom.platform.errors import InputError

T = TypeVar("T")


@dataclass(slots=True)
class Row:
    """A row with the right number of columns; reading a field that is wrong adds to `faults` and gives None."""

    file: str
    line: int
    cells: list[str]
    places: dict[str, int]
    content: str
    values: ValueReader
    faults: list[BadRow] = field(default_factory=list)

    def text(self, source: Source | None, *, among: Callable[[str], object] | None = None) -> str | None:
        """The field, or None where it is blank; `among` raises `InputError` for a text that cannot be."""
        if source is None:
            return None
        found = self._filled(source)
        if found and among is not None:
            try:
                among(found)
            except InputError as error:
                self.refuse(source, error.message)
        return found or None

    def needed(self, source: Source, *, among: Callable[[str], object] | None = None) -> str:
        """The field; blank is a fault, and the answer is then empty."""
        found = self.text(source, among=among)
        if found is None:
            blank = next(column for column in source.columns if not self.cells[self.places[column]])
            self._add(blank, "is needed and is blank")
        return found or ""

    def day(self, source: Source | None) -> date | None:
        """The field as a day, or None where it is blank."""
        return self._read(source, self.values.day)

    def amount(self, source: Source | None) -> int | None:
        """The field in minor units of the company's currency, or None where it is blank."""
        return self._read(source, self.values.amount)

    def refuse(self, source: Source, reason: str) -> None:
        """Add a fault of a field."""
        self._add(source.columns[0], reason)

    @contextmanager
    def faults_of(self, source: Source) -> Iterator[None]:
        """An `InputError` raised inside becomes a fault of the field."""
        try:
            yield
        except InputError as error:
            self.refuse(source, error.message)

    def _add(self, column: str, reason: str) -> None:
        bad = BadRow(self.file, self.line, column, reason, self.content)
        if bad not in self.faults:
            self.faults.append(bad)

    def _read(self, source: Source | None, read: Callable[[str], T]) -> T | None:
        text = self.text(source)
        if source is None or text is None:
            return None
        try:
            return read(text)
        except InputError as error:
            self.refuse(source, error.message)
            return None

    def _filled(self, source: Source) -> str:
        text = source.root
        if "{" not in text:
            return self.cells[self.places[text]]
        values = {column: self.cells[self.places[column]] for column in source.columns}
        return PLACEHOLDER.sub(lambda match: values[match[1]], text) if all(values.values()) else ""
