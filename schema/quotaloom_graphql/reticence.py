"""What the production profile says of requests that are not valid: that they are not, and nothing of the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import NoneType
from typing import Final

from graphql import DocumentNode, FieldNode, GraphQLError, Node, SelectionSetNode, VariableDefinitionNode

from quotaloom_graphql.errors import original_of

ASK_ELSEWHERE: Final = "a server in the development profile says what is wrong"

_INTROSPECTION: Final = ("__schema", "__type")

_PROBE = re.compile(r"\s*(query\b\s*\w*\s*)?\{\s*__typename\s*\}\s*")


def not_valid() -> GraphQLError:
    """Tells that a document is not valid."""
    return GraphQLError(
        f"the document is not valid for this graph; {ASK_ELSEWHERE} with it", extensions={"code": "BAD_REQUEST"}
    )


def introspection_is_off() -> GraphQLError:
    """Tells that nothing is told of the schema."""
    return GraphQLError(
        "introspection is off here; a server in the development profile answers it",
        extensions={"code": "INTROSPECTION_DISABLED"},
    )


def asks_for_schema(document: DocumentNode) -> bool:
    """Whether a document has a field of introspection anywhere, be it valid or not."""
    text = document.loc.source.body.replace("__typename", "") if document.loc else ""
    if all(name not in text for name in _INTROSPECTION):
        return False  # so it is nearly always, and nothing is walked for it
    return any(field.name.value in _INTROSPECTION for field in _fields(document))


def _fields(document: DocumentNode) -> Iterator[FieldNode]:
    waiting: list[Node] = list(document.definitions)
    for node in waiting:
        if isinstance(node, FieldNode):
            yield node
        selections = getattr(node, "selection_set", None)
        if isinstance(selections, SelectionSetNode):
            waiting += selections.selections


def reticent(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """The errors, those of values without what the types of the schema are; those of a variable once."""
    told: dict[object, GraphQLError] = {}
    for error in errors:
        variable = _variable(error)
        if variable is not None:
            told.setdefault(variable, _of_variable(variable))
        else:
            told[error] = _of_argument(error) if _is_of_argument(error) else error
    return list(told.values())


def _is_of_argument(error: GraphQLError) -> bool:
    """Whether GraphQL itself refuses an argument, which only the value of a variable can make wrong after all."""
    return error.message.startswith("Argument '") and isinstance(original_of(error), (GraphQLError, NoneType))


def _of_argument(error: GraphQLError) -> GraphQLError:
    return GraphQLError(
        f"the value of an argument is not one that it takes; {ASK_ELSEWHERE} with it",
        error.nodes,
        path=error.path,
        extensions={"code": "BAD_REQUEST"},
    )


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
