"""Files to download, with the token that the graph takes, and refusals of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from io import SEEK_END
from typing import Any, BinaryIO, Final, Protocol
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from quotaloom.platform.callers import answering
from quotaloom.platform.errors import AccessDenied, InputError, NotFound, Unauthenticated, Unavailable
from quotaloom.platform.limits import ComeAgain, LimitExceeded
from quotaloom.platform.time_limits import timed
from quotaloom.platform.work import Work
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.errors import Told
from quotaloom_server.answers import file_answer
from quotaloom_server.clients import Client
from quotaloom_server.gate import Bearer, Gate

FILE_COST: Final = 1_000_000
"""What a file counts in the rates whose size nobody knows beforehand: as much as a core does in 0.4 seconds."""

STATEMENT_COST: Final = 50_000
"""What a file of one statement counts."""

_STATUS: Final = (
    (Unauthenticated, 401),
    (AccessDenied, 403),
    (NotFound, 404),
    (InputError, 400),
    (ComeAgain, 429),
    (LimitExceeded, 400),
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

    It counts `cost` in the rates of whoever asks, and has the time, rows and bytes that an operation has.
    """

    return Route(path, _Download(gate, format, plain_name, export, cost), methods=["GET"])


@dataclass(frozen=True, slots=True)
class _Download:
    """A file, as an ASGI application."""

    gate: Gate
    format: Format
    plain_name: str
    export: Export
    cost: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make it and send it."""
        request = Request(scope, receive)
        bearer = await self.gate.identify(request.headers.get("authorization"), request.headers)
        stay = self.gate.busy.stay()
        try:
            try:
                stay.begin(bearer)
                answer = await self._answer(request, bearer)
            except tuple(kind for kind, _ in _STATUS) as error:
                await self.gate.note(bearer, [Told(scope["path"], error)])
                answer = _refused(error)
            await answer(scope, receive, send)
        finally:
            stay.end()

    async def _answer(self, request: Request, bearer: Bearer) -> Response:
        context = RequestContext(self.gate.services(), bearer)
        name, content = await _exported(request, context, self.cost, self.export)
        ending = self.format.value
        named = quote(f"{name}.{ending}", safe="")
        headers = {
            "content-disposition": f"attachment; filename=\"{self.plain_name}.{ending}\"; filename*=UTF-8''{named}",
            "cache-control": "no-store",
        }
        return file_answer(content, self.format.media_type, headers, request.headers.get("accept-encoding"))


async def _exported(
    request: Request, context: RequestContext, cost: int, export: Export
) -> tuple[str, bytes | BinaryIO]:
    """The file, made within the limits of an operation; its snapshot ends before the file's own begins."""
    allowance = context.allowance
    allowance.only_reads = allowance.counts_all = True
    async with Client(request.receive) as client:
        with answering(client), timed(allowance):
            async with context:
                context.charge(cost)
                work = await context.work()
            name, content = await export(request, work)
    try:
        allowance.begin()
        allowance.require_file(_size_of(content))
    except LimitExceeded:
        if not isinstance(content, bytes):
            content.close()
        raise
    return name, content


def _size_of(content: bytes | BinaryIO) -> int:
    """How many bytes there are; a file is left standing at its beginning."""
    if isinstance(content, bytes):
        return len(content)
    size = content.seek(0, SEEK_END)
    content.seek(0)
    return size


def _refused(error: Any) -> Response:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    headers = {"retry-after": str(error.retry_after)} if isinstance(error, ComeAgain) else None
    return JSONResponse({**error.extensions, "message": str(error)}, status, headers)
