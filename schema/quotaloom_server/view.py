"""GraphQL over HTTP: authentication, one unit of work per request, JSON by orjson."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import orjson
from cross_web import HTTPException, StarletteRequestAdapter
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError, MissingQueryError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UnsetType

from quotaloom.platform.callers import answering
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.limits import ComeAgain, LimitExceeded, Limits, SharedCost
from quotaloom.platform.time_limits import timed
from quotaloom.platform.unbroken import to_the_end
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.errors import Told, original_of, shown, told_places
from quotaloom_graphql.request_keys import HEADER
from quotaloom_graphql.reticence import is_probe
from quotaloom_graphql.served_schema import COST
from quotaloom_server.answers import JSONAnswer, too_large
from quotaloom_server.batches import COST_HEADER, Answers, one_key_for_many, operations_in, too_many
from quotaloom_server.bodies import require_few_values
from quotaloom_server.busy import Stay
from quotaloom_server.clients import Client
from quotaloom_server.connections import Connection
from quotaloom_server.events import EventStream, Streams
from quotaloom_server.gate import Gate
from quotaloom_server.live import LiveHandler, TextAdapter
from quotaloom_server.media_types import EVENTS, RESPONSE, Accepted, accepted_by
from quotaloom_server.operations import (
    NO_QUERY,
    SubscriptionAsked,
    UnknownDocument,
    beyond,
    misplaced,
    no_such_operation,
    not_found,
    operation_in,
    refusal,
    response_of,
    status_of,
)
from quotaloom_server.pieces import Fragments, Pieces, dumped, dumps
from quotaloom_server.received import body_of, fields_of
from quotaloom_server.trusted_documents import TrustedDocuments

LARGEST_PROBE: Final = 1_000
"""Bytes of a stranger's request that are looked at, where strangers are told nothing."""

_ALLOWED: Final = {
    "GET": frozenset(OperationType.from_http("GET")),
    "POST": frozenset(OperationType.from_http("POST")),
}
"""What may be asked for by which method."""

_NO_DOCUMENT: Final = GraphQLRequestData(None, None, None, None)
"""What a stranger is taken to have sent whose request can be no probe."""


class GraphQLView(GraphQL[Any, None]):
    """Strawberry's ASGI application for our schema: queries and mutations over HTTP, subscriptions over WebSockets."""

    graphql_transport_ws_handler_class = LiveHandler
    websocket_adapter_class = TextAdapter

    def __init__(
        self,
        *,
        gate: Gate,
        open_to_strangers: bool,
        limits: Limits,
        documents: TrustedDocuments,
        **options: Any,
    ) -> None:
        super().__init__(
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=limits.greeting_seconds),
            max_subscriptions_per_connection=None,  # the handler counts them, and says why it refuses one
            allowed_origins=("*",),  # no cookie lets anybody in: a page of another origin needs a token too
            **options,
        )
        self._gate = gate
        self._open_to_strangers = open_to_strangers
        self._limits = limits
        self.documents = documents
        self.streams = Streams()

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Connection:
        """A context for all that comes over a WebSocket: requests are answered without Strawberry's view."""
        return Connection(self._gate, request.headers.get("authorization"), stay=self._gate.busy.stay())

    async def on_ws_connect(self, context: Connection) -> UnsetType | dict[str, object] | None:
        """Let a WebSocket in; raises what closes it where its token is not good, or its bearer has too many."""
        try:
            await context.authenticate()
        except Unauthenticated as error:
            await self._gate.note(error, [Told("connection_init", error)])
            raise ConnectionRejectionError from None
        context.begin_stay()
        return await super().on_ws_connect(context)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or speak over a WebSocket."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        stay = self._gate.busy.stay()
        try:
            try:
                answer = await self._answer(scope, receive, stay)
            except HTTPException as refused:
                answer = _refused(refused)
            await answer(scope, receive, send)
        finally:
            stay.end()

    async def _answer(self, scope: Scope, receive: Receive, stay: Stay) -> ASGIApp:
        """What a request is answered with, and whose it is; raises `HTTPException` where it is none."""
        if scope["method"] == "GET" and self.should_render_graphql_ide(StarletteRequestAdapter(Request(scope))):
            return await self._manual(Request(scope))
        fields = fields_of(scope)
        accepted = accepted_by(fields.get("accept", ""))
        body = await body_of(scope, receive, fields)
        authorization = fields.get("authorization")
        # A bad token is told of by the first field that needs one.
        bearer = self._gate.authority.known(authorization) or await self._gate.identify(authorization, fields)
        asked = RequestContext(self._gate.services(), bearer)
        asked.idempotency_key = fields.get(HEADER)
        try:
            stay.begin(bearer)
            if body is not None and len(body) > self._limits.stranger_bytes:
                asked.charge_sent(len(body))
            if asked.stranger is not None and not self._open_to_strangers:
                operation = self._asked_by_stranger(body, scope)
            else:
                sent = self._sent(body, scope)
                if isinstance(sent, list):
                    return await self._batch(scope, receive, sent, asked, has_key=HEADER in fields)
                operation = operation_in(sent, self.documents)
        except UnknownDocument as unknown:
            return JSONAnswer(not_found(unknown), accepted.answer or EVENTS)
        except ComeAgain as error:
            return _come_again(error.retry_after, beyond(error), accepted)
        except LimitExceeded as error:
            asked.charge_refused()
            return JSONAnswer(beyond(error), accepted.answer or EVENTS, HTTPStatus.BAD_REQUEST)
        except HTTPException:
            asked.charge_refused()
            raise
        early = asked.json_writer = Fragments(self._limits.answer_bytes)
        try:
            result = await self._result(scope, receive, operation, asked, only_events=accepted.answer is None)
        except SubscriptionAsked:
            if not accepted.events:
                raise
            connection = Connection(self._gate, authorization, fields)
            return EventStream(self.schema, connection, operation, self.streams)
        if result.errors:
            seconds = _seconds_to_wait(result)
            response = _response_of(result)
            if seconds is not None:
                return _come_again(seconds, response, accepted)
        else:
            response = response_of(result)
        status = status_of(response) if accepted.answer == RESPONSE else 200
        kind, most = accepted.answer or EVENTS, self._limits.answer_bytes
        return JSONAnswer(response, kind, status, _told_of(result), most, early)

    async def _batch(
        self, scope: Scope, receive: Receive, sent: list[Any], first: RequestContext, *, has_key: bool
    ) -> JSONAnswer:
        """The answers to a list of operations, in their order: each is done, charged and limited as if sent alone."""
        try:
            operations = operations_in(sent, self.documents, self._limits.batch_operations)
        except LimitExceeded as error:
            first.charge_refused()
            return too_many(error)
        if has_key:
            return one_key_for_many()
        shared = SharedCost(self._limits.batch_cost)
        answers = Answers(self._limits.answer_bytes)
        for operation in operations:
            if isinstance(operation, UnknownDocument):
                answers.add(not_found(operation))
                continue
            asked = RequestContext(self._gate.services(), first.bearer)
            asked.shared_cost, asked.json_writer = shared, answers.early
            try:
                result = await self._result(scope, receive, operation, asked, only_events=False)
            except HTTPException as refused:
                answers.add(refusal(HTTPStatus(refused.status_code).name, refused.reason))
                continue
            seconds = _seconds_to_wait(result)
            answers.add(_response_of(result), _cost_of(result), seconds)
        return answers.together()

    async def _result(
        self, scope: Scope, receive: Receive, operation: GraphQLRequestData, asked: RequestContext, *, only_events: bool
    ) -> ExecutionResult:
        """The result of an operation. Where strangers are told nothing, what they send is not even read.

        A stranger who takes events alone asks for a subscription, whatever it may be; he is answered with 401.
        """
        if asked.stranger is not None and not self._open_to_strangers and not is_probe(operation.query):
            if only_events:
                raise SubscriptionAsked
            await self._gate.note(asked.bearer, [Told("graphql", asked.stranger)])
            return ExecutionResult(None, [GraphQLError(str(asked.stranger), original_error=asked.stranger)])
        return await to_the_end(self._run_to_its_end(scope["method"], receive, operation, asked))

    async def _run_to_its_end(
        self, method: str, receive: Receive, operation: GraphQLRequestData, asked: RequestContext
    ) -> ExecutionResult:
        """Run an operation: a client that hangs up tears no unit of work.

        It gives up waiting for a plugin then, outside any unit of work.
        """
        client = Client(receive)
        try:
            async with asked:
                with answering(client), timed(asked.allowance):
                    result = await self._executed(method, operation, asked)
        finally:
            if client.is_watched:
                await client.watch_no_more()
        if result.errors:
            await self._gate.note(asked.bearer, told_places(result.errors))
        return result

    async def _executed(self, method: str, operation: GraphQLRequestData, asked: RequestContext) -> ExecutionResult:
        """The result of an operation; raises `HTTPException` where it does not go with the request."""
        try:
            return await self.schema.execute(
                operation.query,
                variable_values=operation.variables,
                context_value=asked,
                operation_name=operation.operation_name,
                allowed_operation_types=_ALLOWED[method],
                operation_extensions=operation.extensions,
            )
        except MissingQueryError:
            raise HTTPException(400, NO_QUERY) from None
        except CannotGetOperationTypeError as error:
            return ExecutionResult(None, [no_such_operation(error)])
        except InvalidOperationTypeError as error:
            raise misplaced(error) from None

    def should_render_graphql_ide(self, request: Any) -> bool:
        """Whether a browser looks for the manual: it names no document, neither by its text nor by an id."""
        named = {"extensions", "documentId"} & request.query_params.keys()
        return not named and super().should_render_graphql_ide(request)

    async def _manual(self, request: Request) -> Response:
        if self.graphql_ide is None:
            raise HTTPException(404, "there is nothing to be seen here; send operations with POST")
        return await self.render_graphql_ide(request)

    def _sent(self, body: bytes | None, scope: Scope) -> Any:
        """The parameters of an operation, or a list of such; raises `HTTPException` where there can be none."""
        if body is None:
            return self.parse_query_params(StarletteRequestAdapter(Request(scope)).query_params)
        require_few_values(body, self._limits.variables_values)
        return self.parse_json(body)

    def _asked_by_stranger(self, body: bytes | None, scope: Scope) -> GraphQLRequestData:
        """What is looked at of a stranger's request: whether it may be a probe.

        Whatever is longer, or a list of operations, is the same as none, so that a list costs one answer. The id of a
        document is not looked at, so that nobody is told which are registered.
        """
        if body is not None and len(body) > LARGEST_PROBE:
            return _NO_DOCUMENT
        sent = self._sent(body, scope)
        if isinstance(sent, list):
            return _NO_DOCUMENT
        if isinstance(sent, dict):
            sent = {**sent, "documentId": None, "extensions": None}
        return operation_in(sent, self.documents)

    def parse_json(self, data: str | bytes) -> Any:
        """What a client sent; raises `HTTPException` where it is no JSON."""
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise HTTPException(400, "Unable to parse request body as JSON") from error

    def decode_json(self, data: str | bytes) -> object:
        """What came over a WebSocket."""
        found: object = orjson.loads(data)
        return found

    async def written(self, message: Mapping[str, object]) -> Pieces:
        """A message of a WebSocket, in pieces; where a result has too many bytes, it says so instead.

        Half of a surrogate pair, which no JSON can hold, is replaced.
        """
        try:
            return await dumped(message, self._limits.answer_bytes)
        except LimitExceeded as error:
            told = too_large(error)
            return [dumps({**message, "payload": told if message["type"] == "next" else told["errors"]})]


def _response_of(result: ExecutionResult) -> GraphQLHTTPResponse:
    """The response, with unexpected errors masked."""
    if result.errors:
        result.errors = [shown(error) for error in result.errors]
    return response_of(result)


def _come_again(seconds: int, told: Mapping[str, Any], accepted: Accepted) -> JSONAnswer:
    """The answer to what is too much at the moment."""
    headers = [(b"retry-after", b"%d" % seconds)]
    return JSONAnswer(told, accepted.answer or EVENTS, HTTPStatus.TOO_MANY_REQUESTS, headers)


def _told_of(result: ExecutionResult) -> list[tuple[bytes, bytes]]:
    """The headers that tell of an operation: what it costs."""
    cost = _cost_of(result)
    return [(COST_HEADER, b"%d" % cost)] if cost else []


def _cost_of(result: ExecutionResult) -> int:
    cost: int = result.extensions.get(COST, 0) if result.extensions else 0
    return cost


def _seconds_to_wait(result: ExecutionResult) -> int | None:
    """After how long an operation may come again that is too much at the moment; None where it was let in."""
    if result.data is not None or not result.errors:
        return None
    originals = (original_of(error) for error in result.errors)
    return next((error.retry_after for error in originals if isinstance(error, ComeAgain)), None)


def _refused(refused: HTTPException) -> JSONAnswer:
    status = HTTPStatus(refused.status_code)
    headers = [(b"allow", b"GET, POST")] if status == HTTPStatus.METHOD_NOT_ALLOWED else []
    return JSONAnswer(refusal(status.name, refused.reason), status_code=status.value, headers=headers)
