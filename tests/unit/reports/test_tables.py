"""Tables as CSV and XLSX files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from quotaloom.platform.errors import InputError
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.reports import tables
from quotaloom.reports.tables import CellKind, Column, Value, written

COLUMNS = (
    Column("name"),
    Column("count", CellKind.COUNT),
    Column("=amount", CellKind.AMOUNT, 2),
    Column("ratio", CellKind.RATIO),
    Column("day", CellKind.DAY),
)
ROWS: tuple[tuple[Value, ...], ...] = (
    ("Ann", 3, -12_345, Decimal("0.666667"), date(2017, 2, 28)),
    ("=1+1", None, 5, None, None),
    ("@x\x0b", 0, 12_345_678_901_234_567, None, None),
    ("-5", None, None, None, None),
    ("\tx", None, None, None, None),
    ("+x", None, None, None, None),
)


def test_csv_has_exact_numbers_and_no_formulas() -> None:
    """Texts that a spreadsheet would run have a ' before them, numbers below zero have none."""
    content = written(FileFormat.CSV, COLUMNS, ROWS).decode()
    assert content.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(content[1:], newline=""))) == [
        ["name", "count", "'=amount", "ratio", "day"],
        ["Ann", "3", "-123.45", "0.666667", "2017-02-28"],
        ["'=1+1", "", "0.05", "", ""],
        ["'@x\x0b", "0", "123456789012345.67", "", ""],
        ["'-5", "", "", "", ""],
        ["'\tx", "", "", "", ""],
        ["'+x", "", "", "", ""],
    ]


def test_a_workbook_has_numbers_that_it_keeps_and_texts_that_it_does_not_run() -> None:
    """=1+1 is a text, what no workbook may hold is left out, and an amount of seventeen digits is a text."""
    sheet = load_workbook(io.BytesIO(written(FileFormat.XLSX, COLUMNS, ROWS)))["report"]
    found = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert found[0] == ["name", "count", "=amount", "ratio", "day"]
    assert found[1][:4] == ["Ann", 3, -123.45, 0.666667]
    assert str(found[1][4]) == "2017-02-28 00:00:00"
    assert found[2][:3] == ["=1+1", None, 0.05]
    assert found[3][:3] == ["@x", 0, "123456789012345.67"]
    assert [cell.data_type for cell in sheet["A"]] == ["s"] * 7
    assert [cell.number_format for cell in sheet[2]] == ["General", "#,##0", "#,##0.00", "0.000000", "yyyy-mm-dd"]


def test_rows_are_written_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be made one by one; where a worksheet has no room for them all it is said, and CSV takes them."""
    monkeypatch.setattr(tables, "MOST_ROWS", 2)

    def rows(count: int) -> Iterator[list[Value]]:
        for number in range(count):
            yield [number]

    columns = [Column("number", CellKind.COUNT)]
    assert written(FileFormat.CSV, columns, rows(3)).decode().split() == ["\ufeffnumber", "0", "1", "2"]
    assert written(FileFormat.XLSX, columns, rows(2))[:2] == b"PK"
    with pytest.raises(InputError) as refused:
        written(FileFormat.XLSX, columns, rows(3))
    assert refused.value.code == "TOO_LARGE"
