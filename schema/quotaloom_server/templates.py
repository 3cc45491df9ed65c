"""Templates of plans to download: `GET /plans/{id}/template.csv` and `.xlsx`, with the token that the graph takes."""

from __future__ import annotations

from typing import BinaryIO

from starlette.requests import Request
from starlette.routing import Route

from quotaloom.importing.templates.commands import export_targets
from quotaloom.platform.errors import InputError
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.work import Work
from quotaloom_graphql.nodes import decode_id, optional_id
from quotaloom_server.downloads import download_route
from quotaloom_server.gate import Gate


def template_routes(gate: Gate) -> list[Route]:
    """A route for each format; `under` and `scenario` in the query are as in the graph."""

    def route(format: FileFormat) -> Route:
        async def export(request: Request, work: Work) -> tuple[str, bytes | BinaryIO]:
            plan_id = decode_id(request.path_params["plan_id"], "Plan", ("planId",))
            under = optional_id(request.query_params.get("under"), "OrgUnit", ("under",))
            scenario = _number(request.query_params.get("scenario"))
            exported = await export_targets(work, plan_id, format, under, scenario)
            return exported.plan_name, exported.content

        return download_route(gate, f"/plans/{{plan_id}}/template.{format}", format, "targets", export)

    return [route(format) for format in FileFormat]


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InputError("BAD_SCENARIO", f"{text[:60]!r} is no number of a scenario", ("scenario",))
    return int(text)
