"""Incentive cost against budget: a row for each unit, in pages and as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from quotaloom.calendars.periods import Period
from quotaloom.incentives.budget_columns import BudgetColumn, BudgetRow, file_column, value_of
from quotaloom.incentives.budgets import budget_of, budgets_within
from quotaloom.incentives.costs import NOTHING, costs_of
from quotaloom.metrics.currencies import currency_scale
from quotaloom.metrics.reads import all_metrics
from quotaloom.platform.errors import InputError
from quotaloom.platform.spreadsheets import FileFormat, aside
from quotaloom.platform.unit_of_work import Record
from quotaloom.platform.work import Work
from quotaloom.reports.exporting import ROW, ExportedReport, refuse_large
from quotaloom.reports.figures import figures_by_subject, question_of
from quotaloom.reports.ordering import SortKey, ordered, sort_keys
from quotaloom.reports.requests import Reader, ReportRequest, RowsOf, TreeDays, metric_named, reader_of
from quotaloom.reports.subjects import ReportSubjects, Subject, subjects_of
from quotaloom.reports.tables import Column, Value, written
from quotaloom.targets.attainments import AttainmentQuestion


@dataclass(frozen=True, slots=True)
class BudgetReport:
    """A report that is asked, of the units of the period as it was."""

    request: ReportRequest
    period: Period
    metric: Record
    question: AttainmentQuestion
    sort: tuple[SortKey[BudgetColumn], ...]
    subjects: ReportSubjects


async def budget_report(reader: Reader, request: ReportRequest) -> BudgetReport:
    """The report that the arguments ask for: of units, beside what was achieved of one metric.

    The reader sees the units that he leads, or all. Raises `InputError` BAD_PERIOD, UNKNOWN_METRIC, BAD_METRICS,
    BAD_COLUMN, TOO_MANY_SORTS, and BAD_FILTER for what such a report does not take; `NotFound` for a unit that the
    reader may not know of.
    """
    request = request.checked()
    if len(request.metrics) > 1:
        raise InputError("BAD_METRICS", "a report of cost stands beside one metric", ("metric",))
    unwanted = (
        (request.rows is RowsOf.MEMBERS, "rows"),
        (request.member_ids is not None, "members"),
        (request.as_of is not None, "asOf"),
        (request.statuses is not None, "status"),
        (request.structure != "as_was", "structure"),
    )
    for given, name in unwanted:
        if given:
            raise InputError("BAD_FILTER", f"a report of cost is of units as it was: it takes no {name}", (name,))
    sort = sort_keys(request.sort, request.metrics, BudgetColumn)
    period, day = reader.period(request), reader.day(request)
    known = await all_metrics(reader.snapshot)
    metric = metric_named(known, request.metrics[0], ("metric",))
    question = question_of(reader, request, period, metric, {one["id"]: one["key"] for one in known})
    days = TreeDays.of(request.structure, period, day)
    subjects = await subjects_of(_leading(reader), request, days, ranked=False)
    return BudgetReport(request, period, metric, question, sort, subjects)


def _leading(reader: Reader) -> Reader:
    """The reader as one who sees the figures of what he leads alone: not those of what he holds, nor of what is above.

    A member does not see there what a run that nobody reviewed gives him.
    """
    sight = reader.sight
    named = sight.named_unit_ids | sight.unit_ids
    return replace(reader, sight=replace(sight, unit_ids=sight.led_unit_ids, named_unit_ids=named))


async def budget_rows(reader: Reader, report: BudgetReport) -> list[BudgetRow]:
    """All rows in their order, those without budget and cost included; a constant number of statements."""
    rows = await _rows(reader, report, report.subjects.rows)
    return ordered(rows, [(value_of(key.column), key.descending) for key in report.sort])


async def budget_totals(reader: Reader, report: BudgetReport) -> BudgetRow | None:
    """The row of the report's top, from its own budget and sums; None where the reader does not see it."""
    top = report.subjects.top
    if top is None:
        return None
    (row,) = await _rows(reader, report, [top])
    return row


async def _rows(reader: Reader, report: BudgetReport, subjects: Sequence[Subject]) -> list[BudgetRow]:
    if not subjects:
        return []
    ids = [subject.id for subject in subjects]
    budgets = await budgets_within(reader.snapshot, report.period, ids)
    own = None if reader.sight.everything else reader.sight.member_id
    costs = await costs_of(reader.snapshot, report.period, ids, own)
    figures = await figures_by_subject(reader, report.question, subjects, ranked=False)
    scale = currency_scale(reader.work.company.currency)
    return [
        BudgetRow(
            one,
            budgets.get(one.id, ()),
            budget_of(budgets.get(one.id, ())),
            costs.get(one.id, NOTHING),
            figures[one.id].sums.achieved,
            scale,
            report.metric["scale"],
        )
        for one in subjects
    ]


async def export_budget(
    work: Work, request: ReportRequest, format: FileFormat, columns: Sequence[BudgetColumn] = ()
) -> ExportedReport:
    """The report as a file with these columns, all of them if none are chosen, the totals in its last row.

    Raises what `budget_report` raises, and `InputError` TOO_LARGE for more cells than one file takes.
    """
    async with work.snapshot() as snapshot:
        reader = await reader_of(snapshot, work)
        report = await budget_report(reader, request)
        chosen = sorted(dict.fromkeys(columns or BudgetColumn), key=lambda column: not column.of_subject)
        refuse_large(format, len(report.subjects.rows), 1 + len(chosen))
        rows, totals = await budget_rows(reader, report), await budget_totals(reader, report)
    scales = {"currency_scale": currency_scale(work.company.currency), "metric_scale": report.metric["scale"]}
    heads = [Column(ROW), *(file_column(column, **scales) for column in chosen)]
    tell = [value_of(column) for column in chosen]

    def lines() -> Iterator[list[Value]]:
        for row in rows:
            yield ["unit", *(of(row) for of in tell)]
        if totals is not None:
            yield ["total", *(of(totals) for of in tell)]

    content = await aside(partial(written, format, heads, lines()))
    return ExportedReport(f"incentive cost {report.period.label}".replace("/", " to "), content)
