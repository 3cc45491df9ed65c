"""Tables out of CSV and XLSX files as people and spreadsheets save them, within bounds."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from typing import Any, Final

from quotaloom.importing.templates.layout import LINE, SHEET, UNIT
from quotaloom.importing.templates.workbooks import open_workbook
from quotaloom.platform.errors import InputError
from quotaloom.platform.spreadsheets import FileFormat

MOST_BYTES: Final = 20_000_000
MOST_UNPACKED: Final = 200_000_000
"""Bytes of all the parts of a workbook together, before they are unpacked."""

MOST_PARTS: Final = 1000
MOST_ROWS: Final = 100_000
LAST_ROW: Final = 1_048_576
"""The last row that a spreadsheet has: what a workbook says of its rows need not be so."""

MOST_COLUMNS: Final = 200
LONGEST_CELL: Final = 10_000

Value = str | int | float | bool | date | None
"""What a cell holds. A date with a time counts as a date; anything else that a spreadsheet knows is a text."""

FORMULA_WITHOUT_VALUE: Final = "=?"
"""A formula whose value was never worked out, which only a spreadsheet does."""

_ENCODINGS: Final = ("utf-8", "gb18030")
_DELIMITERS: Final = (",", ";", "\t")

# It tells of styles and validations that it does not know, which is no news to anybody here.
warnings.filterwarnings("ignore", module="openpyxl")


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its number as the spreadsheet shows it."""

    number: int
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The headings, the rows that are not empty, and the number of the row of the headings."""

    headings: tuple[Value, ...]
    rows: tuple[Row, ...]
    first: int = 1


def read_sheet(content: bytes, format: FileFormat) -> Sheet:
    """The table in a file; raises `InputError` BAD_FILE, TOO_LARGE. It takes seconds: not for the event loop."""
    if len(content) > MOST_BYTES:
        raise _too_large(f"the file has {len(content):,} bytes; {MOST_BYTES:,} are allowed")
    rows = _of_csv(content) if format is FileFormat.CSV else _of_xlsx(content)
    kept = []
    for row in rows:
        if any(value is not None for value in row.values):
            kept.append(row)
        if len(kept) > MOST_ROWS:
            raise _too_large(f"the table has more than {MOST_ROWS:,} rows; import it in parts")
    if not kept:
        raise InputError("BAD_FILE", "the file holds no table", ("content",))
    return Sheet(kept[0].values, tuple(kept[1:]), kept[0].number)


def _of_csv(content: bytes) -> Iterator[Row]:
    text = _decoded(content)
    first, _, rest = text.partition("\n")
    skipped = int(first.strip().lower().startswith("sep="))
    text = rest if skipped else text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for number, values in enumerate(reader, 1 + skipped):
            _check_width(number, values)
            yield Row(number, tuple(_cell(value) for value in values))
    except csv.Error as error:
        raise InputError("BAD_FILE", f"line {reader.line_num} cannot be read as CSV: {error}", ("content",)) from None


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: Sequence[str] = ("utf-16",)
    else:
        encodings = _ENCODINGS
    for encoding in encodings:
        try:
            return content.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise InputError("BAD_FILE", "the text is neither UTF-8 nor GB 18030; save it as CSV UTF-8", ("content",))


def _delimiter(text: str) -> str:
    heading = text.partition("\n")[0].lower()
    return next((one for one in _DELIMITERS if {UNIT, LINE} <= _words(heading, one)), ",")


def _words(heading: str, delimiter: str) -> set[str]:
    return {word.strip().strip('"') for word in heading.split(delimiter)}


def _of_xlsx(content: bytes) -> Iterator[Row]:
    _check_parts(content)
    try:
        yield from _of_workbook(content)
    except InputError:
        raise
    except Exception as error:  # whatever openpyxl, zipfile and the XML parser make of a broken file
        message = f"the file cannot be read as XLSX ({type(error).__name__}); save it as .xlsx, without a password"
        raise InputError("BAD_FILE", message, ("content",)) from None


def _check_parts(content: bytes) -> None:
    """A small file may unpack to a huge one; what the parts say of themselves is all that is ever unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile:
        raise InputError(
            "BAD_FILE", "this is no XLSX file; save it as .xlsx, without a password", ("content",)
        ) from None
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise _too_large(f"the workbook unpacks to more than {MOST_UNPACKED:,} bytes")


def _of_workbook(content: bytes) -> Iterator[Row]:
    values = _sheet_rows(content, data_only=True)
    formulas = _sheet_rows(content, data_only=False) if _has_formulas(content) else iter(())
    for number, (row, written) in enumerate(zip_longest(values, formulas, fillvalue=()), 1):
        if number > LAST_ROW:
            raise _too_large(f"the sheet has rows after {LAST_ROW:,}, where every spreadsheet ends")
        cells = map(_worked_out, row, written) if written else map(_cell, row)
        yield Row(number, tuple(cells))


def _sheet_rows(content: bytes, *, data_only: bool) -> Iterator[tuple[Any, ...]]:
    book = open_workbook(content, data_only=data_only)
    try:
        sheet: Any = book[SHEET] if SHEET in book.sheetnames else book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its size need not be so
        yield from sheet.iter_rows(values_only=True, max_col=_width(sheet), max_row=LAST_ROW + 1)
    finally:
        book.close()


def _width(sheet: Any) -> int:
    """How many columns the first row that is not empty has; what stands further to the right has no heading."""
    for row in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS, max_row=LAST_ROW):
        named = [column for column, value in enumerate(row, 1) if value is not None]
        if named:
            return named[-1]
    return 1


def _has_formulas(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.infolist():
            if part.filename.startswith("xl/worksheets/"):
                with archive.open(part) as file:
                    before = b""
                    while chunk := file.read(1 << 20):
                        if b"<f>" in before + chunk or b"<f " in before + chunk:
                            return True
                        before = chunk[-2:]
    return False


def _worked_out(value: Any, written: Any) -> Value:
    if value is None and isinstance(written, str) and written.startswith("="):
        return FORMULA_WITHOUT_VALUE
    return _cell(value)


def _cell(value: Any) -> Value:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value)
    if len(text) > LONGEST_CELL:
        raise _too_large(f"a cell has {len(text):,} characters; {LONGEST_CELL:,} are allowed")
    return text.strip() or None


def _check_width(number: int, values: Sequence[str]) -> None:
    if len(values) > MOST_COLUMNS:
        raise _too_large(f"row {number} has {len(values)} columns; {MOST_COLUMNS} are allowed")


def _too_large(message: str) -> InputError:
    return InputError("TOO_LARGE", message, ("content",))
