"""The report of activity against result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from quotaloom.activities.kinds import ActivityKind
from quotaloom.platform.amounts import format_amount
from quotaloom.reports.activity import activity_report, activity_rows, activity_totals
from quotaloom.reports.activity_columns import ActivityColumn, ActivityRow
from quotaloom.reports.ordering import SortBy
from quotaloom.reports.requests import ReportRequest, RowsOf
from quotaloom_graphql.arguments import MetricKey, PeriodLabel, StructureChoice
from quotaloom_graphql.attainments import Attainment
from quotaloom_graphql.connections import After, Connection, First, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.enums import FileFormat, Structure
from quotaloom_graphql.field_costs import READING, together
from quotaloom_graphql.metrics import Metric
from quotaloom_graphql.nodes import optional_id
from quotaloom_graphql.report_arguments import (
    ChosenMembers,
    ChosenUnits,
    DirectChildren,
    Kinds,
    Levels,
    ReportFile,
    Rows,
    SubjectRow,
    TopUnit,
    numbers,
    period_row,
    reader_in,
    subject_row,
)
from quotaloom_graphql.report_paths import report_files
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch

strawberry.enum(ActivityColumn, name="ActivityColumn", description="A column of the report of activity against result.")


@strawberry.input(description="A column that orders the rows; who has nothing in it comes last in both directions.")
class ActivitySort:
    """A column and a direction."""

    column: ActivityColumn = strawberry.field(description="The column.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.type(
    description="One row of the report of activity against result. Activities count on the day on which they were done,"
    " deals on that on which they were opened or won."
)
class ActivityReportRow(SubjectRow):
    """A unit or member."""

    visits: int = strawberry.field(description="Visits that were done.")
    calls: int = strawberry.field(description="Calls that were done.")
    meetings: int = strawberry.field(description="Meetings that were done.")
    mails: int = strawberry.field(description="Mails that were done.")
    tasks: int = strawberry.field(description="Tasks that were done.")
    activities: int = strawberry.field(description="All of these.")
    planned: int = strawberry.field(
        description="Items of action plans whose last day lies in the period, those that were cancelled left out."
    )
    planned_done: int = strawberry.field(description="How many of these are done.")
    overdue: int = strawberry.field(description="How many are open, though their last day is over.")
    deals_opened: int = strawberry.field(description="Deals that were opened.")
    deals_won: int = strawberry.field(description="Deals that were won.")
    won_value: Decimal = strawberry.field(
        description="What the won ones are worth, in the company's currency at the booking rate of the day."
    )
    won_without_value: int = strawberry.field(
        description="How many of them are left out of that: they have no amount, or their currency no rate."
    )
    attainment: Attainment = strawberry.field(description="What was achieved of the metric.")
    activities_per_win: Decimal | None = strawberry.field(
        description="`activities ÷ dealsWon`, six places; null where none was won."
    )
    value_per_visit: Decimal | None = strawberry.field(
        description="`wonValue ÷ visits`, six places; null without any visit."
    )


async def _load_rows(
    reports: list[Any], info: Info, first: First = 100, after: After = None
) -> Sequence[dict[str, Any]]:
    offset, limit = window(first, after)
    reader = await reader_in(info.context)
    found = [await activity_rows(reader, one["report"]) for one in reports]
    return [page([_row(row) for row in rows[offset : offset + limit]], offset, len(rows)) for rows in found]


async def _load_totals(reports: list[Any], info: Info) -> Sequence[dict[str, Any] | None]:
    reader = await reader_in(info.context)
    totals = [await activity_totals(reader, one["report"]) for one in reports]
    return [None if row is None else _row(row) for row in totals]


def _row(row: ActivityRow) -> dict[str, Any]:
    facts = row.facts
    return {
        **subject_row(row.subject),
        **{f"{kind.value}s": facts.done.get(kind, 0) for kind in ActivityKind},
        "activities": facts.activities,
        "planned": row.plans.planned,
        "planned_done": row.plans.done,
        "overdue": row.plans.overdue,
        "deals_opened": facts.opened,
        "deals_won": facts.won,
        "won_value": format_amount(facts.won_value, row.currency_scale),
        "won_without_value": facts.won_without_value,
        "attainment": row.figures,
        "activities_per_win": row.activities_per_win,
        "value_per_visit": row.value_per_visit,
    }


async def _load_files(
    reports: list[Any],
    info: Info,
    format: Annotated[FileFormat, strawberry.argument(description="What kind of file.")],
    columns: Annotated[
        list[ActivityColumn] | None, strawberry.argument(description="Its columns; all of them if not given.")
    ] = None,
) -> list[dict[str, Any]]:
    """The file of each report."""
    return report_files("activity", reports, format, columns or ())


@strawberry.type(description="What was done and what came of it, one row for each unit or member.")
class ActivityReport:
    """The report of activity against result."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    metric: Metric = strawberry.field(description="The metric that it stands beside.")
    rows: Connection[ActivityReportRow] | None = batch(
        _load_rows,
        description="The rows, those with nothing included: by `sort`, and among equals units in tree order,"
        " members by name and key.",
        directives=[together(40_000)],
    )
    totals: ActivityReportRow | None = batch(
        _load_totals,
        description="The own sums of `orgUnit`, or of the company, whatever the filters leave of the rows. Null"
        " where you do not see them.",
        directives=[together(40_000)],
    )
    export: ReportFile = batch(_load_files, description="The report as a file, the totals in its last row.")


async def resolve_activity_report(
    info: Info,
    period: PeriodLabel,
    metric: MetricKey = "revenue",
    rows: Rows = RowsOf.MEMBERS,
    org_unit: TopUnit = None,
    direct_children: DirectChildren = False,
    kind: Kinds = None,
    level: Levels = None,
    org_units: ChosenUnits = None,
    members: ChosenMembers = None,
    structure: StructureChoice = Structure.AS_WAS,
    sort: Annotated[
        list[ActivitySort] | None,
        strawberry.argument(
            description="The columns that order the rows, the first before the second, five at the most."
        ),
    ] = None,
) -> dict[str, Any]:
    """The report; its rows are read by the fields that ask for them."""
    request = ReportRequest(
        period=period,
        metrics=(metric,),
        rows=rows,
        org_unit_id=optional_id(org_unit, "OrgUnit", ("orgUnit",)),
        direct_children=direct_children,
        kinds=None if kind is None else tuple(one.value for one in kind),
        levels=None if level is None else tuple(level),
        unit_ids=numbers(org_units, "OrgUnit", "orgUnits"),
        member_ids=numbers(members, "Member", "members"),
        structure="as_is" if structure is Structure.AS_IS else "as_was",
        sort=tuple(SortBy(by.column.value, by.descending) for by in sort or ()),
    )
    report = await activity_report(await reader_in(info.context), request)
    return {"report": report, **period_row(report.period), "metric": report.metric}


@strawberry.type
class ActivityReportQuery:
    """The root field of the report."""

    activity_report: ActivityReport | None = root_field(
        resolve_activity_report,
        weight=READING,
        description="What was done in a period and what came of it: a row for each unit or member that you may see,"
        " ordered, filtered, page by page, or as a file. Open rankings open nothing of it.",
    )
