"""Files that a mapping names as workbooks."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from quotaloom.importing.mapping import OpportunitiesPart
from quotaloom.importing.mapping_files import load_mapping
from quotaloom.importing.progress import Silent
from quotaloom.importing.tables import Table
from quotaloom.importing.values import ValueReader

DEALS = load_mapping("maven-crm-sales").opportunities
HEADER = [
    "opportunity_id",
    "sales_agent",
    "product",
    "account",
    "deal_stage",
    "engage_date",
    "close_date",
    "close_value",
]


def table(**changes: Any) -> Table:
    """The deals of the data set's mapping, in a workbook."""
    assert isinstance(DEALS, OpportunitiesPart)
    part = DEALS.model_copy(update={"file": "deals.xlsx", **changes})
    return Table(part, ValueReader(part, "USD"))


def save(folder: Path, *rows: list[Any]) -> None:
    """A workbook with these rows, the first of which stands in the second row."""
    book = Workbook()
    sheet = book.worksheets[0]
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            sheet.cell(number, column, value)
    book.save(folder / "deals.xlsx")


def test_cells_are_read_as_what_they_are(tmp_path: Path) -> None:
    """Days and amounts are written as the part says; a row keeps its number, and empty ones are left out."""
    save(
        tmp_path,
        HEADER,
        ["D1", "Ann", "GTXPro", "A\nB", "Won", date(2016, 10, 20), datetime.fromisoformat("2017-03-01T08:00"), 1234.5],
        [],
        ["D2", "Ann", "MG Special", None, "Engaging", None, None, 1000],
    )
    read = table(date_format="%d.%m.%Y", decimal_separator=",")
    rows = list(read.rows(tmp_path, Silent()))
    assert [(row.line, row.cells) for row in rows] == [
        (3, ["D1", "Ann", "GTX Pro", "A B", "Won", "20.10.2016", "01.03.2017", "1234,5"]),
        (5, ["D2", "Ann", "MG Special", "", "Engaging", "", "", "1000"]),
    ]
    assert (read.read, read.bad) == (2, [])


def test_a_csv_file_may_stand_in_the_place_of_a_workbook(tmp_path: Path) -> None:
    """As rows that were left out are written."""
    (tmp_path / "deals.csv").write_text(",".join(HEADER) + "\nD1,Ann,GTXPro,,Engaging,,,\n", encoding="utf-8")
    (row,) = table().rows(tmp_path, Silent())
    assert row.cells[0] == "D1"


def test_what_is_no_workbook_is_told(tmp_path: Path) -> None:
    """A file of that name that holds something else, and one that is not there."""
    (tmp_path / "deals.xlsx").write_text("opportunity_id\n", encoding="utf-8")
    broken, missing = table(), table(file="none.xlsx")
    assert list(broken.rows(tmp_path, Silent())) + list(missing.rows(tmp_path, Silent())) == []
    assert str(broken.bad[0]) == "deals.xlsx: this is no XLSX file; save it as .xlsx, without a password"
    assert str(missing.bad[0]) == "none.xlsx: the file cannot be read: No such file or directory"
    assert broken.fault
    assert missing.fault
