"""Several operations in one request: a JSON list, where the operator allows it, answered in the same order."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from cross_web import HTTPException
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData

from quotaloom.platform.limits import LimitExceeded
from quotaloom_graphql.request_keys import EXTENSION, HEADER
from quotaloom_server.answers import JSONAnswer
from quotaloom_server.media_types import JSON
from quotaloom_server.operations import NOT_ONE, UnknownDocument, beyond, operation_in, refusal
from quotaloom_server.pieces import Fragments
from quotaloom_server.trusted_documents import TrustedDocuments

COST_HEADER: Final = b"graphql-cost"
"""What the operations of a request cost; the same is in the extensions of each answer."""

Sent = GraphQLRequestData | UnknownDocument
"""An operation of a list, or that the id of its document names none: that is told in its place."""


def operations_in(data: list[Any], documents: TrustedDocuments, most: int) -> list[Sent]:
    """The operations of a list; raises `LimitExceeded` where they are too many, and `HTTPException` 400.

    The latter says which of them is none. Where one at the most is allowed, a list is never what is to be sent.
    """
    if len(data) > most:
        text = f"the request holds {len(data):,} operations, and {most:,} at the most are allowed"
        raise LimitExceeded("BATCH_TOO_LARGE", "batch_operations", most, len(data), text)
    if most == 1:
        raise HTTPException(400, NOT_ONE)
    if not data:
        raise HTTPException(400, "the list holds no operation")
    return [_operation(number, one, documents) for number, one in enumerate(data)]


def _operation(number: int, data: object, documents: TrustedDocuments) -> Sent:
    try:
        return operation_in(data, documents)
    except UnknownDocument as unknown:
        return unknown
    except HTTPException as refused:
        raise HTTPException(refused.status_code, f"operation {number} of the list: {refused.reason}") from None


class Answers:
    """The answers to the operations of a list, as they come; all of them have `most_bytes` together."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self.early = Fragments(most_bytes)
        """Writes parts of them early."""
        self._answers: list[GraphQLHTTPResponse | dict[str, Any]] = []
        self._cost = 0
        self._waits: list[int] = []

    def add(self, answer: GraphQLHTTPResponse | dict[str, Any], cost: int = 0, wait: int | None = None) -> None:
        """Add the next one: what its operation cost, and in how many seconds it may come again, if it was too much."""
        self._answers.append(answer)
        self._cost += cost
        if wait is not None:
            self._waits.append(wait)

    def together(self) -> JSONAnswer:
        """All of them as one answer; its status is 429 where each of them has to come again later."""
        all_wait = len(self._waits) == len(self._answers)
        status = HTTPStatus.TOO_MANY_REQUESTS if all_wait else HTTPStatus.OK
        headers = [(COST_HEADER, b"%d" % self._cost)] if self._cost else []
        if self._waits:
            headers.append((b"retry-after", b"%d" % max(self._waits)))
        return JSONAnswer(self._answers, JSON, status, headers, self._most_bytes, self.early)


def too_many(error: LimitExceeded) -> JSONAnswer:
    """The answer to a list that is too long."""
    return JSONAnswer(beyond(error), status_code=400)


def one_key_for_many() -> JSONAnswer:
    """The answer to a list that came with one idempotency key for all."""
    text = f"the header `{HEADER}` is of one operation: give each of a list a key of its own, `extensions.{EXTENSION}`"
    return JSONAnswer(refusal("BAD_KEY", text), status_code=400)
