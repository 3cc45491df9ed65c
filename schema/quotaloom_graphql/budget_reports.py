"""The report of incentive cost against budget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from quotaloom.incentives.budget_columns import BudgetColumn, BudgetRow
from quotaloom.incentives.budget_reports import budget_report, budget_rows, budget_totals
from quotaloom.platform.amounts import format_amount
from quotaloom.reports.ordering import SortBy
from quotaloom.reports.requests import ReportRequest
from quotaloom_graphql.arguments import MetricKey, PeriodLabel
from quotaloom_graphql.connections import After, Connection, First, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.enums import FileFormat
from quotaloom_graphql.field_costs import READING, together
from quotaloom_graphql.incentive_budgets import IncentiveBudget, shown_budget
from quotaloom_graphql.metrics import Metric
from quotaloom_graphql.nodes import optional_id
from quotaloom_graphql.organizations import OrgUnit
from quotaloom_graphql.ranking_loaders import load_ranked_units
from quotaloom_graphql.report_arguments import (
    ChosenUnits,
    DirectChildren,
    Kinds,
    Levels,
    ReportFile,
    TopUnit,
    numbers,
    period_row,
    reader_in,
    subject_row,
)
from quotaloom_graphql.report_paths import report_files
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch

strawberry.enum(BudgetColumn, name="BudgetColumn", description="A column of the report of incentive cost.")


@strawberry.input(description="A column that orders the rows; what has nothing in it comes last in both directions.")
class BudgetSort:
    """A column and a direction."""

    column: BudgetColumn = strawberry.field(description="The column.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.type(description="One row of the report of incentive cost, in the company's currency.")
class BudgetReportRow:
    """A unit."""

    org_unit: OrgUnit | None = batch(load_ranked_units, key="unit_id", by="id", one=True, description="The unit.")
    key: str = strawberry.field(description="Its key.")
    name: str = strawberry.field(description="Its name.")
    level: int | None = strawberry.field(description="How many levels below the company it is.")
    path: str | None = strawberry.field(description="The names above it, the company's first.")
    budgets: list[IncentiveBudget] = strawberry.field(description="Its own budgets for periods within the report's.")
    budget: Decimal | None = strawberry.field(
        description="What they come to: of those that share a day the longer counts. Null where it has none of its own."
    )
    paid: Decimal = strawberry.field(description="What was paid.")
    approved: Decimal = strawberry.field(description="What is approved, and not paid yet.")
    draft: Decimal = strawberry.field(description="What drafts and reviewed runs would pay, as they stand.")
    cost: Decimal = strawberry.field(description="All three together.")
    rest: Decimal | None = strawberry.field(description="Budget less cost; null without a budget.")
    share: Decimal | None = strawberry.field(description="`cost ÷ budget`, six places; null without one, or one of 0.")
    achieved: Decimal = strawberry.field(description="What was achieved of the metric.")
    cost_per_achieved: Decimal | None = strawberry.field(
        description="`cost ÷ achieved`, six places; null where nothing was achieved."
    )


async def _load_rows(
    reports: list[Any], info: Info, first: First = 100, after: After = None
) -> Sequence[dict[str, Any]]:
    offset, limit = window(first, after)
    reader = await reader_in(info.context)
    currency = reader.work.company.currency
    found = [await budget_rows(reader, one["report"]) for one in reports]
    return [page([_row(row, currency) for row in rows[offset : offset + limit]], offset, len(rows)) for rows in found]


async def _load_totals(reports: list[Any], info: Info) -> Sequence[dict[str, Any] | None]:
    reader = await reader_in(info.context)
    totals = [await budget_totals(reader, one["report"]) for one in reports]
    return [None if row is None else _row(row, reader.work.company.currency) for row in totals]


def _row(row: BudgetRow, currency: str) -> dict[str, Any]:
    def money(amount: int | None) -> str | None:
        return None if amount is None else format_amount(amount, row.currency_scale)

    return {
        **subject_row(row.subject),
        "budgets": [shown_budget(one, currency) for one in row.budgets],
        "budget": money(row.budget),
        "paid": money(row.cost.paid),
        "approved": money(row.cost.approved),
        "draft": money(row.cost.draft),
        "cost": money(row.cost.total),
        "rest": money(row.rest),
        "share": row.share,
        "achieved": format_amount(row.achieved, row.metric_scale),
        "cost_per_achieved": row.cost_per_achieved,
    }


async def _load_files(
    reports: list[Any],
    info: Info,
    format: Annotated[FileFormat, strawberry.argument(description="What kind of file.")],
    columns: Annotated[
        list[BudgetColumn] | None, strawberry.argument(description="Its columns; all of them if not given.")
    ] = None,
) -> list[dict[str, Any]]:
    """The file of each report."""
    return report_files("incentive-budget", reports, format, columns or ())


@strawberry.type(description="What incentives cost units, and may cost, one row for each.")
class BudgetReport:
    """The report of incentive cost against budget."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    currency: str = strawberry.field(description="ISO 4217 code.")
    metric: Metric = strawberry.field(description="The metric that it stands beside.")
    rows: Connection[BudgetReportRow] | None = batch(
        _load_rows,
        description="The rows, those with nothing included: by `sort`, and among equals in tree order.",
        directives=[together(20_000)],
    )
    totals: BudgetReportRow | None = batch(
        _load_totals,
        description="The own budget and sums of `orgUnit`, or of the company, whatever the filters leave of the"
        " rows. Null where you do not see them.",
        directives=[together(10_000)],
    )
    export: ReportFile = batch(_load_files, description="The report as a file, the totals in its last row.")


async def resolve_budget_report(
    info: Info,
    period: PeriodLabel,
    metric: MetricKey = "revenue",
    org_unit: TopUnit = None,
    direct_children: DirectChildren = False,
    kind: Kinds = None,
    level: Levels = None,
    org_units: ChosenUnits = None,
    sort: Annotated[
        list[BudgetSort] | None,
        strawberry.argument(
            description="The columns that order the rows, the first before the second, five at the most."
        ),
    ] = None,
) -> dict[str, Any]:
    """The report; its rows are read by the fields that ask for them."""
    request = ReportRequest(
        period=period,
        metrics=(metric,),
        org_unit_id=optional_id(org_unit, "OrgUnit", ("orgUnit",)),
        direct_children=direct_children,
        kinds=None if kind is None else tuple(one.value for one in kind),
        levels=None if level is None else tuple(level),
        unit_ids=numbers(org_units, "OrgUnit", "orgUnits"),
        sort=tuple(SortBy(by.column.value, by.descending) for by in sort or ()),
    )
    reader = await reader_in(info.context)
    report = await budget_report(reader, request)
    currency = reader.work.company.currency
    return {"report": report, **period_row(report.period), "currency": currency, "metric": report.metric}


@strawberry.type
class BudgetReportQuery:
    """The root field of the report."""

    incentive_budget_report: BudgetReport | None = root_field(
        resolve_budget_report,
        weight=READING,
        description="What incentives cost in a period and what they may cost: a row for each unit that you lead, or for"
        " all where you see everything; ordered, filtered, page by page, or as a file.",
    )
