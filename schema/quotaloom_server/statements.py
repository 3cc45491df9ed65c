"""Statements to download: `GET /statements/{id}/statement.csv`, `.xlsx` and `.html`, and a run's together."""

from __future__ import annotations

from typing import BinaryIO

from starlette.requests import Request
from starlette.routing import Route

from quotaloom.incentives.statement_files import StatementFormat, export_run, export_statement
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.work import Work
from quotaloom_graphql.nodes import decode_id
from quotaloom_server.downloads import STATEMENT_COST, download_route
from quotaloom_server.gate import Gate


def statement_routes(gate: Gate) -> list[Route]:
    """A route for each format of one statement, and for each of those of a run."""

    def of_one(format: StatementFormat) -> Route:
        async def export(request: Request, work: Work) -> tuple[str, bytes | BinaryIO]:
            file = await export_statement(work, decode_id(request.path_params["id"], "Statement", ("id",)), format)
            return file.name, file.content

        return download_route(
            gate, f"/statements/{{id}}/statement.{format}", format, "statement", export, STATEMENT_COST
        )

    def of_run(format: FileFormat) -> Route:
        async def export(request: Request, work: Work) -> tuple[str, bytes | BinaryIO]:
            file = await export_run(work, decode_id(request.path_params["id"], "IncentiveRun", ("id",)), format)
            return file.name, file.content

        return download_route(gate, f"/incentive-runs/{{id}}/statements.{format}", format, "statements", export)

    return [*map(of_one, StatementFormat), *map(of_run, FileFormat)]
