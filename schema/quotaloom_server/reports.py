"""Reports to download: `GET /reports/attainment.csv` and `.xlsx`, with the arguments of the graph in the query."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.routing import Route

from quotaloom.platform.errors import InputError
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.tokens import TokenAuthority
from quotaloom.platform.work import Work
from quotaloom.reports.attainment_columns import AttainmentColumn
from quotaloom.reports.exporting import ExportedReport, export_attainment
from quotaloom.reports.requests import ReportRequest
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.report_paths import request_of
from quotaloom_server.downloads import download_route

C = TypeVar("C", bound=StrEnum)

Exporter = Callable[[Work, ReportRequest, FileFormat, Sequence[str]], Awaitable[ExportedReport]]


async def _attainment(work: Work, request: ReportRequest, format: FileFormat, columns: Sequence[str]) -> ExportedReport:
    return await export_attainment(work, request, format, columns_named(AttainmentColumn, columns))


EXPORTERS: Final[Mapping[str, Exporter]] = {"attainment": _attainment}
"""What makes a file of each report, by its name."""


def report_routes(services: Callable[[], Services], authority: TokenAuthority) -> list[Route]:
    """A route for each report and format."""

    def route(name: str, exporter: Exporter, format: FileFormat) -> Route:
        async def export(request: Request) -> tuple[str, bytes]:
            identity = authority.authenticate(request.headers.get("authorization"))
            asked, columns = request_of(request.query_params.multi_items())
            async with RequestContext(services(), identity) as context:
                work = await context.work()
            exported = await exporter(work, asked, format, columns)
            return exported.name, exported.content

        return download_route(f"/reports/{name}.{format}", format, name, export)

    return [route(name, exporter, format) for name, exporter in EXPORTERS.items() for format in FileFormat]


def columns_named(kind: type[C], names: Sequence[str]) -> list[C]:
    """The columns of these names, in lower case; raises `InputError` BAD_COLUMN for what is none."""
    known = {column.value: column for column in kind}
    for place, name in enumerate(names):
        if name not in known:
            message = f"{name[:60]!r} is no column of this report; there are {', '.join(known)}"
            raise InputError("BAD_COLUMN", message, ("columns", place))
    return [known[name] for name in names]
