"""GraphQL subscriptions as server-sent events, by the protocol of graphql-sse with a connection for each.

The token comes with the request. When it ends, its bearer is gone or the server ends, the stream ends without the event
`complete`, and clients come back with a new one; whoever is not let in is answered with 401.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing, suppress
from typing import Any, Final

from starlette.types import Message, Receive, Scope, Send
from strawberry.http import GraphQLRequestData
from strawberry.types import ExecutionResult

from quotaloom.platform.errors import Unauthenticated, Unavailable
from quotaloom.platform.limits import LimitExceeded
from quotaloom_graphql.errors import Told
from quotaloom_server.answers import JSONAnswer, too_large
from quotaloom_server.clients import Client
from quotaloom_server.connections import Connection, Messages
from quotaloom_server.media_types import EVENTS
from quotaloom_server.operations import refusal, response_of
from quotaloom_server.pieces import LARGE, Pieces, dumped, dumps

BEAT_SECONDS: Final = 20.0
"""How often a stream says that it is still there, and how long a client may take nothing before it is given up.

No setting, like `PING_SECONDS`: it lies well below the minute after which proxies cut what is idle.
"""

NO_RESERVATIONS: Final = (
    "operations are sent with POST, queries also with GET. Each subscription has a stream of its own, asked for with"
    " POST and `Accept: text/event-stream`: the single connection mode of graphql-sse is not offered"
)
"""What is told of a request that would reserve a stream, or end a subscription on one that was reserved."""

_HEADERS: Final = [
    (b"content-type", EVENTS.encode()),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx would hold messages back
    (b"vary", b"accept"),
]
_BEAT: Final = b":\n\n"
_COMPLETE: Final = b"event: complete\ndata: \n\n"


class Streams:
    """The open streams of a process."""

    def __init__(self) -> None:
        self.ending = asyncio.Event()

    def end(self) -> None:
        """End them all, and whichever begin from now on: the server ends."""
        self.ending.set()


class EventStream:
    """The messages of one subscription, as an ASGI application."""

    def __init__(self, schema: Any, connection: Connection, operation: GraphQLRequestData, streams: Streams) -> None:
        self._forbidden = asyncio.Event()
        self._messages = Messages(schema, self._forbidden.set)
        self._connection = connection
        self._operation = operation
        self._streams = streams
        self._begun = False
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them until there are no more, the client hangs up, or nobody may hear them any longer."""
        gate = self._connection.gate
        try:
            await self._connection.authenticate()
        except Unauthenticated as error:
            await gate.note(error, [Told(scope["path"], error)])
            await _unauthenticated(error)(scope, receive, send)
            return
        except Unavailable as error:
            await JSONAnswer(refusal("UNAVAILABLE", str(error)), status_code=503)(scope, receive, send)
            return
        assert self._connection.identity is not None, "it has just been found out"
        async with Client(receive) as client:
            with gate.withdrawals.watch(self._connection.identity, self._forbidden.set):
                await _until_one_ends(
                    self._tell(send),
                    self._beat(send),
                    self._let_the_token_end(),
                    self._forbidden.wait(),
                    self._streams.ending.wait(),
                    client.gone(),
                )
        if self._begun:
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._refusal()(scope, receive, send)

    async def _tell(self, send: Send) -> None:
        operation = self._operation
        assert operation.query is not None, "it was found to be a subscription"
        results = await self._messages.stream(
            operation.query,
            context_value=self._connection,
            variable_values=operation.variables,
            operation_name=operation.operation_name,
        )
        async with aclosing(results):
            async for result in results:
                await self._say(send, b"event: next\ndata: ", *await self._written(result), b"\n\n")
        await self._say(send, _COMPLETE)

    async def _written(self, result: ExecutionResult) -> Pieces:
        most = self._connection.gate.services().limits.answer_bytes
        try:
            return await dumped(response_of(result), most)
        except LimitExceeded as error:
            return [dumps(too_large(error))]

    async def _beat(self, send: Send) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await self._say(send, _BEAT)

    async def _say(self, send: Send, *pieces: bytes | bytearray) -> None:
        async with self._turn:
            if not self._begun:
                await self._send(send, {"type": "http.response.start", "status": 200, "headers": _HEADERS})
                self._begun = True
            for piece in pieces if sum(map(len, pieces)) > LARGE else (b"".join(pieces),):
                await self._send(send, {"type": "http.response.body", "body": bytes(piece), "more_body": True})

    async def _send(self, send: Send, message: Message) -> None:
        try:
            async with asyncio.timeout(BEAT_SECONDS):
                await send(message)
        except TimeoutError:
            raise _TakesNothing from None

    async def _let_the_token_end(self) -> None:
        seconds = self._connection.seconds_left()
        if seconds is not None:
            await asyncio.sleep(seconds)
            self._forbidden.set()
        await asyncio.Event().wait()

    def _refusal(self) -> JSONAnswer:
        """What is answered where it ended before anything was said."""
        if self._forbidden.is_set():
            return _unauthenticated(Unauthenticated("the token is no longer good"))
        return JSONAnswer(refusal("UNAVAILABLE", "the server is ending; come back"), status_code=503)


class _TakesNothing(Exception):
    """The client lets messages lie."""


async def _until_one_ends(*coroutines: Coroutine[Any, Any, object]) -> None:
    tasks = [asyncio.ensure_future(one) for one in coroutines]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        with suppress(_TakesNothing):
            task.result()


def _unauthenticated(error: Unauthenticated) -> JSONAnswer:
    body = refusal("UNAUTHENTICATED", str(error))
    return JSONAnswer(body, status_code=401, headers=[(b"www-authenticate", b"Bearer")])
