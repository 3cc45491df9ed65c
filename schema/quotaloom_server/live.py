"""GraphQL subscriptions over WebSockets, by the protocol `graphql-transport-ws`.

A connection is somebody's: its token comes with `connection_init`, or as the Authorization header of the handshake.
When the token ends, or its bearer may come in no more, the connection is closed with 4403, and clients come back with a
new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from time import monotonic
from typing import Any, Final

from cross_web import HTTPException
from graphql import GraphQLError
from starlette.websockets import WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ErrorMessage, Message, SubscribeMessage

from quotaloom.platform.errors import Unavailable
from quotaloom.platform.limits import LimitExceeded
from quotaloom_server.connections import Connection, Messages
from quotaloom_server.framed import send_text
from quotaloom_server.greeted import tell_greeted
from quotaloom_server.operations import NO_QUERY, UnknownDocument, beyond, not_found, operation_in, refusal

FORBIDDEN: Final = 4403
"""Closes a connection whose token is not good, or no longer; clients may come back with another one."""

LATER: Final = 1013
"""Closes a connection while nobody can find out whose it is, as the database is away, or he has too many of them."""

GREETED_TOO_LATE: Final = 4408
"""Closes a connection that has not said in time whose it is."""

PING_SECONDS: Final = 20.0
"""How often each client is asked whether it is still there, and how long it may take to answer.

No setting: it lies well below the minute after which proxies cut what is idle, and no client that is there is too slow.
"""


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

    async def handle_connection_init_timeout(self) -> None:
        """Hang up on whoever never says whose the connection is, and say how long he had."""
        seconds, begun = self.connection_init_wait_timeout.total_seconds(), monotonic()
        await asyncio.sleep(seconds)
        self.connection_timed_out = True
        reason = (
            f"Connection initialisation timeout: {monotonic() - begun:.2f} seconds; greeting_seconds allows {seconds:g}"
        )
        with suppress(WebSocketDisconnected):
            await self.websocket.close(GREETED_TOO_LATE, reason)

    async def handle_connection_init(self, message: Any) -> None:
        """Let the bearer of a good token in, until that ends."""
        if message.get("payload") is None:
            message = {**message, "payload": {}}  # the protocol's reference takes null for none
        try:
            await super().handle_connection_init(message)
        except Unavailable:
            await self.websocket.close(LATER, "Try Again Later")
        except LimitExceeded as error:
            reason = f"{error.found:,} connections are busy; {error.limit} allows {error.allowed:,}"
            await self.websocket.close(LATER, reason)
        identity, seconds = self.context.identity, self.context.seconds_left()
        if not self.connection_acknowledged or identity is None:
            return
        tell_greeted(self.websocket.ws.scope)  # type: ignore[attr-defined]  # a `TextAdapter`
        if self._watched is None:
            self._watched = ExitStack()
            self._watched.enter_context(self.context.gate.withdrawals.watch(identity, self.end))
        if self._ending is None and seconds is not None:
            self._ending = asyncio.get_running_loop().call_later(seconds, self.end)

    async def handle_message(self, message: Message) -> None:
        """Take a message; what is none of the protocol closes the connection with 4400."""
        if _is_sound(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("This is no message of graphql-transport-ws")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin a subscription, unless there are too many on this connection."""
        most, found = self.context.gate.services().limits.connection_subscriptions, len(self.operations) + 1
        if self.connection_acknowledged and found > most:
            text = (
                f"the connection would have {found:,} subscriptions with this one; {most:,} are the most, so end some"
            )
            error = LimitExceeded("TOO_MANY_SUBSCRIPTIONS", "connection_subscriptions", most, found, text)
            payload: Any = beyond(error)["errors"]
            await self.send_message(ErrorMessage(id=message["id"], type="error", payload=payload))
        elif (
            not self.connection_acknowledged or message["id"] in self.operations or await self._names_document(message)
        ):
            await super().handle_subscribe(message)

    async def _names_document(self, message: SubscribeMessage) -> bool:
        """Put the document in the place of its id; whether there is one, or else an error was sent."""
        view: Any = self.view
        try:
            operation = operation_in(message["payload"], view.documents)
            if operation.query is None:
                raise HTTPException(400, NO_QUERY)
        except UnknownDocument as unknown:
            errors = not_found(unknown)["errors"]
        except HTTPException as refused:
            errors = refusal("BAD_REQUEST", refused.reason)["errors"]
        else:
            message["payload"]["query"] = operation.query
            return True
        await self.send_message(ErrorMessage(id=message["id"], type="error", payload=errors))
        return False

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        """None, whatever is wrong with a document: it ends its own subscription, and no other one of the connection."""
        return None

    async def handle_task_exception(self, error: Exception) -> None:
        """Log what went wrong; a client who is gone by the time that something is sent to him is no fault."""
        if not isinstance(error, WebSocketDisconnected):
            await super().handle_task_exception(error)

    async def shutdown(self) -> None:
        """End whatever runs for this connection."""
        self.context.end_stay()
        if self._ending is not None:
            self._ending.cancel()
        if self._watched is not None:
            self._watched.close()
        await super().shutdown()
        if self._closing is not None:
            await asyncio.gather(self._closing, return_exceptions=True)


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
        and (isinstance(payload.get("query"), str) or (payload.get("query") is None and _is_named(payload)))
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
    )


def _is_named(payload: dict[str, Any]) -> bool:
    """Whether something stands where the id of a document would."""
    extensions = payload.get("extensions")
    return "documentId" in payload or (isinstance(extensions, dict) and "persistedQuery" in extensions)


class TextAdapter(ASGIWebSocketAdapter):
    """Sends text, as browsers read it."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send a message; waits while the client takes nothing."""
        view: Any = self.view
        pieces = await view.written(message)
        try:
            await send_text(self.ws, pieces)
        except (WebSocketDisconnect, RuntimeError, OSError) as error:  # closed by either side meanwhile
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close the connection, if nobody did before."""
        try:
            await self.ws.close(code=code, reason=reason[:100])
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error
