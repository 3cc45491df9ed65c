"""What load balancers and orchestrators ask: whether this process lives, and whether requests would be answered."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from quotaloom.platform.database import credentials

PATIENCE: Final = 0.8
"""Seconds within which the database must answer, connecting included: a database that goes is told within one."""

_ANY: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Readiness:
    """Whether the database answers and can be written to.

    It is asked on a connection of its own, opened by the first question: a pool that is busy is no outage. Those who
    ask at the same time share an answer.
    """

    def __init__(self, database_url: str) -> None:
        self._credentials = credentials(database_url)
        self._connection: asyncpg.Connection[Any] | None = None
        self._asking: asyncio.Task[bool] | None = None

    async def is_ready(self) -> bool:
        """The answer, after `PATIENCE` seconds at the most."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def close(self) -> None:
        """Let go of the connection."""
        if self._asking is not None:
            await self._asking
        self._drop()

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(**self._credentials)
                return not await self._connection.fetchval("SELECT pg_is_in_recovery()")
        except _ANY:
            self._drop()
            return False

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def health_routes(readiness: Readiness) -> list[Route]:
    """`/health` is 200 while requests would be answered and 503 otherwise; `/alive` is 200 as long as we live."""

    async def health(_: Request) -> Response:
        if await readiness.is_ready():
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "the database does not answer"}, 503, {"retry-after": "1"})

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return [Route("/health", health), Route("/alive", alive)]
