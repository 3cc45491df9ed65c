"""Files to download, with the token that the graph takes, and refusals of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from quotaloom.platform.errors import AccessDenied, InputError, NotFound, Unauthenticated, Unavailable
from quotaloom.platform.spreadsheets import FileFormat

_STATUS: Final = ((Unauthenticated, 401), (AccessDenied, 403), (NotFound, 404), (InputError, 400), (Unavailable, 503))

Export = Callable[[Request], Awaitable[tuple[str, bytes]]]
"""What makes a file of a request: its name without an ending, and what is in it."""


def download_route(path: str, format: FileFormat, plain_name: str, export: Export) -> Route:
    """A route that answers with the file; `plain_name` is for clients that know no other names."""

    async def download(request: Request) -> Response:
        try:
            name, content = await export(request)
        except tuple(kind for kind, _ in _STATUS) as error:
            return _refused(error)
        named = quote(f"{name}.{format}", safe="")
        headers = {
            "content-disposition": f"attachment; filename=\"{plain_name}.{format}\"; filename*=UTF-8''{named}",
            "cache-control": "no-store",
        }
        return Response(content, media_type=format.media_type, headers=headers)

    return Route(path, download, methods=["GET"])


def _refused(error: Any) -> Response:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    return JSONResponse({**error.extensions, "message": str(error)}, status_code=status)
