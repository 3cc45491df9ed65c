"""Statements to download: `GET /statements/{id}/statement.csv`, `.xlsx` and `.html`, and a run's together."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from starlette.requests import Request
from starlette.routing import Route

from quotaloom.incentives.statement_files import StatementFormat, export_run, export_statement
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.tokens import TokenAuthority
from quotaloom.platform.work import Work
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.nodes import decode_id
from quotaloom_server.downloads import download_route


def statement_routes(services: Callable[[], Services], authority: TokenAuthority) -> list[Route]:
    """A route for each format of one statement, and for each of those of a run."""

    async def work_of(request: Request) -> Work:
        identity = authority.authenticate(request.headers.get("authorization"))
        async with RequestContext(services(), identity) as context:
            return await context.work()

    def of_one(format: StatementFormat) -> Route:
        async def export(request: Request) -> tuple[str, bytes | BinaryIO]:
            work = await work_of(request)
            file = await export_statement(work, decode_id(request.path_params["id"], "Statement", ("id",)), format)
            return file.name, file.content

        return download_route(f"/statements/{{id}}/statement.{format}", format, "statement", export)

    def of_run(format: FileFormat) -> Route:
        async def export(request: Request) -> tuple[str, bytes | BinaryIO]:
            work = await work_of(request)
            file = await export_run(work, decode_id(request.path_params["id"], "IncentiveRun", ("id",)), format)
            return file.name, file.content

        return download_route(f"/incentive-runs/{{id}}/statements.{format}", format, "statements", export)

    return [*map(of_one, StatementFormat), *map(of_run, FileFormat)]
