"""GraphQL subscriptions over WebSockets, by the protocol `graphql-transport-ws`.

A connection is somebody's: its token comes with `connection_init`, or as the Authorization header of the handshake.
When the token ends, or its bearer may come in no more, the connection is closed with 4403, and clients come back with a
new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from cross_web import HTTPException
from graphql import GraphQLError
from starlette.websockets import WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import NonJsonMessageReceived, WebSocketDisconnected
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ErrorMessage, Message, SubscribeMessage
from strawberry.types.graphql import OperationType

from quotaloom.platform.errors import Unauthenticated, Unavailable
from quotaloom.platform.tokens import Identity
from quotaloom.targets.attainment_feed import MOST_OF_ONE
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.errors import original_of, shown, told_places
from quotaloom_server.clock import utc_now
from quotaloom_server.gate import Gate

FORBIDDEN: Final = 4403
"""Closes a connection whose token is not good, or no longer; clients may come back with another one."""

LATER: Final = 1013
"""Closes a connection while nobody can find out whose it is: the database is away."""

LARGEST_MESSAGE: Final = 1 << 20
"""Bytes that a client may send at a time."""

PING_SECONDS: Final = 20.0
"""How often each client is asked whether it is still there, and how long it may take to answer."""


@dataclass
class Connection:
    """One open WebSocket: whose it is, once it has said so."""

    gate: Gate
    authorization: str | None
    connection_params: Mapping[str, object] = field(default_factory=dict)
    identity: Identity | None = None

    async def authenticate(self) -> None:
        """Find out whose it is; raises `ConnectionRejectionError`, which closes it with 4403, and `Unavailable`."""
        params = {key.lower(): value for key, value in self.connection_params.items()}
        named = params.get("authorization")
        bearer = await self.gate.identify(named if isinstance(named, str) else self.authorization, params)
        if isinstance(bearer, Unavailable):
            raise bearer
        if isinstance(bearer, Unauthenticated):
            await self.gate.note(bearer, [("connection_init", bearer)])
            raise ConnectionRejectionError
        self.identity = bearer


class LiveHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """One connection: each subscription is its own unit of work, anew for each message."""

    context: Connection
    _ending: asyncio.TimerHandle | None = None
    _watched: ExitStack | None = None
    _closing: asyncio.Task[None] | None = None

    def __init__(self, *, schema: Any, **options: Any) -> None:
        super().__init__(schema=Messages(schema, self.end), **options)  # type: ignore[arg-type] # all that is used

    def end(self) -> None:
        """Close the connection: its token is no longer good."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self.websocket.close(FORBIDDEN, "Forbidden"))

    async def handle_connection_init(self, message: Any) -> None:
        """Let the bearer of a good token in, until that ends."""
        try:
            await super().handle_connection_init(message)
        except Unavailable:
            await self.websocket.close(LATER, "Try Again Later")
        identity = self.context.identity
        if not self.connection_acknowledged or identity is None:
            return
        if self._watched is None:
            self._watched = ExitStack()
            self._watched.enter_context(self.context.gate.withdrawals.watch(identity, self.end))
        if self._ending is None and identity.expires_at:
            seconds = (identity.expires_at - utc_now()).total_seconds()
            self._ending = asyncio.get_running_loop().call_later(max(0.0, seconds), self.end)

    async def handle_message(self, message: Message) -> None:
        """Take a message; what is none of the protocol closes the connection with 4400."""
        if _is_sound(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("This is no message of graphql-transport-ws")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin a subscription, unless there are too many on this connection."""
        if self.connection_acknowledged and len(self.operations) >= MOST_OF_ONE:
            text = f"a connection has {MOST_OF_ONE} subscriptions at the most; end some of them"
            error: Any = {"message": text, "extensions": {"code": "TOO_MANY_SUBSCRIPTIONS"}}
            await self.send_message(ErrorMessage(id=message["id"], type="error", payload=[error]))
        else:
            await super().handle_subscribe(message)

    async def shutdown(self) -> None:
        """End whatever runs for this connection."""
        if self._ending is not None:
            self._ending.cancel()
        if self._watched is not None:
            self._watched.close()
        await super().shutdown()
        if self._closing is not None:
            await asyncio.gather(self._closing, return_exceptions=True)


class Messages:
    """The schema as a handler uses it: subscriptions alone, each with a context of its own."""

    def __init__(self, schema: Any, end: Any) -> None:
        self._schema = schema
        self._end = end

    async def stream(self, query: str, *, context_value: Connection, **options: Any) -> AsyncGenerator[Any, None]:
        """The results of an operation; what one held is given back before it is sent, however slow the client."""
        assert context_value.identity is not None, "nobody subscribes before he is let in"
        context = RequestContext(context_value.gate.services(), context_value.identity)
        results = await self._schema.stream(
            query, context_value=context, allowed_operation_types=(OperationType.SUBSCRIPTION,), **options
        )
        return self._sent(results, context, context_value.gate)

    async def _sent(
        self, results: AsyncGenerator[Any, None], context: RequestContext, gate: Gate
    ) -> AsyncGenerator[Any, None]:
        async with context, aclosing(results):
            async for result in results:
                await context.renew()
                await gate.note(context.bearer, told_places(result.errors or ()))
                if any(isinstance(original_of(error), Unauthenticated) for error in result.errors or ()):
                    self._end()
                    return
                if result.errors:
                    result.errors = [_told(error) for error in result.errors]
                yield result


def _told(error: GraphQLError) -> GraphQLError:
    if isinstance(original_of(error), InvalidOperationTypeError):
        text = "a WebSocket is for subscriptions; send queries and mutations over HTTP"
        return GraphQLError(text, extensions={"code": "BAD_REQUEST"})
    if isinstance(original_of(error), CannotGetOperationTypeError):
        return GraphQLError("the document has no operation called so", extensions={"code": "BAD_REQUEST"})
    return shown(error)


def _is_sound(message: Any) -> bool:
    """Whether the parts of a message are of the kinds that the protocol gives them."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return False
    if message["type"] in {"subscribe", "complete"} and not isinstance(message.get("id"), str):
        return False
    if message["type"] != "subscribe":
        return True
    payload = message.get("payload")
    return (
        isinstance(payload, dict)
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
    )


class TextAdapter(ASGIWebSocketAdapter):
    """Sends text, as browsers read it, and takes whatever is no JSON for that."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """The messages that come in."""
        try:
            async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
                yield message
        except HTTPException as error:
            raise NonJsonMessageReceived from error

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send a message; waits while the client takes nothing."""
        try:
            await self.ws.send_text(self.view.encode_json_string(message))
        except (WebSocketDisconnect, RuntimeError) as error:  # closed by either side meanwhile
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close the connection, if nobody did before."""
        try:
            await self.ws.close(code=code, reason=reason[:100])
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error
