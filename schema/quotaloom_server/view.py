"""GraphQL over HTTP: authentication, one unit of work per request, JSON by orjson."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException, StarletteRequestAdapter
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.unset import UNSET, UnsetType

from quotaloom.platform.callers import answering
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.tokens import Identity, TokenAuthority
from quotaloom.platform.unit_of_work import to_the_end
from quotaloom_graphql.context import RequestContext, Services
from quotaloom_graphql.errors import shown
from quotaloom_graphql.reticence import is_probe
from quotaloom_graphql.schema import COST
from quotaloom_server.answers import JSONAnswer
from quotaloom_server.clients import Client
from quotaloom_server.live import Connection, LiveHandler, TextAdapter
from quotaloom_server.pieces import dumps

GREETING_TIME = timedelta(seconds=10)
"""How long a WebSocket may take to say whose it is."""

COST_HEADER = b"graphql-cost"
"""What the operation of a request costs; the same is in the extensions of the answer."""

_OBJECT = (dict, type(None))

_NO_RESPONSE: Any = None
"""Where Strawberry's views have a response for resolvers to put headers into: ours put none."""


class GraphQLView(GraphQL[Any, None]):
    """Strawberry's ASGI application for our schema: queries and mutations over HTTP, subscriptions over WebSockets."""

    graphql_transport_ws_handler_class = LiveHandler
    websocket_adapter_class = TextAdapter

    def __init__(
        self, *, services: Callable[[], Services], authority: TokenAuthority, open_to_strangers: bool, **options: Any
    ) -> None:
        super().__init__(
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=GREETING_TIME,
            max_subscriptions_per_connection=None,  # the handler counts them, and says why it refuses one
            allowed_origins=("*",),  # no cookie lets anybody in: a page of another origin needs a token too
            **options,
        )
        self._services = services
        self._authority = authority
        self._open_to_strangers = open_to_strangers

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> RequestContext | Connection:
        """A context for one request; a bad token is told of by the first field that needs one."""
        if isinstance(request, WebSocket):
            return Connection(self._services(), self._authority, request.headers.get("authorization"))
        return RequestContext(self._services(), self._identity(request))

    def _identity(self, request: Request) -> Identity | Unauthenticated:
        try:
            return self._authority.authenticate(request.headers.get("authorization"))
        except Unauthenticated as error:
            return error

    async def on_ws_connect(self, context: Connection) -> UnsetType | dict[str, object] | None:
        """Let a WebSocket in; raises what closes it where its token is not good."""
        context.authenticate()
        return await super().on_ws_connect(context)

    async def run(self, request: Any, context: Any = UNSET, root_value: Any = UNSET) -> Any:
        """Answer a request. An operation in JSON, as nearly all are, goes the short way to the executor."""
        if request.scope["type"] != "http" or request.scope["method"] != "POST" or not _is_json(request):
            return await super().run(request, context, root_value)
        adapter = StarletteRequestAdapter(request)
        operation = await self._operation(request, adapter)
        asked = RequestContext(self._services(), self._identity(request))
        result = await self.execute_operation(request, adapter, operation, asked, None, _NO_RESPONSE)
        return _answer(await self.process_result(request, result))

    async def _operation(self, request: Request, adapter: StarletteRequestAdapter) -> Any:
        data = self.parse_json(await request.body())
        if isinstance(data, dict):
            query, variables, extensions = data.get("query"), data.get("variables"), data.get("extensions")
            if isinstance(query, str) and isinstance(variables, _OBJECT) and isinstance(extensions, _OBJECT):
                return GraphQLRequestData(query, variables, data.get("operationName"), extensions)
        return await self.parse_http_body(adapter)  # says what is wrong with it

    async def execute_operation(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        request_data: Any,
        context: RequestContext,
        root_value: None,
        sub_response: Response,
    ) -> Any:
        """Run the operation to its end in a task of its own: a client that hangs up tears no unit of work.

        It gives up waiting for a plugin then, outside any unit of work. Where strangers are told nothing, what they
        send is not even read.
        """
        if not self._open_to_strangers and context.stranger is not None and not is_probe(request_data.query):
            return ExecutionResult(None, [GraphQLError(str(context.stranger), original_error=context.stranger)])

        async def run() -> Any:
            async with Client(request) as client, context:
                with answering(client):
                    return await super(GraphQLView, self).execute_operation(
                        request, request_adapter, request_data, context, root_value, sub_response
                    )

        return await to_the_end(run())

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """The response, with unexpected errors masked."""
        if result.errors:
            result.errors = [shown(error) for error in result.errors]
        return await super().process_result(request, result)

    def decode_json(self, data: str | bytes) -> object:
        """Parse a request's body; what is neither an object nor a list is refused with 400."""
        found: object = orjson.loads(data)
        if not isinstance(found, (dict, list)):
            raise HTTPException(400, "A request is a JSON object with a `query`")
        return found

    def encode_json(self, data: object) -> bytes:
        """Write a message of a WebSocket; half of a surrogate pair, which no JSON can hold, is replaced."""
        return dumps(data)

    def create_response(self, response_data: Any, sub_response: Response) -> Any:
        """An answer over HTTP, which is written while it is sent."""
        return _answer(response_data)


def _answer(data: Any) -> JSONAnswer:
    """The answer, with what the operation cost as a header, too."""
    cost = data.get("extensions", {}).get(COST) if isinstance(data, dict) else None
    return JSONAnswer(data, () if cost is None else ((COST_HEADER, b"%d" % cost),))


def _is_json(request: Request) -> bool:
    media_type, _, _ = request.headers.get("content-type", "").partition(";")
    return media_type.strip().lower() == "application/json"
