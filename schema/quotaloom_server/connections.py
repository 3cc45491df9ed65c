"""What WebSockets and event streams have in common: whose a connection is, and the messages of a subscription.

Each subscription is its own unit of work, anew for each message. The token is checked when it begins and when it ends;
its bearer, and what he may see, with each message.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.errors import original_of, shown, told_places
from quotaloom_server.busy import Stay
from quotaloom_server.clock import utc_now
from quotaloom_server.gate import Gate
from quotaloom_server.operations import no_such_operation


@dataclass
class Connection:
    """One open connection: whose it is, once it has said so."""

    gate: Gate
    authorization: str | None
    connection_params: Mapping[str, object] = field(default_factory=dict)
    identity: Identity | None = None
    stay: Stay | None = None

    async def authenticate(self) -> None:
        """Find out whose it is; raises `Unauthenticated`, and `Unavailable` where that cannot be found out."""
        params = {key.lower(): value for key, value in self.connection_params.items()}
        named = params.get("authorization")
        bearer = await self.gate.identify(named if isinstance(named, str) else self.authorization, params)
        if isinstance(bearer, Exception):
            raise bearer
        self.identity = bearer

    def begin_stay(self) -> None:
        """Count it, where nobody else does, until `end_stay`; raises `LimitExceeded` where its bearer has too many."""
        if self.stay is not None and self.identity is not None:
            self.stay.begin(self.identity)

    def end_stay(self) -> None:
        """It has ended."""
        if self.stay is not None:
            self.stay.end()

    def seconds_left(self) -> float | None:
        """For how long its token is good; None stands for ever."""
        if self.identity is None or self.identity.expires_at is None:
            return None
        return max(0.0, (self.identity.expires_at - utc_now()).total_seconds())


class Messages:
    """The schema as it is used for subscriptions: those alone, each with a context of its own.

    `end` is called once the bearer of the token is gone, and must end the connection: no message comes after that,
    and the results do not end by themselves.
    """

    def __init__(self, schema: Any, end: Callable[[], object]) -> None:
        self._schema = schema
        self._end = end
        self._turn = asyncio.Lock()

    async def stream(self, query: str, *, context_value: Connection, **options: Any) -> AsyncGenerator[Any, None]:
        """The results of an operation; what one held is given back before it is sent, however slow the client."""
        assert context_value.identity is not None, "nobody subscribes before he is let in"
        context = RequestContext(context_value.gate.services(), context_value.identity)
        async with self._turn:
            await asyncio.sleep(0)  # of many that begin at once each has its turn, and others are served in between
            results = await self._schema.stream(
                query, context_value=context, allowed_operation_types=(OperationType.SUBSCRIPTION,), **options
            )
        return self._sent(results, context, context_value.gate)

    async def _sent(
        self, results: AsyncGenerator[Any, None], context: RequestContext, gate: Gate
    ) -> AsyncGenerator[Any, None]:
        async with context, aclosing(results):
            async for result in results:
                await context.go_on()
                await gate.note(context.bearer, told_places(result.errors or ()))
                if any(isinstance(original_of(error), Unauthenticated) for error in result.errors or ()):
                    break
                if result.errors:
                    result.errors = [_told(error) for error in result.errors]
                yield result
            else:
                return
        self._end()
        await asyncio.Event().wait()  # a client that is told `complete` would not come back with another token


def _told(error: GraphQLError) -> GraphQLError:
    original = original_of(error)
    if isinstance(original, InvalidOperationTypeError):
        text = "a WebSocket is for subscriptions; send queries and mutations over HTTP"
        return GraphQLError(text, extensions={"code": "BAD_REQUEST"})
    if isinstance(original, MissingQueryError):
        return GraphQLError("the subscription has no `query`", extensions={"code": "BAD_REQUEST"})
    return no_such_operation(original) if isinstance(original, CannotGetOperationTypeError) else shown(error)
