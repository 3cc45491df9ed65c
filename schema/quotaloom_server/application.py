"""The ASGI application: everything that a serving process consists of, put together."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from quotaloom.platform.database import Database
from quotaloom.platform.settings import Settings
from quotaloom.policies.discovery import discover
from quotaloom.policies.registry import PolicyRegistry
from quotaloom_graphql.context import Services
from quotaloom_graphql.schema import build_schema
from quotaloom_server.clock import Clock, utc_now
from quotaloom_server.keys import token_authority
from quotaloom_server.view import GraphQLView


def create_application(settings: Settings, database_url: str, clock: Clock = utc_now) -> Starlette:
    """The application on a migrated database; it connects when it starts and closes when it ends.

    `clock` gives each request its moment. Raises `PluginsRefused` in strict mode.
    """
    database = Database(
        database_url,
        pool_size=settings.database_pool_size,
        statement_timeout_ms=settings.statement_timeout_ms,
    )
    policies = PolicyRegistry(discover(strict=settings.plugins_strict).plugins)
    services = Services(database, policies, clock)
    view = GraphQLView(
        schema=build_schema(production=settings.is_production),
        services=lambda: services,
        authority=token_authority(settings),
        graphql_ide=None if settings.is_production else "graphiql",
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.connect()
        # What stands after the start stands for ever; the collector need not walk it while requests wait.
        gc.collect()
        gc.freeze()
        try:
            yield
        finally:
            await database.close()

    async def health(_: Request) -> Response:
        return await _health(database)

    return Starlette(
        routes=[
            Route("/", lambda _: RedirectResponse("/graphql")),
            Route("/health", health),
            Route("/graphql", view),
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.cors_origins),
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type"],
            )
        ],
        lifespan=lifespan,
    )


async def _health(database: Database) -> Response:
    """200 while the database answers, 503 otherwise."""
    try:
        async with database.client.acquire_connection() as connection:
            await connection.execute("SELECT 1", timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return JSONResponse({"status": "the database does not answer"}, status_code=503)
    return JSONResponse({"status": "ok"})
