"""What is wrong with a file is told with its place, all at once, and nothing is stored."""

from __future__ import annotations

import io
import zipfile
from base64 import b64encode
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook

from quotaloom.importing.templates import comparing, sheets
from tests.integration.templates.conftest import RESULT, Desk, Table, at, file_of, place

HEAD = ["unit", "line", "month 2026-01"]


async def test_everything_wrong_is_told_at_once(desk: Desk) -> None:
    """Six rows with a fault each; the good one is not stored."""
    table: Table = [
        [*HEAD, "month 2026-02"],
        ["east", "target", "1", "x"],
        ["nobody", "target", "1", None],
        ["east", "quota", "1", None],
        ["west", "target", "-1", "12 34"],
        ["west", "target", "1", None],
        ["west", "assessment", "12.3456", None],
        ["west", "stretch", "5", None],
    ]
    for kind in ("csv", "xlsx"):
        for dry_run in (True, False):
            assert await desk.refused(table, kind, dry_run) == [
                "NOT_A_NUMBER 2 month 2026-02",
                "UNKNOWN_UNIT 3 unit",
                "UNKNOWN_LINE 4 line",
                "NEGATIVE_AMOUNT 5 month 2026-01",
                "NOT_A_NUMBER 5 month 2026-02",
                "DUPLICATE_ROW 6 line",
                "TOO_PRECISE 7 month 2026-01",
            ]
    assert await desk.cells("West") == {"2026-01": ("50.00", None, None)}


async def test_faults_are_listed_up_to_a_hundred(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of five with room for two the others are counted."""
    monkeypatch.setattr(comparing, "MOST_ERRORS", 2)
    table = [HEAD, *(["nobody", "target", "1"] for _ in range(5))]
    payload = await desk.send(file_of(table, "csv"), "csv", True)
    assert [one["code"] for one in payload["errors"]] == ["UNKNOWN_UNIT", "UNKNOWN_UNIT", "MORE_ERRORS"]
    assert payload["errors"][-1]["message"].startswith("there are 3 more faults")


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        (["unit", "month 2026-01"], ["MISSING_COLUMN 1 line"]),
        (["name", "month 2026-01"], ["MISSING_COLUMN 1 unit", "MISSING_COLUMN 1 line"]),
        ([*HEAD, "month 2027-01"], ["UNKNOWN_MONTH 1 month 2027-01"]),
        ([*HEAD, "2026-01"], ["DUPLICATE_COLUMN 1 2026-01"]),
        ([*HEAD, "unit"], ["DUPLICATE_COLUMN 1 unit"]),
        (["unit", "line", "Jan-26", "Feb-26"], ["MISSING_COLUMN 1 month 2026-01"]),
    ],
)
async def test_headings_that_are_wrong(desk: Desk, headings: list[str], expected: list[str]) -> None:
    """Columns that are missing, twice there, or of another year."""
    assert await desk.refused([headings, ["east", "target", "1", None]]) == expected


async def test_stamps_belong_to_their_rows(desk: Desk) -> None:
    """One of another unit, one that is garbled, and a row that was copied for another unit."""
    table = await desk.export()
    at(table, "East", "target")[-1] = at(table, "West", "target")[-1]
    at(table, "East", "assessment")[-1] = "v1:nonsense"
    at(table, "West", "stretch")[0] = "east"
    assert await desk.refused(table) == ["BAD_STAMP 5 stamp", "BAD_STAMP 6 stamp", "BAD_STAMP 10 stamp"]


async def test_fixed_cells_are_refused(desk: Desk) -> None:
    """Locked, planned by the day, before the unit opens; and below a unit whose targets are submitted."""
    plan, east = desk.company.ids["plan"], desk.company.ids["East"]
    await desk.client.do("lockTargetCells", "plan { id }", planId=plan, orgUnitIds=[east], period="2026-01")
    await desk.client.do("planByDay", "plan { id }", planId=plan, orgUnitIds=[east], period="2026-02")
    await desk.client.do(
        "createOrgUnit",
        "orgUnit { id }",
        key="late",
        name="Late",
        kind="POSITION",
        parentId=desk.company.ids["acme"],
        openedOn="2026-06-01",
    )
    table: Table = [[*HEAD, "month 2026-02"], ["east", "target", "5", "6"], ["late", "target", "7", None]]
    assert await desk.refused(table) == [
        "CELL_LOCKED 2 month 2026-01",
        "PLANNED_BY_DAY 2 month 2026-02",
        "UNIT_NOT_OPEN 3 month 2026-01",
    ]
    await desk.client.do("submitTargets", "submission { id }", planId=plan, orgUnitId=desk.company.ids["acme"])
    for dry_run in (True, False):
        own = [HEAD, ["acme", "target", "1"], ["west", "target", "1"]]
        assert await desk.refused(own, dry_run=dry_run) == ["SUBMITTED 3 month 2026-01"]


async def test_a_published_plan_is_not_imported_into(desk: Desk) -> None:
    """It changes by a revision only; its template is refused for the same reason."""
    await desk.company.set_targets(desk.company.ids["plan"], {("West", "2026-02"): "50"})
    await desk.company.publish(desk.company.ids["plan"])
    assert await desk.refused([HEAD, ["east", "target", "1"]]) == ["NO_DRAFT"]
    response = await desk.download()
    assert (response.status_code, response.json()["code"]) == (400, "NO_DRAFT")


@pytest.mark.parametrize(
    ("value", "code"), [(date(2026, 1, 2), "NOT_A_NUMBER"), (True, "NOT_A_NUMBER"), ("=A1+1", "NOT_A_NUMBER")]
)
async def test_cells_of_other_kinds_are_refused(desk: Desk, value: Any, code: str) -> None:
    """A date, a truth, and a formula that nobody worked out, which would read as empty otherwise."""
    assert await desk.refused([HEAD, ["east", "target", value]], "xlsx") == [f"{code} 2 month 2026-01"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "csv"),
        (b"\xff\xfe\x00", "csv"),
        (b"\x80\xff\xff", "csv"),
        (b"", "xlsx"),
        (b"PK\x03\x04 nonsense", "xlsx"),
        (b"unit,line\n", "xlsx"),
    ],
)
async def test_what_is_no_table_is_refused(desk: Desk, content: bytes, kind: str) -> None:
    """Empty, of no encoding, no archive."""
    payload = await desk.send(content, kind, True)
    assert [(one["code"], one["path"]) for one in payload["errors"]] == [("BAD_FILE", ["content"])]


async def test_an_archive_that_is_no_workbook_is_refused(desk: Desk) -> None:
    """Whatever the spreadsheet library makes of it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<")
    payload = await desk.send(file.getvalue(), "xlsx", True)
    assert [one["code"] for one in payload["errors"]] == ["BAD_FILE"]


async def test_files_have_bounds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many bytes, rows, columns, characters in a cell; and an archive that unpacks to too much."""
    rows = [HEAD, *(["east", "target", "1"] for _ in range(4))]
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    assert await desk.refused(rows) == ["TOO_LARGE"]
    assert await desk.refused(rows, "xlsx") == ["TOO_LARGE"]
    assert await desk.refused([["x"] * (sheets.MOST_COLUMNS + 1)]) == ["TOO_LARGE"]
    assert await desk.refused([HEAD, ["x" * (sheets.LONGEST_CELL + 1), "target", "1"]]) == ["TOO_LARGE"]
    monkeypatch.setattr(sheets, "MOST_BYTES", 100)
    assert await desk.refused([["x" * 101]]) == ["TOO_LARGE"]
    monkeypatch.undo()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (sheets.MOST_UNPACKED + 1))
    payload = await desk.send(bomb.getvalue(), "xlsx", True)
    assert [one["code"] for one in payload["errors"]] == ["TOO_LARGE"]


SHEET_PART, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"


@pytest.mark.parametrize(
    ("part", "before", "more", "code"),
    [
        (SHEET_PART, "</sheetData>", '<row r="900000000000"><c r="A1"/></row>', "TOO_LARGE"),
        (SHEET_PART, "</sheetData>", "<row>" + "<c/>" * 200_001 + "</row>", "TOO_LARGE"),
        (SHEET_PART, "</sheetData>", "<row/>" * 5_000_001, "TOO_LARGE"),
        (STYLES, "</cellXfs>", "<xf/>" * 200_001, "TOO_LARGE"),
        (STYLES, "</cellXfs>", " " * 4_000_001, "TOO_LARGE"),
        (SHEET_PART, "<worksheet", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "BAD_FILE"),
    ],
    ids=["far row", "wide row", "many rows", "many styles", "long styles", "entities"],
)
async def test_a_small_file_that_unfolds_is_refused_at_once(
    desk: Desk, part: str, before: str, more: str, code: str
) -> None:
    """Some kilobytes that would keep a processor for hours, or become gigabytes of objects."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(file_of([HEAD, ["east", "target", 7]], "xlsx"))) as good,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for name in good.namelist():
            text = good.read(name).decode()
            bad.writestr(name, text.replace(before, more + before, 1) if name == part else text)
    payload = await desk.send(file.getvalue(), "xlsx", True)
    assert [(one["code"], one["path"]) for one in payload["errors"]] == [(code, ["content"])]


async def test_a_far_away_cell_costs_little(desk: Desk) -> None:
    """Somebody touched the last row and a far column: the rows between are empty, and are not counted."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEAD)
    sheet.append(["east", "target", 7])
    sheet.cell(row=50_000, column=400, value="here")
    file = io.BytesIO()
    book.save(file)
    payload = await desk.client.do(
        "importTargets",
        RESULT,
        planId=desk.company.ids["plan"],
        format="XLSX",
        content=b64encode(file.getvalue()).decode(),
    )
    assert payload["changeCount"] == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
async def test_files_of_every_spreadsheet_are_read(desk: Desk, encoding: str, delimiter: str) -> None:
    """Chinese names in the encodings that Excel saves, and its separators; with a comma for the decimal mark, too."""
    amount = '"1,234.50"' if delimiter == "," else "1.234,50"
    lines = [delimiter.join([*HEAD, "name"]), delimiter.join(["east", "target", amount, "华东大区"])]
    payload = await desk.send("\r\n".join(lines).encode(encoding), "csv", True)
    assert payload["errors"] == []
    assert payload["changes"][0]["after"] == "1234.50"


async def test_headings_that_became_dates_are_known(desk: Desk) -> None:
    """In a workbook a month may have become its first day."""
    table: Table = [["unit", "line", date(2026, 3, 1)], ["east", "target", 5]]
    assert await desk.import_table(table, "xlsx") == [(2, "East", "2026-03", "TARGET", None, "5.00")]


async def test_a_formula_that_was_worked_out_counts(desk: Desk) -> None:
    """As a spreadsheet saves it: the formula, and its value beside it."""
    file = file_of([HEAD, ["east", "target", "=50*2.5"]], "xlsx")
    worked = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as before, zipfile.ZipFile(worked, "w") as after:
        for part in before.infolist():
            content = before.read(part)
            after.writestr(
                part,
                content.replace(b"<f>50*2.5</f><v></v>", b"<f>50*2.5</f><v>125</v>").replace(
                    b"<f>50*2.5</f><v />", b"<f>50*2.5</f><v>125</v>"
                ),
            )
    payload = await desk.send(worked.getvalue(), "xlsx", True)
    assert [one["after"] for one in payload["changes"]] == ["125.00"]


async def test_months_keep_their_place(desk: Desk) -> None:
    """A heading that names a month in capitals is that month."""
    table = await desk.export()
    table[0][place(table, "2026-01")] = "MONTH 2026-01"
    at(table, "East", "target")[5] = "1"
    assert len(await desk.import_table(table)) == 1
