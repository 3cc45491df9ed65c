"""The target-attainment report: one row per unit or member, those with zero included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quotaloom.calendars.periods import Period
from quotaloom.metrics.reads import all_metrics
from quotaloom.platform.unit_of_work import Record
from quotaloom.reports.attainment_columns import AttainmentColumn, Earliers, ReportRow, value_of
from quotaloom.reports.figures import figures_by_subject, question_of
from quotaloom.reports.ordering import SortKey, ordered, sort_keys
from quotaloom.reports.requests import Reader, ReportRequest, TreeDays, metrics_named
from quotaloom.reports.subjects import ReportSubjects, Subject, subjects_of
from quotaloom.targets.attainments import AttainmentQuestion


@dataclass(frozen=True, slots=True)
class AttainmentReport:
    """A report that is asked: its period, what it asks of each metric, and by what its rows are ordered."""

    request: ReportRequest
    period: Period
    metrics: tuple[Record, ...]
    questions: tuple[AttainmentQuestion, ...]
    sort: tuple[SortKey[AttainmentColumn], ...]
    subjects: ReportSubjects

    @property
    def depends_on_figures(self) -> bool:
        """Whether the rows, or their order, cannot be told without everybody's figures."""
        return self.request.statuses is not None or any(not key.column.of_subject for key in self.sort)


async def attainment_report(reader: Reader, request: ReportRequest) -> AttainmentReport:
    """The report that the arguments ask for.

    Raises `InputError` BAD_PERIOD, UNKNOWN_METRIC, BAD_COLUMN and what `ReportRequest.checked` raises, `NotFound` for a
    unit that the reader may not know of.
    """
    request = request.checked()
    sort = sort_keys(request.sort, request.metrics, AttainmentColumn)
    period, day = reader.period(request), reader.day(request)
    known = await all_metrics(reader.snapshot)
    metrics = metrics_named(known, request.metrics)
    keys = {metric["id"]: metric["key"] for metric in known}
    questions = tuple(question_of(reader, request, period, metric, keys) for metric in metrics)
    days = TreeDays.of(request.structure, period, day)
    subjects = await subjects_of(reader, request, days, ranked=True)
    return AttainmentReport(request, period, metrics, questions, sort, subjects)


async def attainment_rows(
    reader: Reader, report: AttainmentReport, columns: Sequence[AttainmentColumn] = ()
) -> tuple[list[ReportRow], Earliers]:
    """All rows of the report in their order, and the figures of earlier periods that it, or `columns`, need.

    The number of statements depends on the number of metrics, not on how many rows there are. Of other members a head
    sees what falls in the subtrees that he heads.
    """
    rows = await _rows(reader, report, report.subjects.rows)
    if report.request.statuses is not None:
        wanted = frozenset(report.request.statuses)
        rows = [row for row in rows if row.figures[0]["status"] in wanted]
    earliers = Earliers(reader)
    for key in report.sort:
        await earliers.load(rows, key.metric, [key.column])
    for metric in range(len(report.questions)):
        await earliers.load(rows, metric, columns)
    keys = [(value_of(key.column, key.metric, earliers), key.descending) for key in report.sort]
    return ordered(rows, keys), earliers


async def attainment_page(
    reader: Reader, report: AttainmentReport, offset: int, limit: int
) -> tuple[list[ReportRow], int]:
    """Some rows of the report from `offset` on, and how many it has; figures that nobody needs are not read."""
    if report.depends_on_figures:
        rows, _ = await attainment_rows(reader, report)
        return rows[offset : offset + limit], len(rows)
    subjects = [ReportRow(subject, ()) for subject in report.subjects.rows]
    keys = [(value_of(key.column, key.metric, Earliers(reader)), key.descending) for key in report.sort]
    shown = ordered(subjects, keys)[offset : offset + limit]
    return await _rows(reader, report, [row.subject for row in shown]), len(subjects)


async def attainment_totals(reader: Reader, report: AttainmentReport) -> ReportRow | None:
    """The row of the report's top, from its own sums, whatever the rows are; None where the reader does not see it."""
    top = report.subjects.top
    if top is None:
        return None
    (row,) = await _rows(reader, report, [top])
    return row


async def _rows(reader: Reader, report: AttainmentReport, subjects: Sequence[Subject]) -> list[ReportRow]:
    if not subjects:
        return []
    by_metric = [await figures_by_subject(reader, question, subjects, ranked=True) for question in report.questions]
    return [ReportRow(subject, tuple(figures[subject.id] for figures in by_metric)) for subject in subjects]
