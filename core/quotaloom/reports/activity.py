"""Activity against result: what units and members did in a period, and what came of it, a row for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.action_plans.figures import Figures as PlanFigures
from quotaloom.action_plans.figures import figures_by_member, figures_by_unit
from quotaloom.calendars.periods import Period
from quotaloom.metrics.currencies import currency_scale
from quotaloom.metrics.reads import all_metrics
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Record
from quotaloom.reports.activity_columns import ActivityColumn, ActivityRow, value_of
from quotaloom.reports.activity_facts import NOTHING, ActivityFacts, facts_of_members, facts_of_units
from quotaloom.reports.figures import figures_by_subject, question_of
from quotaloom.reports.ordering import SortKey, ordered, sort_keys
from quotaloom.reports.requests import Reader, ReportRequest, TreeDays, metric_named
from quotaloom.reports.subjects import ReportSubjects, Subject, subjects_of
from quotaloom.targets.attainments import AttainmentQuestion


@dataclass(frozen=True, slots=True)
class ActivityReport:
    """A report that is asked; `tree_day` is the day whose tree counts for all dates, None as it was."""

    request: ReportRequest
    period: Period
    metric: Record
    question: AttainmentQuestion
    sort: tuple[SortKey[ActivityColumn], ...]
    subjects: ReportSubjects
    tree_day: date | None


async def activity_report(reader: Reader, request: ReportRequest) -> ActivityReport:
    """The report that the arguments ask for, of one metric.

    Raises what `attainment_report` raises, `InputError` BAD_METRICS for more than one metric, and BAD_FILTER for a
    day or a status: activities and deals are known as they stand.
    """
    request = request.checked()
    if len(request.metrics) > 1:
        raise InputError("BAD_METRICS", "a report of activity stands beside one metric", ("metric",))
    for given, name in ((request.as_of, "asOf"), (request.statuses, "status")):
        if given is not None:
            raise InputError("BAD_FILTER", f"a report of activity takes no {name}", (name,))
    sort = sort_keys(request.sort, request.metrics, ActivityColumn)
    period, day = reader.period(request), reader.day(request)
    known = await all_metrics(reader.snapshot)
    metric = metric_named(known, request.metrics[0], ("metric",))
    question = question_of(reader, request, period, metric, {one["id"]: one["key"] for one in known})
    subjects = await subjects_of(reader, request, TreeDays.of(request.structure, period, day), ranked=False)
    tree_day = day if request.structure == "as_is" else None
    return ActivityReport(request, period, metric, question, sort, subjects, tree_day)


async def activity_rows(reader: Reader, report: ActivityReport) -> list[ActivityRow]:
    """All rows of the report in their order, those of whom nothing is known included.

    A constant number of statements. Of other members a head sees what falls in the subtrees that he heads.
    """
    rows = await _rows(reader, report, report.subjects.rows)
    return ordered(rows, [(value_of(key.column), key.descending) for key in report.sort])


async def activity_totals(reader: Reader, report: ActivityReport) -> ActivityRow | None:
    """The row of the report's top, from its own sums, whatever the rows are; None where the reader does not see it."""
    top = report.subjects.top
    if top is None:
        return None
    (row,) = await _rows(reader, report, [top])
    return row


async def _rows(reader: Reader, report: ActivityReport, subjects: Sequence[Subject]) -> list[ActivityRow]:
    if not subjects:
        return []
    facts = await _facts(reader, report, subjects)
    plans = await _plans(reader, report, subjects)
    figures = await figures_by_subject(reader, report.question, subjects, ranked=False)
    scale = currency_scale(reader.work.company.currency)
    return [ActivityRow(one, facts.get(one.id, NOTHING), plans[one.id], figures[one.id], scale) for one in subjects]


async def _facts(reader: Reader, report: ActivityReport, subjects: Sequence[Subject]) -> dict[int, ActivityFacts]:
    company, ids = reader.work.company, [subject.id for subject in subjects]
    if not subjects[0].of_member:
        return await facts_of_units(reader.snapshot, company, ids, report.period, report.tree_day)
    found: dict[int, ActivityFacts] = {}
    for member_ids, positions in reader.sight.positions_of(ids):
        found.update(await facts_of_members(reader.snapshot, company, member_ids, report.period, positions))
    return found


async def _plans(reader: Reader, report: ActivityReport, subjects: Sequence[Subject]) -> dict[int, PlanFigures]:
    ids, today = [subject.id for subject in subjects], reader.work.today
    if not subjects[0].of_member:
        return dict(await figures_by_unit(reader.snapshot, ids, report.period, today, report.tree_day))
    found: dict[int, PlanFigures] = {}
    for member_ids, units in reader.sight.positions_of(ids):
        found.update(await figures_by_member(reader.snapshot, member_ids, report.period, today, units))
    return found
