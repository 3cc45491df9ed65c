"""What the production profile says of requests that are not valid: that they are not, and nothing of the schema."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from graphql import GraphQLError, VariableDefinitionNode

ASK_ELSEWHERE: Final = "a server in the development profile says what is wrong"

_PROBE = re.compile(r"\s*(query\b\s*\w*\s*)?\{\s*__typename\s*\}\s*")


def not_valid() -> GraphQLError:
    """Tells that a document is not valid."""
    return GraphQLError(
        f"the document is not valid for this graph; {ASK_ELSEWHERE} with it", extensions={"code": "BAD_REQUEST"}
    )


def reticent(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """The errors, those of variables without what the types of the schema are; each once."""
    told: dict[object, GraphQLError] = {}
    for error in errors:
        variable = _variable(error)
        told.setdefault(variable or error, error if variable is None else _of_variable(variable))
    return list(told.values())


def _variable(error: GraphQLError) -> str | None:
    if error.path is not None:
        return None
    nodes = (node for node in error.nodes or () if isinstance(node, VariableDefinitionNode))
    return next((node.variable.name.value for node in nodes), None)


def _of_variable(name: str) -> GraphQLError:
    return GraphQLError(
        f"the value of ${name} is not of the type that the document declares; {ASK_ELSEWHERE} with it",
        extensions={"code": "BAD_REQUEST"},
    )


def is_probe(query: str | None) -> bool:
    """Whether a document asks for no more than whether somebody is there: `{ __typename }`."""
    return query is not None and len(query) < 100 and _PROBE.fullmatch(query) is not None
