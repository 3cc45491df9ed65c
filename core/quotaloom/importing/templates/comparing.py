"""What an edited template changes: each value that its editor wrote, against what the plan holds by now.

Three values meet in each cell: what was exported (its digest stands in the row's stamp), what the file holds, and what
the plan holds. A value that the editor left alone changes nothing, even where somebody else changed it meanwhile; one
that both changed is a conflict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Final

from quotaloom.calendars.periods import Period
from quotaloom.importing.templates.amounts import Cleared, decimal_mark, read_amount
from quotaloom.importing.templates.layout import (
    LINE,
    MONTH,
    STAMP,
    UNIT,
    Stamp,
    Template,
    TemplateUnit,
    digest,
    read_stamp,
)
from quotaloom.importing.templates.sheets import Row, Sheet, Value
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.platform.refusals import raise_all
from quotaloom.platform.spreadsheets import unguarded
from quotaloom.targets.gathering import KINDS

MOST_ERRORS: Final = 100
"""How many faults are listed; how many more there are is told."""


@dataclass(frozen=True, slots=True)
class TargetChange:
    """One value that the file changes, in minor units; `row` is the spreadsheet's number, `line` one of `KINDS`."""

    row: int
    unit_id: int
    month: Period
    line: str
    before: int | None
    after: int | None
    version: int


@dataclass(frozen=True, slots=True)
class _Columns:
    unit: int
    line: int
    stamp: int | None
    months: Mapping[int, int]
    """The place of each month in the plan, by its column."""


@dataclass
class _Comparison:
    template: Template
    sheet: Sheet
    columns: _Columns
    changes: list[TargetChange] = field(default_factory=list)
    errors: list[InputError] = field(default_factory=list)

    @cached_property
    def mark(self) -> str | None:
        """The decimal mark of the file, which is looked for once somebody needs it."""
        return decimal_mark(_of(row, column) for row in self.sheet.rows for column in self.columns.months)


def compare(sheet: Sheet, template: Template) -> list[TargetChange]:
    """Every change that the file makes, in the order of its rows.

    Raises all that is wrong at once, as `InputError` or `ManyRefused`; paths are ("content", the row as a spreadsheet
    counts, the column's heading). Codes: MISSING_COLUMN, DUPLICATE_COLUMN, UNKNOWN_MONTH, UNKNOWN_UNIT, UNKNOWN_LINE,
    BAD_STAMP, DUPLICATE_ROW, NOT_YOURS, CELL_LOCKED, PLANNED_BY_DAY, UNIT_NOT_OPEN, CELL_CHANGED (a `Conflict`), and
    those of `read_amount`.
    """
    columns = _columns(sheet, template)
    found = _Comparison(template, sheet, columns)
    by_id = {unit.id: unit for unit in template.units}
    by_key = {unit.key: unit for unit in template.units}
    seen: dict[tuple[int, int], int] = {}
    for row in sheet.rows:
        try:
            unit, line, stamp = _identify(row, columns, by_id, by_key, len(template.months))
            first = seen.setdefault((unit.id, line), row.number)
            if first != row.number:
                message = f"row {first} has the {KINDS[line]} of {unit.name} already"
                raise InputError("DUPLICATE_ROW", message, ("content", row.number, LINE))
        except InputError as error:
            found.errors.append(error)
            continue
        _compare_row(found, row, columns, unit, line, stamp)
    raise_all(_bounded(found.errors))
    return found.changes


def _columns(sheet: Sheet, template: Template) -> _Columns:
    labels = {month.label.lower(): place for place, month in enumerate(template.months)}
    starts = {month.starts_on: place for place, month in enumerate(template.months)}
    named: dict[str, int] = {}
    months: dict[int, int] = {}
    errors = []
    for column, heading in enumerate(sheet.headings):
        text = str(heading or "").strip().lower()
        place = starts.get(heading) if isinstance(heading, date) else labels.get(text.removeprefix(MONTH).strip())
        name = f"month {place}" if place is not None else text
        if place is None and text.startswith(MONTH):
            known = f"{template.months[0].label} to {template.months[-1].label}"
            message = f"{text.removeprefix(MONTH)[:60]!r} is no month of {template.plan.name}, which has {known}"
            errors.append(InputError("UNKNOWN_MONTH", message, _at(1, heading)))
        elif name in named and (place is not None or name in (UNIT, LINE, STAMP)):
            errors.append(InputError("DUPLICATE_COLUMN", f"the column {text!r} is there twice", _at(1, heading)))
        elif place is not None:
            months[column] = place
        named.setdefault(name, column)
    errors += [
        InputError(
            "MISSING_COLUMN", f"there is no column {name!r}; export a template to see what is needed", _at(1, name)
        )
        for name in (UNIT, LINE)
        if name not in named
    ]
    if not months and not errors:
        # Headings may be the editor's own; where all are, his spreadsheet made something else of the months.
        wanted = MONTH + template.months[0].label
        message = f"no column is a month of {template.plan.name}: head them as a template does, such as {wanted!r}"
        errors.append(InputError("MISSING_COLUMN", message, _at(1, wanted)))
    raise_all(_bounded(errors))
    return _Columns(named[UNIT], named[LINE], named.get(STAMP), months)


def _identify(
    row: Row, columns: _Columns, by_id: Mapping[int, TemplateUnit], by_key: Mapping[str, TemplateUnit], months: int
) -> tuple[TemplateUnit, int, Stamp | None]:
    """The unit and the line of a row, and its stamp if it has one."""
    line = str(_of(row, columns.line) or "").strip().lower()
    if line not in KINDS:
        raise InputError("UNKNOWN_LINE", f"{line[:60]!r} is none of {', '.join(KINDS)}", _at(row.number, LINE))
    key, stamp = _of(row, columns.unit), _stamp(row, columns, months)
    unit = by_key.get(unguarded(str(key))) if stamp is None else by_id.get(stamp.unit_id)
    if unit is None:
        message = f"{str(key)[:60]!r} is no unit of this plan that you can see"
        raise InputError("UNKNOWN_UNIT", message, _at(row.number, UNIT))
    if stamp is not None and not _same_key(key, unit.key):
        message = (
            f"the row says {str(key)[:60]!r}, but its stamp is that of {unit.key!r}: clear the stamp of a copied row"
        )
        raise InputError("BAD_STAMP", message, _at(row.number, STAMP))
    return unit, KINDS.index(line), stamp


def _stamp(row: Row, columns: _Columns, months: int) -> Stamp | None:
    value = _of(row, columns.stamp)
    if value is None:
        return None
    stamp = read_stamp(str(value))
    if stamp is None or len(stamp.digests) != months:
        message = "this is no stamp of this plan: take it from a fresh template, or clear it to import the row as it is"
        raise InputError("BAD_STAMP", message, _at(row.number, STAMP))
    return stamp


def _same_key(written: Value, key: str) -> bool:
    """Whether a cell holds the key, or what a spreadsheet makes of it: the number 123 of 00123."""
    text = unguarded(str(written).strip())
    if text == key or written is None:
        return True
    try:
        return Decimal(text) == Decimal(key)
    except InvalidOperation:
        return False


def _compare_row(
    found: _Comparison,
    row: Row,
    columns: _Columns,
    unit: TemplateUnit,
    line: int,
    stamp: Stamp | None,
) -> None:
    template = found.template
    for column, place in columns.months.items():
        value = _of(row, column)
        if value is None or value == _text(unit.cells[place].values[line], template):
            continue  # most cells of most files, which need no closer look
        try:
            given = read_amount(value, template.metric_scale, lambda: found.mark)
            if given is not None:
                after = None if isinstance(given, Cleared) else given
                found.changes += _change(template, row, unit, line, place, after, stamp)
        except InputError as error:
            found.errors.append(error.at(*_at(row.number, found.sheet.headings[column])))


def _change(
    template: Template, row: Row, unit: TemplateUnit, line: int, place: int, after: int | None, stamp: Stamp | None
) -> Iterator[TargetChange]:
    cell, month = unit.cells[place], template.months[place]
    before = cell.values[line]
    if before == after:
        return
    if stamp is not None:
        base = stamp.digests[place]
        if base == digest(unit.id, line, month.starts_on, after):
            return
        if base != digest(unit.id, line, month.starts_on, before):
            found = f", to {_text(before, template) or 'nothing'}" if template.tells else ""
            message = f"somebody changed it meanwhile{found}: empty the cell to leave that, or export anew"
            raise Conflict("CELL_CHANGED", message)
    _refuse_fixed(template, unit, place)
    yield TargetChange(row.number, unit.id, month, KINDS[line], before, after, cell.version)


def _refuse_fixed(template: Template, unit: TemplateUnit, place: int) -> None:
    cell, label = unit.cells[place], template.months[place].label
    if not unit.may_set:
        raise InputError("NOT_YOURS", f"you may plan for the units below those that you head, not for {unit.name}")
    if place in unit.shut:
        raise InputError("UNIT_NOT_OPEN", f"{unit.name} is open on no day of {label}")
    if cell.by_day:
        raise InputError("PLANNED_BY_DAY", f"{label} of {unit.name} is planned by the day: set its days instead")
    if cell.locked:
        raise InputError("CELL_LOCKED", f"{label} of {unit.name} is locked; an admin can unlock it")


def _text(amount: int | None, template: Template) -> str | None:
    return None if amount is None else format_amount(amount, template.metric_scale)


def _of(row: Row, column: int | None) -> Value:
    return None if column is None or column >= len(row.values) else row.values[column]


def _at(row: int, heading: Value) -> tuple[str, int, str]:
    return ("content", row, str(heading)[:60])


def _bounded(errors: Sequence[InputError]) -> list[InputError]:
    if len(errors) <= MOST_ERRORS:
        return list(errors)
    more = InputError("MORE_ERRORS", f"there are {len(errors) - MOST_ERRORS:,} more faults after these", ("content",))
    return [*errors[:MOST_ERRORS], more]
