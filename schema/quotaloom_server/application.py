"""The ASGI application: everything that a serving process consists of, put together."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from quotaloom.credentials.known_keys import KnownKeys
from quotaloom.notifications import telling
from quotaloom.notifications.feed import NotificationFeed
from quotaloom.platform import attainment_changes
from quotaloom.platform.database import Database
from quotaloom.platform.limits import LimitExceeded, Limits
from quotaloom.platform.notifications import Tellers, listening
from quotaloom.platform.rates import Rates
from quotaloom.platform.refused_access import RefusedAccess
from quotaloom.platform.settings import Settings
from quotaloom.platform.shares import Shares
from quotaloom.platform.unit_of_work import ACCESS_CHANNEL
from quotaloom.policies.discovery import Discovery
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.registry import plugin_of
from quotaloom.policies.settings import CHANNEL
from quotaloom.targets.attainment_feed import AttainmentFeed
from quotaloom_graphql.context import Services
from quotaloom_graphql.plugin_graphs import extensions_of
from quotaloom_graphql.request_keys import HEADER
from quotaloom_graphql.schema import build_schema
from quotaloom_server.batches import COST_HEADER
from quotaloom_server.bodies import CodedBody, Knows, bounded, coded, too_large
from quotaloom_server.busy import Busy
from quotaloom_server.clock import Clock, utc_now
from quotaloom_server.command import GARBAGE
from quotaloom_server.gate import Gate
from quotaloom_server.health import health_routes
from quotaloom_server.hosting import plugins_here, policy_host
from quotaloom_server.jobs import working
from quotaloom_server.keys import token_authority
from quotaloom_server.outside_tokens import COMPANY, outside_tokens
from quotaloom_server.provider import provider_of
from quotaloom_server.reports import report_routes
from quotaloom_server.signing_in.routes import sign_in_routes
from quotaloom_server.statements import statement_routes
from quotaloom_server.templates import template_routes
from quotaloom_server.trusted_documents import read_documents
from quotaloom_server.view import GraphQLView
from quotaloom_server.withdrawals import Withdrawals

GRAPH = "/graphql"
"""Where the graph is served."""


class Application(Starlette):
    """Starlette's application, but for operations that no page of another origin sends: those go straight to the graph.

    They need no routes and nothing said of origins, and the graph tells of its errors itself.
    """

    def __init__(self, graph: ASGIApp, *, limits: Limits, knows: Knows, **options: Any) -> None:
        super().__init__(**options)
        self._graph = graph
        self._limits = limits
        self._knows = knows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, unless its body is too large or in another form.

        Who hangs up before he has said what he wants is none.
        """
        try:
            if scope["type"] != "http":
                await super().__call__(scope, receive, send)
                return
            fields: dict[bytes, bytes] = dict(scope["headers"])
            try:
                receive = await bounded(scope, fields, receive, self._limits, self._knows)
            except LimitExceeded as error:
                await too_large(error)(scope, receive, send)
                return
            except CodedBody as error:
                await coded(error)(scope, receive, send)
                return
            is_plain = b"origin" not in fields and not scope.get("root_path")
            if is_plain and scope["method"] == "POST" and scope["path"] == GRAPH:
                await self._graph(scope, receive, send)
            else:
                await super().__call__(scope, receive, send)
        except ClientDisconnect:
            pass


def create_application(
    settings: Settings,
    database_url: str,
    clock: Clock = utc_now,
    plugins: Discovery | None = None,
    *,
    jobs: bool = False,
) -> Starlette:
    """The application on a migrated database; it connects when it starts and closes when it ends.

    Its `state.policies` is the host of its plugins, its `state.streams` are the open event streams. `clock` gives each
    request its moment. `plugins` are those that `find_plugins` found; without them there are those alone that run in
    the server. With `jobs` a worker does jobs beside the requests. Raises `PluginsRefused` in strict mode.
    """
    database = Database(
        database_url,
        pool_size=settings.database_pool_size,
        statement_timeout_ms=settings.statement_timeout_ms,
    )
    # Whose access was withdrawn is cut off, however many requests wait for a connection.
    apart = Database(database_url, pool_size=1, statement_timeout_ms=settings.statement_timeout_ms)
    found = plugins or plugins_here(settings)
    policies = policy_host(settings, found)
    feed = AttainmentFeed(database, settings, turns=max(1, settings.database_pool_size // 2))
    notifications = NotificationFeed(settings)
    services = Services(
        database,
        policies,
        clock,
        feed,
        notifications,
        outside_issuer=settings.oidc_issuer,
        limits=settings,
        rates=Rates(settings),
        shares=Shares(settings, settings.database_pool_size),
    )
    provider = provider_of(settings)
    gate = Gate(
        lambda: services,
        token_authority(settings),
        KnownKeys(database, clock),
        outside_tokens(settings, database, provider),
        RefusedAccess(database, clock),
        Withdrawals(apart, clock),
        Busy(settings),
    )
    documents = read_documents(settings.trusted_documents)
    view = GraphQLView(
        schema=build_schema(
            production=settings.is_production,
            limits=settings,
            trusts=documents.holds if settings.trusted_documents_only else None,
            plugins=extensions_of(found),
        ),
        documents=documents,
        gate=gate,
        open_to_strangers=not settings.is_production,
        limits=settings,
        graphql_ide=None if settings.is_production else "graphiql",
    )

    tellers: Tellers = {
        CHANNEL: partial(_forgive, policies),
        attainment_changes.CHANNEL: feed.told,
        telling.CHANNEL: notifications.told,
        ACCESS_CHANNEL: gate.withdrawals.told,
    }

    def missed() -> None:
        feed.missed()
        notifications.missed()
        gate.withdrawals.missed()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.connect()
        try:
            await apart.connect()
        except BaseException:
            await database.close()
            raise
        # What stands after the start stands for ever; the collector need not walk it while requests wait.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        try:
            async with policies, feed, gate.open(), provider or nullcontext(), AsyncExitStack() as stack:
                await stack.enter_async_context(listening(database_url, tellers, began=missed))
                if jobs:
                    await stack.enter_async_context(working(database, database_url, policies, clock))
                yield
        finally:
            await apart.close()
            await database.close()

    application = Application(
        view,
        limits=settings,
        knows=gate.knows,
        routes=[
            Route("/", lambda _: RedirectResponse(GRAPH)),
            *health_routes(database.probe),
            Route(GRAPH, view),
            WebSocketRoute(GRAPH, view),
            *template_routes(gate),
            *report_routes(gate),
            *statement_routes(gate),
            *sign_in_routes(settings, database, clock, gate, provider),
        ],
        middleware=[
            # Behind a proxy, the address and scheme that it tells; the graph looks at neither.
            Middleware(ProxyHeadersMiddleware, trusted_hosts=os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")),
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.cors_origins),
                allow_methods=["GET", "POST"],
                allow_credentials="*" not in settings.cors_origins,  # `/sign-in` looks at a cookie; the graph does not
                allow_headers=["authorization", "content-type", HEADER, COMPANY],
                expose_headers=["content-disposition", COST_HEADER.decode(), "retry-after"],
            ),
        ],
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False  # it would send whoever asks to whatever host he names
    application.state.policies = policies
    application.state.services = services
    application.state.gate = gate
    application.state.streams = view.streams
    return application


def _forgive(policies: PolicyHost, payload: str) -> None:
    """Whoever switches a policy wants to see it work: its plugin is tried again at once, in every process."""
    company_id, _, key = payload.partition(" ")
    policies.forgive(plugin_of(key), int(company_id))
