"""Reports as files: the rows that the graph shows, in the same order, and the totals last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from quotaloom.calendars.periods import Period
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.errors import InputError
from quotaloom.platform.spreadsheets import FileFormat, aside
from quotaloom.platform.work import Work
from quotaloom.reports import activity_columns
from quotaloom.reports.activity import activity_report, activity_rows, activity_totals
from quotaloom.reports.activity_columns import ActivityColumn
from quotaloom.reports.attainment import attainment_report, attainment_rows, attainment_totals
from quotaloom.reports.attainment_columns import (
    AttainmentColumn,
    Earliers,
    ReportRow,
    file_column,
    status_text,
    value_of,
)
from quotaloom.reports.requests import ReportRequest, RowsOf, reader_of
from quotaloom.reports.tables import Column, Value, written

MOST_CELLS: Final = {FileFormat.CSV: 2_000_000, FileFormat.XLSX: 500_000}
"""Cells of one file: less than a minute's work for the one thread that writes files."""

_FIGURES: Final = (
    AttainmentColumn.TARGET,
    AttainmentColumn.ASSESSMENT,
    AttainmentColumn.ACHIEVED,
    AttainmentColumn.RATE,
    AttainmentColumn.GAP,
    AttainmentColumn.STATUS,
)

ATTAINMENT_COLUMNS: Final = {
    RowsOf.UNITS: (
        AttainmentColumn.KEY,
        AttainmentColumn.NAME,
        AttainmentColumn.KIND,
        AttainmentColumn.LEVEL,
        AttainmentColumn.PATH,
        *_FIGURES,
    ),
    RowsOf.MEMBERS: (AttainmentColumn.KEY, AttainmentColumn.NAME, *_FIGURES),
}
"""The columns of a file of targets for which none are chosen."""

ACTIVITY_COLUMNS: Final = {
    RowsOf.UNITS: tuple(ActivityColumn),
    RowsOf.MEMBERS: tuple(
        column
        for column in ActivityColumn
        if column not in (ActivityColumn.KIND, ActivityColumn.LEVEL, ActivityColumn.PATH)
    ),
}
"""The same of activity against result."""

ROW: Final = "row"
"""The heading of the first column, which tells whether a row is of a unit, of a member, or of the totals."""


@dataclass(frozen=True, slots=True)
class ExportedReport:
    """A file and what it is called."""

    name: str
    content: bytes


async def export_attainment(
    work: Work, request: ReportRequest, format: FileFormat, columns: Sequence[AttainmentColumn] = ()
) -> ExportedReport:
    """The target-attainment report as a file with these columns, those of the figures for each metric.

    Raises what `attainment_report` raises, and `InputError` TOO_LARGE for more cells than one file takes.
    """
    async with work.snapshot() as snapshot:
        reader = await reader_of(snapshot, work)
        report = await attainment_report(reader, request)
        chosen = tuple(dict.fromkeys(columns)) or ATTAINMENT_COLUMNS[request.rows]
        refuse_large(format, len(report.subjects.rows), 1 + len(chosen) * len(report.metrics))
        rows, earliers = await attainment_rows(reader, report, chosen)
        totals = await attainment_totals(reader, report)
        of_totals = Earliers(reader)
        if totals is not None:
            for metric in range(len(report.metrics)):
                await of_totals.load([totals], metric, chosen)
    laid = _laid_out(chosen, len(report.metrics))
    several = len(report.metrics) > 1
    heads = [Column(ROW), *(file_column(column, report.metrics[metric], several=several) for column, metric in laid)]

    def lines() -> Iterator[list[Value]]:
        kind = "member" if request.rows is RowsOf.MEMBERS else "unit"
        yield from _lines(kind, rows, laid, earliers)
        if totals is not None:
            yield from _lines("total", [totals], laid, of_totals)

    return await _exported("attainment", report.period, format, heads, lines())


async def export_activity(
    work: Work, request: ReportRequest, format: FileFormat, columns: Sequence[ActivityColumn] = ()
) -> ExportedReport:
    """The report of activity against result as a file with these columns.

    Raises what `activity_report` raises, and `InputError` TOO_LARGE for more cells than one file takes.
    """
    async with work.snapshot() as snapshot:
        reader = await reader_of(snapshot, work)
        report = await activity_report(reader, request)
        chosen = _subjects_first(columns or ACTIVITY_COLUMNS[request.rows])
        refuse_large(format, len(report.subjects.rows), 1 + len(chosen))
        rows = await activity_rows(reader, report)
        totals = await activity_totals(reader, report)
    scales = {
        "currency_scale": currency_scale(work.company.currency),
        "metric_scale": report.metric["scale"],
    }
    heads = [Column(ROW), *(activity_columns.file_column(column, **scales) for column in chosen)]
    tell = [activity_columns.value_of(column) for column in chosen]

    def lines() -> Iterator[list[Value]]:
        for row in rows:
            yield ["member" if row.subject.of_member else "unit", *(of(row) for of in tell)]
        if totals is not None:
            yield ["total", *(of(totals) for of in tell)]

    return await _exported("activity", report.period, format, heads, lines())


def _subjects_first(columns: Sequence[ActivityColumn]) -> list[ActivityColumn]:
    return sorted(dict.fromkeys(columns), key=lambda column: not column.of_subject)


async def _exported(
    name: str, period: Period, format: FileFormat, columns: Sequence[Column], lines: Iterator[list[Value]]
) -> ExportedReport:
    content = await aside(partial(written, format, columns, lines))
    return ExportedReport(f"{name} {period.label}".replace("/", " to "), content)


def refuse_large(format: FileFormat, rows: int, columns: int) -> None:
    """Raise `InputError` TOO_LARGE for more cells than one file takes."""
    most = MOST_CELLS[format]
    if rows * columns > most:
        raise InputError(
            "TOO_LARGE",
            f"{rows:,} rows of {columns} columns are more than the {most:,} cells of one {format.upper()} file: ask for"
            " fewer columns, or for a part of the tree",
            ("columns",),
        )


def _laid_out(columns: Sequence[AttainmentColumn], metrics: int) -> list[tuple[AttainmentColumn, int]]:
    """The columns of the unit or member once, then those of the figures for each metric."""
    of_subject = [(column, 0) for column in columns if column.of_subject]
    figures = [column for column in columns if not column.of_subject]
    return [*of_subject, *((column, metric) for metric in range(metrics) for column in figures)]


def _lines(
    kind: str, rows: Sequence[ReportRow], laid: Sequence[tuple[AttainmentColumn, int]], earliers: Earliers
) -> Iterator[list[Value]]:
    tell = [(column, value_of(column, metric, earliers)) for column, metric in laid]
    for row in rows:
        yield [kind, *(status_text(of(row)) if column is AttainmentColumn.STATUS else of(row) for column, of in tell)]
