"""Tables of typed columns, and the files that they are written to: CSV, and XLSX a row at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, BinaryIO, Final, Protocol

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import InputError
from quotaloom.platform.spreadsheets import BOM, EXACT_DIGITS, FileFormat, guarded
from quotaloom.platform.time_limits import operation_time

Value = str | int | Decimal | date | None
"""What a cell holds: texts, whole numbers, amounts in minor units, ratios, days; None for nothing."""

MOST_ROWS: Final = 1_048_575
"""Rows below the headings that a worksheet has room for."""

LOOKED_AT_EVERY: Final = 100
"""Rows after which it is looked whether there is time for more."""

_HEADING: Final = Font(bold=True)
_WIDTHS: Final = {"text": 28, "day": 12}
_WIDTH: Final = 16


class CellKind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    COUNT = "count"
    AMOUNT = "amount"
    RATIO = "ratio"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and what its cells hold. Amounts, in minor units, have `scale` decimal places."""

    heading: str
    kind: CellKind = CellKind.TEXT
    scale: int = 0

    @property
    def number_format(self) -> str:
        """How a spreadsheet shows its cells."""
        match self.kind:
            case CellKind.AMOUNT if self.scale:
                return f"#,##0.{'0' * self.scale}"
            case CellKind.AMOUNT | CellKind.COUNT:
                return "#,##0"
            case CellKind.RATIO:
                return "0.000000"
            case CellKind.DAY:
                return "yyyy-mm-dd"
            case _:
                return "@"


def written(format: FileFormat, columns: Sequence[Column], rows: Iterable[Sequence[Value]]) -> bytes:
    """The file as `write_table` makes it."""
    file = io.BytesIO()
    write_table(file, format, columns, rows)
    return file.getvalue()


def write_table(
    file: BinaryIO,
    format: FileFormat,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Value]],
    sheet: str = "report",
) -> None:
    """Write headings and rows, each with a value for each column, as they come: see `table_file`."""
    table = table_file(file, format, columns, sheet)
    try:
        table.add(rows)
    except BaseException:
        table.discard()
        raise
    table.close()


class TableFile(Protocol):
    """A file that takes the rows of its table as they come, and keeps none in memory."""

    def add(self, rows: Iterable[Sequence[Value]]) -> None:
        """Write rows, each with a value for each column; raises `InputError` TOO_LARGE where there is no room."""

    def close(self) -> None:
        """Write the rest; the file itself stays open."""

    def discard(self) -> None:
        """Give it up; what is in the file is of no use."""


def table_file(file: BinaryIO, format: FileFormat, columns: Sequence[Column], sheet: str = "report") -> TableFile:
    """A file with these headings, which is to be closed or discarded in the end.

    No text is run as a formula by a spreadsheet, and numbers of more digits than it keeps are texts in XLSX. Writing
    takes seconds for many rows: not to be done in the event loop (see `platform.spreadsheets.aside`). A worksheet has
    no room for more rows than `MOST_ROWS`.
    """
    return _Csv(file, columns) if format is FileFormat.CSV else _Xlsx(file, columns, sheet)


def _within_limits(rows: Iterable[Sequence[Value]], size: Callable[[], int] | None = None) -> Iterator[Sequence[Value]]:
    """The rows, for as long as the operation has time, and its file may have as many bytes as `size` tells.

    Both are looked at after each hundred: raises `LimitExceeded`.
    """
    operation = operation_time()
    for number, row in enumerate(rows):
        if operation is not None and number % LOOKED_AT_EVERY == 0:
            operation.begin()
            if size is not None:
                operation.require_file(size())
        yield row


class _Csv:
    def __init__(self, file: BinaryIO, columns: Sequence[Column]) -> None:
        self._file = file
        self._text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        self._text.write(BOM)
        self._writer = csv.writer(self._text)
        self._writer.writerow([guarded(column.heading) for column in columns])
        self._tell = [_text_of(column) for column in columns]

    def add(self, rows: Iterable[Sequence[Value]]) -> None:
        self._writer.writerows(
            ["" if value is None else told(value) for told, value in zip(self._tell, row, strict=True)]
            for row in _within_limits(rows, self._file.tell)
        )

    def close(self) -> None:
        self._text.flush()
        self.discard()

    def discard(self) -> None:
        self._text.detach()


def _text_of(column: Column) -> Callable[[Any], str]:
    if column.kind is CellKind.TEXT:
        return guarded
    if column.kind is CellKind.AMOUNT:
        return lambda amount: format_amount(amount, column.scale)
    if column.kind is CellKind.RATIO:
        return lambda ratio: format(ratio, "f")
    return str


class _Xlsx:
    def __init__(self, file: BinaryIO, columns: Sequence[Column], sheet: str) -> None:
        self._file, self._rows = file, 0
        self._book = Workbook(write_only=True)
        page = self._page = self._book.create_sheet(sheet)
        page.freeze_panes = "A2"
        for number, column in enumerate(columns, 1):
            page.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(column.kind, _WIDTH)
        page.append([_text_cell(page, column.heading, _HEADING) for column in columns])
        self._put = [_putting(page, column) for column in columns]

    def add(self, rows: Iterable[Sequence[Value]]) -> None:
        for row in _within_limits(rows):
            if self._rows == MOST_ROWS:
                raise InputError("TOO_LARGE", f"a worksheet has room for {MOST_ROWS:,} rows: take CSV", ("format",))
            self._rows += 1
            cells = zip(self._put, row, strict=True)
            self._page.append([None if value is None else put(value) for put, value in cells])

    def close(self) -> None:
        self._book.save(self._file)

    def discard(self) -> None:
        # What was written so far lies in a file of its own, which saving takes away.
        self._book.save(io.BytesIO())


def _putting(page: Any, column: Column) -> Callable[[Any], Any]:
    """What makes cells of the column's values: one cell with its format serves all rows, which are written at once."""
    if column.kind is CellKind.TEXT:
        return lambda text: _text_cell(page, text)
    cell = WriteOnlyCell(page)
    cell.number_format = column.number_format

    def put(value: Any) -> Any:
        cell.value = value
        return cell

    def put_amount(minor: int) -> Any:
        amount = format_amount(minor, column.scale)
        return amount if len(str(abs(minor))) > EXACT_DIGITS else put(Decimal(amount))

    return put_amount if column.kind is CellKind.AMOUNT else put


def _text_cell(page: Any, text: str, font: Font | None = None) -> Any:
    plain = ILLEGAL_CHARACTERS_RE.sub("", text)
    if font is None and not plain.startswith("="):
        return plain
    cell = WriteOnlyCell(page, plain)
    cell.data_type = "s"  # a text that begins with = is a formula otherwise
    if font is not None:
        cell.font = font
    return cell
