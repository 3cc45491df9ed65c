"""What load balancers and orchestrators ask: whether this process lives, and whether requests would be answered."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from quotaloom.platform.probing import Probe, State


def health_routes(database: Probe) -> list[Route]:
    """`/health` is 200 while requests would be answered and 503 otherwise; `/alive` is 200 as long as we live."""

    async def health(_: Request) -> Response:
        if await database.ask() is State.READY:
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "the database does not answer"}, 503, {"retry-after": "1"})

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return [Route("/health", health), Route("/alive", alive)]
