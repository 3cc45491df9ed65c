"""Templates of plans to download: `GET /plans/{id}/template.csv` and `.xlsx`, with the token that the graph takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from quotaloom.importing.templates.commands import ExportedTemplate, export_targets
from quotaloom.platform.errors import AccessDenied, InputError, NotFound, Unauthenticated, Unavailable
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.tokens import TokenAuthority
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.nodes import decode_id, optional_id

_STATUS: Final = ((Unauthenticated, 401), (AccessDenied, 403), (NotFound, 404), (InputError, 400), (Unavailable, 503))


def template_routes(services: Callable[[], Services], authority: TokenAuthority) -> list[Route]:
    """A route for each format; `under` and `scenario` in the query are as in the graph."""

    def route(format: FileFormat) -> Route:
        async def download(request: Request) -> Response:
            try:
                exported = await _export(services(), authority, request, format)
            except tuple(kind for kind, _ in _STATUS) as error:
                return _refused(error)
            return _file(exported, format)

        return Route(f"/plans/{{plan_id}}/template.{format}", download, methods=["GET"])

    return [route(format) for format in FileFormat]


async def _export(
    services: Services, authority: TokenAuthority, request: Request, format: FileFormat
) -> ExportedTemplate:
    identity = authority.authenticate(request.headers.get("authorization"))
    plan_id = decode_id(request.path_params["plan_id"], "Plan", ("planId",))
    under = optional_id(request.query_params.get("under"), "OrgUnit", ("under",))
    scenario = _number(request.query_params.get("scenario"))
    async with RequestContext(services, identity) as context:
        work = await context.work()
    return await export_targets(work, plan_id, format, under, scenario)


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InputError("BAD_SCENARIO", f"{text[:60]!r} is no number of a scenario", ("scenario",))
    return int(text)


def _file(exported: ExportedTemplate, format: FileFormat) -> Response:
    name = quote(f"{exported.plan_name}.{format}", safe="")
    headers = {
        "content-disposition": f"attachment; filename=\"targets.{format}\"; filename*=UTF-8''{name}",
        "cache-control": "no-store",
    }
    return Response(exported.content, media_type=format.media_type, headers=headers)


def _refused(error: Any) -> Response:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    return JSONResponse({"code": error.extensions["code"], "message": str(error)}, status_code=status)
