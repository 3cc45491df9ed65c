"""Files that a mapping names as workbooks: their first sheet, written as CSV."""

from __future__ import annotations

import csv
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path
from typing import Final

from quotaloom.importing.mapping import TablePart
from quotaloom.importing.templates.sheets import Value, read_sheet
from quotaloom.platform.spreadsheets import FileFormat

WORKBOOK: Final = ".xlsx"


def is_workbook(file: str) -> bool:
    """Whether a file is a workbook, by its name."""
    return file.lower().endswith(WORKBOOK)


def stands_for(file: str) -> str:
    """The name of the CSV file that may stand in the place of a workbook; any other file stands for itself."""
    return f"{file[: -len(WORKBOOK)]}.csv" if is_workbook(file) else file


def file_of(folder: Path, part: TablePart) -> Path:
    """Where the rows of a part are: its file, or the CSV file in the place of a workbook."""
    path = folder / part.file
    return path if path.exists() or not is_workbook(part.file) else folder / stands_for(part.file)


def as_csv(content: bytes, part: TablePart) -> BytesIO:
    """The first sheet of a workbook, as a CSV file of the part has it: each row on the line of its own number.

    Dates and numbers are written as the part says; a line break in a cell becomes a space. Raises `InputError`
    BAD_FILE, TOO_LARGE.
    """
    sheet = read_sheet(content, FileFormat.XLSX)
    text = StringIO()
    writer = csv.writer(text, delimiter=part.delimiter, lineterminator="\n")
    numbered = [(sheet.first, sheet.headings), *((row.number, row.values) for row in sheet.rows)]
    written = 0
    for number, values in numbered:
        text.write("\n" * (number - written - 1))
        writer.writerow([_text(value, part) for value in values])
        written = number
    return BytesIO(text.getvalue().encode())


def _text(value: Value, part: TablePart) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.strftime(part.date_format)
    if isinstance(value, float):
        plain = f"{value:.10f}".rstrip("0").rstrip(".")
        return plain.replace(".", part.decimal_separator)
    return " ".join(str(value).splitlines())
