"""Files to download, with the token that the graph takes, and refusals of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, BinaryIO, Final, Protocol
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from quotaloom.platform.errors import AccessDenied, InputError, NotFound, Unauthenticated, Unavailable
from quotaloom.platform.rates import RateExceeded
from quotaloom.platform.work import Work
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.errors import Told
from quotaloom_server.answers import file_answer
from quotaloom_server.gate import Gate

FILE_COST: Final = 1_000_000
"""What a file counts in the rates whose size nobody knows beforehand: as much as a core does in 0.4 seconds."""

STATEMENT_COST: Final = 50_000
"""What a file of one statement counts."""

_STATUS: Final = (
    (Unauthenticated, 401),
    (AccessDenied, 403),
    (NotFound, 404),
    (InputError, 400),
    (RateExceeded, 429),
    (Unavailable, 503),
)

Export = Callable[[Request, Work], Awaitable[tuple[str, bytes | BinaryIO]]]
"""What makes a file of a request, for whoever asks.

It tells the name without an ending, and what is in it, or a file that is closed once sent.
"""


class Format(Protocol):
    """The ending of a file's name, and what kind it is."""

    @property
    def value(self) -> str:
        """The ending."""

    @property
    def media_type(self) -> str:
        """The kind."""


def download_route(
    gate: Gate, path: str, format: Format, plain_name: str, export: Export, cost: int = FILE_COST
) -> Route:
    """A route that answers with the file; `plain_name` is for clients that know no other names.

    It counts `cost` in the rates of whoever asks, as an operation does.
    """

    async def download(request: Request) -> Response:
        bearer = await gate.identify(request.headers.get("authorization"), request.headers)
        try:
            async with RequestContext(gate.services(), bearer) as context:
                context.charge(cost)
                work = await context.work()
            name, content = await export(request, work)
        except tuple(kind for kind, _ in _STATUS) as error:
            await gate.note(bearer, [Told(request.url.path, error)])
            return _refused(error)
        named = quote(f"{name}.{format.value}", safe="")
        headers = {
            "content-disposition": f"attachment; filename=\"{plain_name}.{format.value}\"; filename*=UTF-8''{named}",
            "cache-control": "no-store",
        }
        return file_answer(content, format.media_type, headers, request.headers.get("accept-encoding"))

    return Route(path, download, methods=["GET"])


def _refused(error: Any) -> Response:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    headers = {"retry-after": str(error.retry_after)} if isinstance(error, RateExceeded) else None
    return JSONResponse({**error.extensions, "message": str(error)}, status, headers)
