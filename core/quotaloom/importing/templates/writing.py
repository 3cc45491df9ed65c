"""Templates as CSV and XLSX files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from quotaloom.importing.templates.layout import (
    AFTER_MONTHS,
    BEFORE_MONTHS,
    CLEAR,
    LINE,
    NAME,
    PATH,
    SHEET,
    MonthCell,
    Template,
    TemplateUnit,
    stamp_of,
)
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.spreadsheets import BOM, EXACT_DIGITS, FileFormat, guarded
from quotaloom.targets.gathering import KINDS

_WIDTHS = {NAME: 28, PATH: 36, LINE: 12}
_CLOSED = PatternFill("solid", fgColor="FFD9D9D9")
_PINNED = PatternFill("solid", fgColor="FFFFF2CC")
_HEADING = Font(bold=True)

_HOW_TO: Final = (
    "Change the months on the sheet `targets`, save, and import the file.",
    f"An empty cell leaves a value as it is; {CLEAR} clears it.",
    "Grey cells cannot be changed: they are locked, planned by the day, closed, or not yours to plan.",
    "Yellow cells are pinned; they can be changed, and stay pinned.",
    "Rows may be sorted and deleted, columns added. Leave the columns `unit`, `line` and `stamp` as they are: the"
    " stamp, which is hidden, tells your edits from what others changed meanwhile.",
)


def written(template: Template, format: FileFormat) -> bytes:
    """The file. It takes seconds for ten thousand units: not to be called in the event loop."""
    return _csv(template) if format is FileFormat.CSV else _xlsx(template)


def _rows(template: Template) -> Iterator[tuple[TemplateUnit, int]]:
    return ((unit, line) for unit in template.units for line in range(len(KINDS)))


def _texts(unit: TemplateUnit, line: int, template: Template) -> tuple[list[str], list[str]]:
    """What stands before the months and after them."""
    before = [unit.key, unit.name, unit.path, unit.kind, KINDS[line]]
    return before, [unit.marks(template.months), str(stamp_of(unit, line, template.months))]


def _csv(template: Template) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(template.headings)
    for unit, line in _rows(template):
        before, after = _texts(unit, line, template)
        amounts = [_text(cell.values[line], template.metric_scale) for cell in unit.cells]
        writer.writerow([*map(guarded, before), *amounts, *map(guarded, after)])
    return (BOM + file.getvalue()).encode()


def _text(amount: int | None, scale: int) -> str:
    return "" if amount is None else format_amount(amount, scale)


def _xlsx(template: Template) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(SHEET)
    _lay_out(sheet, len(template.months))
    sheet.append([_text_cell(sheet, heading, _HEADING) for heading in template.headings])
    number_format = "#,##0" + (f".{'0' * template.metric_scale}" if template.metric_scale else "")
    for unit, line in _rows(template):
        before, after = _texts(unit, line, template)
        amounts = [
            _amount_cell(sheet, unit, place, cell, cell.values[line], template.metric_scale, number_format)
            for place, cell in enumerate(unit.cells)
        ]
        sheet.append(
            [*(_text_cell(sheet, text) for text in before), *amounts, *(_text_cell(sheet, text) for text in after)]
        )
    notes = book.create_sheet("how to")
    notes.column_dimensions["A"].width = 120
    for line_of_text in _HOW_TO:
        notes.append([_text_cell(notes, line_of_text)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _lay_out(sheet: Any, months: int) -> None:
    headings: Sequence[str] = (*BEFORE_MONTHS, *("month" for _ in range(months)), *AFTER_MONTHS)
    for number, heading in enumerate(headings, 1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(heading, 16)
    sheet.column_dimensions[get_column_letter(len(headings))].hidden = True
    sheet.freeze_panes = f"{get_column_letter(len(BEFORE_MONTHS) + 1)}2"


def _text_cell(sheet: Any, text: str, font: Font | None = None) -> Any:
    plain = ILLEGAL_CHARACTERS_RE.sub("", text)
    if font is None and not plain.startswith("="):
        return plain
    cell = WriteOnlyCell(sheet, plain)
    cell.data_type = "s"  # a text that begins with = is a formula otherwise
    if font is not None:
        cell.font = font
    return cell


def _amount_cell(
    sheet: Any, unit: TemplateUnit, place: int, cell: MonthCell, amount: int | None, scale: int, number_format: str
) -> Any:
    fixed = cell.locked or cell.by_day or place in unit.shut or not unit.may_set
    if amount is None and not fixed and not cell.pinned:
        return None
    written = _text(amount, scale)
    exact = amount is None or len(str(amount)) <= EXACT_DIGITS
    value = None if amount is None else (Decimal(written) if exact else written)
    found = WriteOnlyCell(sheet, value)  # type: ignore[arg-type] # it takes exact decimals too
    found.number_format = number_format if exact else "@"
    if fixed or cell.pinned:
        found.fill = _CLOSED if fixed else _PINNED
    return found
