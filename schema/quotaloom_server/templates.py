"""Templates of plans to download: `GET /plans/{id}/template.csv` and `.xlsx`, with the token that the graph takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from starlette.requests import Request
from starlette.routing import Route

from quotaloom.importing.templates.commands import export_targets
from quotaloom.platform.errors import InputError
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.tokens import TokenAuthority
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.nodes import decode_id, optional_id
from quotaloom_server.downloads import download_route


def template_routes(services: Callable[[], Services], authority: TokenAuthority) -> list[Route]:
    """A route for each format; `under` and `scenario` in the query are as in the graph."""

    def route(format: FileFormat) -> Route:
        async def export(request: Request) -> tuple[str, bytes | BinaryIO]:
            identity = authority.authenticate(request.headers.get("authorization"))
            plan_id = decode_id(request.path_params["plan_id"], "Plan", ("planId",))
            under = optional_id(request.query_params.get("under"), "OrgUnit", ("under",))
            scenario = _number(request.query_params.get("scenario"))
            async with RequestContext(services(), identity) as context:
                work = await context.work()
            exported = await export_targets(work, plan_id, format, under, scenario)
            return exported.plan_name, exported.content

        return download_route(f"/plans/{{plan_id}}/template.{format}", format, "targets", export)

    return [route(format) for format in FileFormat]


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InputError("BAD_SCENARIO", f"{text[:60]!r} is no number of a scenario", ("scenario",))
    return int(text)
