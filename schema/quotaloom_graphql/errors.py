"""How errors reach the caller: what he can mend as data, the rest as GraphQL errors with a code."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import uuid4

import strawberry
from graphql import FieldNode, GraphQLError

from quotaloom.platform.errors import AccessDenied, InputError, Unauthenticated, Unavailable
from quotaloom.platform.limits import LimitExceeded
from quotaloom.policies.errors import PolicyFailed

_log = logging.getLogger(__name__)

_TOLD = (InputError, AccessDenied, Unauthenticated, Unavailable, PolicyFailed, LimitExceeded)


@strawberry.type(description="What was wrong with the input of a mutation; nothing was changed.")
class UserError:
    """One thing that the caller can mend."""

    path: list[str] = strawberry.field(description="Where in the input: field names and list positions from 0.")
    code: str = strawberry.field(description="A stable word, such as `CELL_LOCKED`.")
    message: str = strawberry.field(description="What was given, what is allowed, and what to do.")


class Refused(dict[str, Any]):
    """A payload with errors and nothing else: every other field of it is null."""

    def __init__(self, error: InputError) -> None:
        problems = getattr(error, "errors", None) or [error]
        super().__init__(
            errors=[
                {"path": [str(part) for part in one.path], "code": one.code, "message": one.message} for one in problems
            ]
        )

    def __missing__(self, key: str) -> None:
        return None


def original_of(error: GraphQLError) -> Exception | None:
    """What was raised where the error began; None for an error of GraphQL's own."""
    original = error.original_error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    return original


class Told(NamedTuple):
    """What was raised, and at which field or path; `named` is what the client calls that, if it is something else."""

    place: str
    error: Exception | None
    named: str = ""


def told_places(errors: Iterable[GraphQLError]) -> list[Told]:
    """What was raised for each error, at which field of the schema: an alias makes no other field of it."""
    return [_told(error) for error in errors]


def _told(error: GraphQLError) -> Told:
    named = ".".join(map(str, error.path or ()))
    node = error.nodes[0] if error.nodes else None
    place = node.name.value if isinstance(node, FieldNode) else named
    return Told(place, original_of(error), "" if named == place else named)


def shown(error: GraphQLError) -> GraphQLError:
    """The error as the caller may see it: ours as they are, anything unexpected as a number to look up."""
    original = original_of(error)
    if original is None or isinstance(original, (GraphQLError, *_TOLD)):
        if not error.extensions:
            error.extensions = {"code": "BAD_REQUEST"}
        if isinstance(original, PolicyFailed):
            error.extensions = {"code": original.code, "plugin": original.plugin}
        return error
    number = uuid4().hex[:12]
    _log.error("internal error %s at %s", number, error.path, exc_info=original)
    return GraphQLError(
        f"Something went wrong on our side; its number in the log is {number}.",
        nodes=error.nodes,
        path=error.path,
        extensions={"code": "INTERNAL", "number": number},
    )
