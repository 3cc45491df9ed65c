"""The target-attainment report: one row per unit or member, those with zero included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import counting_of
from quotaloom.metrics.reads import all_metrics
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Record
from quotaloom.reports.attainment_columns import AttainmentColumn, Earliers, ReportRow, value_of
from quotaloom.reports.ordering import ordered, refuse_many_sorts
from quotaloom.reports.requests import Reader, ReportRequest, TreeDays, metrics_named
from quotaloom.reports.subjects import ReportSubjects, Subject, subjects_of
from quotaloom.targets.attainments import AttainmentQuestion, Figures, attainment_by_member, attainment_by_unit


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column and the place of its metric."""

    column: AttainmentColumn
    metric: int
    descending: bool


@dataclass(frozen=True, slots=True)
class AttainmentReport:
    """A report that is asked: its period, what it asks of each metric, and by what its rows are ordered."""

    request: ReportRequest
    period: Period
    metrics: tuple[Record, ...]
    questions: tuple[AttainmentQuestion, ...]
    sort: tuple[SortKey, ...]
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
    refuse_many_sorts(request.sort)
    period, day = reader.period(request), reader.day(request)
    known = await all_metrics(reader.snapshot)
    metrics = metrics_named(known, request.metrics)
    keys = {metric["id"]: metric["key"] for metric in known}
    questions = tuple(_question(reader, request, period, metric, keys) for metric in metrics)
    days = TreeDays.of(request.structure, period, day)
    subjects = await subjects_of(reader, request, days, ranked=True)
    return AttainmentReport(request, period, metrics, questions, _sort_keys(request), subjects)


def _question(
    reader: Reader, request: ReportRequest, period: Period, metric: Record, keys: dict[int, str]
) -> AttainmentQuestion:
    counting = counting_of(metric)
    return AttainmentQuestion(
        metric_id=metric["id"],
        metric_key=keys[counting.metric_id],
        scale=metric["scale"],
        lower_is_better=metric["lower_is_better"],
        periods=(period,),
        today=reader.work.today,
        structure=request.structure,
        as_of=request.as_of,
        counting=counting,
    )


def _sort_keys(request: ReportRequest) -> tuple[SortKey, ...]:
    found = []
    for place, by in enumerate(request.sort):
        try:
            column = AttainmentColumn(by.column)
        except ValueError:
            known = ", ".join(AttainmentColumn)
            message = f"{by.column[:60]!r} is no column of this report; there are {known}"
            raise InputError("BAD_COLUMN", message, ("sort", place, "column")) from None
        if by.metric is not None and by.metric not in request.metrics:
            message = f"the report has no metric {by.metric[:60]!r}; it has {', '.join(request.metrics)}"
            raise InputError("UNKNOWN_METRIC", message, ("sort", place, "metric"))
        found.append(SortKey(column, 0 if by.metric is None else request.metrics.index(by.metric), by.descending))
    return tuple(found)


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
    ids = [subject.id for subject in subjects]
    by_metric = []
    for question in report.questions:
        if subjects[0].of_member:
            by_metric.append(await _of_members(reader, ids, question))
        else:
            currency = reader.work.company.currency
            figures = await attainment_by_unit(reader.snapshot, reader.calendar, currency, ids, question)
            by_metric.append({one.subject_id: one for one in figures})
    return [ReportRow(subject, tuple(figures[subject.id] for figures in by_metric)) for subject in subjects]


async def _of_members(reader: Reader, ids: list[int], question: AttainmentQuestion) -> dict[int, Figures]:
    everybody = reader.sight.everything or reader.work.company.members_see_rankings
    found: dict[int, Figures] = {}
    for member_ids, positions in [(ids, None)] if everybody else reader.sight.positions_of(ids):
        asked = replace(question, position_ids=positions)
        figures = await attainment_by_member(reader.snapshot, reader.calendar, member_ids, asked)
        found.update({one.subject_id: one for one in figures})
    return found
