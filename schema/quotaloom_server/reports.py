"""Reports to download, such as `GET /reports/attainment.csv`, with the arguments of the graph in the query."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import BinaryIO, Final

from starlette.requests import Request
from starlette.routing import Route

from quotaloom.incentives.budget_columns import BudgetColumn
from quotaloom.incentives.budget_reports import export_budget
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.work import Work
from quotaloom.reports.activity_columns import ActivityColumn
from quotaloom.reports.attainment_columns import AttainmentColumn
from quotaloom.reports.exporting import ExportedReport, export_activity, export_attainment
from quotaloom.reports.ordering import columns_named
from quotaloom.reports.requests import ReportRequest
from quotaloom_graphql.report_paths import request_of
from quotaloom_server.downloads import download_route
from quotaloom_server.gate import Gate

Exporter = Callable[[Work, ReportRequest, FileFormat, Sequence[str]], Awaitable[ExportedReport]]


async def _attainment(work: Work, request: ReportRequest, format: FileFormat, columns: Sequence[str]) -> ExportedReport:
    return await export_attainment(work, request, format, columns_named(AttainmentColumn, columns))


async def _activity(work: Work, request: ReportRequest, format: FileFormat, columns: Sequence[str]) -> ExportedReport:
    return await export_activity(work, request, format, columns_named(ActivityColumn, columns))


async def _budget(work: Work, request: ReportRequest, format: FileFormat, columns: Sequence[str]) -> ExportedReport:
    return await export_budget(work, request, format, columns_named(BudgetColumn, columns))


EXPORTERS: Final[Mapping[str, Exporter]] = {
    "attainment": _attainment,
    "activity": _activity,
    "incentive-budget": _budget,
}
"""What makes a file of each report, by its name."""


def report_routes(gate: Gate) -> list[Route]:
    """A route for each report and format."""

    def route(name: str, exporter: Exporter, format: FileFormat) -> Route:
        async def export(request: Request, work: Work) -> tuple[str, bytes | BinaryIO]:
            asked, columns = request_of(request.query_params.multi_items())
            exported = await exporter(work, asked, format, columns)
            return exported.name, exported.content

        return download_route(gate, f"/reports/{name}.{format}", format, name, export)

    return [route(name, exporter, format) for name, exporter in EXPORTERS.items() for format in FileFormat]
