"""The target-attainment report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import strawberry

from quotaloom.reports.attainment import attainment_page, attainment_report, attainment_totals
from quotaloom.reports.attainment_columns import AttainmentColumn, ReportRow
from quotaloom.reports.ordering import SortBy
from quotaloom.reports.requests import ReportRequest, RowsOf
from quotaloom.targets.attainment import AttainmentStatus
from quotaloom_graphql.arguments import AsOf, PeriodLabel, StructureChoice
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

strawberry.enum(
    AttainmentColumn,
    name="AttainmentColumn",
    description="A column of the target-attainment report: those of the unit or member, and those of each metric.",
)


@strawberry.input(description="A column that orders the rows; who has nothing in it comes last in both directions.")
class AttainmentSort:
    """A column and a direction."""

    column: AttainmentColumn = strawberry.field(description="The column.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")
    metric: str | None = strawberry.field(
        default=None, description="Of the metric with this key; of the report's first one if null."
    )


@strawberry.type(description="One row of the target-attainment report.")
class AttainmentReportRow(SubjectRow):
    """A unit or member."""

    attainments: list[Attainment] = strawberry.field(description="Its figures of each metric, in the report's order.")


async def _load_rows(
    reports: list[Any], info: Info, first: First = 100, after: After = None
) -> Sequence[dict[str, Any]]:
    offset, limit = window(first, after)
    reader = await reader_in(info.context)
    pages = [await attainment_page(reader, one["report"], offset, limit) for one in reports]
    return [page([_row(row) for row in rows], offset, total) for rows, total in pages]


async def _load_totals(reports: list[Any], info: Info) -> Sequence[dict[str, Any] | None]:
    reader = await reader_in(info.context)
    totals = [await attainment_totals(reader, one["report"]) for one in reports]
    return [None if row is None else _row(row) for row in totals]


def _row(row: ReportRow) -> dict[str, Any]:
    return {**subject_row(row.subject), "attainments": row.figures}


async def _load_files(
    reports: list[Any],
    info: Info,
    format: Annotated[FileFormat, strawberry.argument(description="What kind of file.")],
    columns: Annotated[
        list[AttainmentColumn] | None,
        strawberry.argument(
            description="Its columns, those of the unit or member first, the others for each metric. If not given: who"
            " it is, target, assessment, achieved, rate, gap and status."
        ),
    ] = None,
) -> list[dict[str, Any]]:
    """The file of each report."""
    return report_files("attainment", reports, format, columns or ())


@strawberry.type(description="Targets and what is achieved of them, one row for each unit or member.")
class AttainmentReport:
    """The target-attainment report."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    metrics: list[Metric] = strawberry.field(description="What is counted, in the order of the columns.")
    rows: Connection[AttainmentReportRow] | None = batch(
        _load_rows,
        description="The rows, those with zero and those without a target included: by `sort`, and among equals"
        " units in tree order, members by name and key.",
        directives=[together(20_000)],
    )
    totals: AttainmentReportRow | None = batch(
        _load_totals,
        description="The own sums of `orgUnit`, or of the company, whatever the filters leave of the rows: never"
        " a sum of rates, nor of children. Null where you do not see them.",
        directives=[together(20_000)],
    )
    export: ReportFile = batch(_load_files, description="The report as a file, the totals in its last row.")


async def resolve_attainment_report(
    info: Info,
    period: PeriodLabel,
    metrics: Annotated[
        list[str] | None,
        strawberry.argument(description="The keys of one to five metrics, `revenue` if not given."),
    ] = None,
    rows: Rows = RowsOf.UNITS,
    org_unit: TopUnit = None,
    direct_children: DirectChildren = False,
    kind: Kinds = None,
    level: Levels = None,
    org_units: ChosenUnits = None,
    members: ChosenMembers = None,
    status: Annotated[
        list[AttainmentStatus | None] | None,
        strawberry.argument(description="Only rows whose status of the first metric is one of these; null is none."),
    ] = None,
    structure: StructureChoice = Structure.AS_WAS,
    as_of: AsOf = None,
    sort: Annotated[
        list[AttainmentSort] | None,
        strawberry.argument(
            description="The columns that order the rows, the first before the second, five at the most."
        ),
    ] = None,
) -> dict[str, Any]:
    """The report; its rows are read by the fields that ask for them."""
    request = ReportRequest(
        period=period,
        metrics=("revenue",) if metrics is None else tuple(metrics),
        rows=rows,
        org_unit_id=optional_id(org_unit, "OrgUnit", ("orgUnit",)),
        direct_children=direct_children,
        kinds=None if kind is None else tuple(one.value for one in kind),
        levels=None if level is None else tuple(level),
        unit_ids=numbers(org_units, "OrgUnit", "orgUnits"),
        member_ids=numbers(members, "Member", "members"),
        statuses=None if status is None else tuple(status),
        structure="as_is" if structure is Structure.AS_IS else "as_was",
        as_of=as_of,
        sort=tuple(SortBy(by.column.value, by.descending, by.metric) for by in sort or ()),
    )
    report = await attainment_report(await reader_in(info.context), request)
    return {"report": report, **period_row(report.period), "metrics": list(report.metrics)}


@strawberry.type
class AttainmentReportQuery:
    """The root field of the report."""

    attainment_report: AttainmentReport | None = root_field(
        resolve_attainment_report,
        weight=READING,
        description="Targets and what is achieved of them in a period: a row for each unit or member that you may see,"
        " ordered, filtered, page by page, or as a file.",
    )
