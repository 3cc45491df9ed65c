"""What a request asks for, and how it is refused where that cannot be done."""

from __future__ import annotations

from itertools import product
from types import NoneType
from typing import Any, Final

from cross_web import HTTPException
from graphql import GraphQLError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData, process_result
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from quotaloom.platform.limits import LimitExceeded
from quotaloom_server.trusted_documents import TrustedDocuments, digest

_TEXT: Final = (str, type(None))
_OBJECT: Final = (dict, type(None))

_USUAL: Final = frozenset(product((str,), (dict, NoneType), (str, NoneType)))
"""Of which types the document, its variables and the name of an operation are most often."""

NOT_ONE: Final = "send one operation at a time: a request is a JSON object with a `query`"
"""What is told of JSON that is something else."""


NO_QUERY: Final = "the request has no `query`"
"""What is told of one that names no document either."""


class SubscriptionAsked(HTTPException):
    """A subscription, which has more than one answer."""

    def __init__(self) -> None:
        super().__init__(400, "a subscription goes over a WebSocket, or is asked for with `Accept: text/event-stream`")


class UnknownDocument(Exception):
    """An id that names no document. The words and the code are Apollo's, whose clients then send the document."""

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


def operation_in(data: object, documents: TrustedDocuments) -> GraphQLRequestData:
    """The operation of a request, by its parameters; raises `HTTPException` 400, and `UnknownDocument`.

    A document may be named by `documentId`, or by `extensions.persistedQuery.sha256Hash`, as Relay and Apollo do.
    """
    if not isinstance(data, dict):
        raise HTTPException(400, NOT_ONE)
    query, variables, extensions = data.get("query"), data.get("variables"), data.get("extensions")
    name = data.get("operationName")
    if extensions is None and "documentId" not in data and (type(query), type(variables), type(name)) in _USUAL:
        return GraphQLRequestData(query, variables, name, None)
    _require(query, _TEXT, "`query` must be text")
    _require(name, _TEXT, "`operationName` must be text or null")
    _require(variables, _OBJECT, "`variables` must be an object or null")
    _require(extensions, _OBJECT, "`extensions` must be an object or null")
    named = _named(data.get("documentId"), extensions)
    if named is not None:
        query = _document(named, query, documents)
    return GraphQLRequestData(query, variables, name, extensions)


def _require(value: object, kinds: tuple[type, ...], told: str) -> None:
    if not isinstance(value, kinds):
        raise HTTPException(400, told)


def _named(document_id: object, extensions: Any) -> str | None:
    """The id by which a request names its document, if it does."""
    persisted = extensions.get("persistedQuery") if extensions else None
    named = persisted.get("sha256Hash") if isinstance(persisted, dict) else document_id
    if not isinstance(named, _TEXT):
        raise HTTPException(400, "the id of a document must be text")
    return named


def _document(named: str, query: str | None, documents: TrustedDocuments) -> str:
    """The document with an id. One that comes with it is not kept: only the operator registers any."""
    if query is None:
        found = documents.text(named)
        if found is None:
            raise UnknownDocument
        return found
    if digest(query) != named.removeprefix("sha256:") and documents.text(named) != query:
        raise HTTPException(400, "the id that came with the query is not the SHA-256 of it")
    return query


def no_such_operation(error: CannotGetOperationTypeError) -> GraphQLError:
    """What is told of a document that has not the operation which is meant."""
    named = error.operation_name is not None
    text = "the document has no operation called so" if named else "the document has no operation"
    return GraphQLError(text, extensions={"code": "BAD_REQUEST"})


def misplaced(error: InvalidOperationTypeError) -> HTTPException:
    """The refusal of an operation that does not go with the method of its request."""
    if error.operation_type is OperationType.SUBSCRIPTION:
        return SubscriptionAsked()
    return HTTPException(405, "a GET request is for queries; send a mutation with POST")


def response_of(result: ExecutionResult) -> GraphQLHTTPResponse:
    """The response: without `data` where the operation was not executed at all, which no error has a path for."""
    if not result.errors:
        done: GraphQLHTTPResponse = {"data": result.data}
        if result.extensions:
            done["extensions"] = result.extensions
        return done
    response = process_result(result)
    if result.data is None and result.errors and all(error.path is None for error in result.errors):
        del response["data"]
    return response


def status_of(response: GraphQLHTTPResponse) -> int:
    """The status of a response in the media type of GraphQL over HTTP."""
    if "data" in response:
        return 200
    errors: Any = response["errors"]
    return 500 if any(error["extensions"]["code"] == "INTERNAL" for error in errors) else 400


def not_found(unknown: UnknownDocument) -> dict[str, Any]:
    """The body where the id of a document names none."""
    return refusal("PERSISTED_QUERY_NOT_FOUND", str(unknown))


def beyond(error: LimitExceeded) -> dict[str, Any]:
    """The body of what is refused because it lies beyond a limit."""
    return {"errors": [{"message": str(error), "extensions": error.extensions}]}


def refusal(code: str, message: str) -> dict[str, Any]:
    """The body of what is refused before there is anything to execute."""
    return {"errors": [{"message": message, "extensions": {"code": code}}]}
