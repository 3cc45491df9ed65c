"""Documents that were checked before go the short way to the executor, and are answered alike."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from quotaloom_graphql.schema import build_schema

PRODUCTION = build_schema(production=True)
DEVELOPMENT = build_schema()


async def twice(schema: strawberry.Schema, query: str, **options: Any) -> list[tuple[Any, list[str]]]:
    """What a document is answered the first time and the second time."""
    results = [await schema.execute(query, **options) for _ in range(2)]
    return [(result.data, [error.message for error in result.errors or ()]) for result in results]


async def test_what_is_allowed_stays_allowed() -> None:
    """Both times the same, with and without the name of its operation and variables."""
    query = "query Name($yes: Boolean!) { __typename @include(if: $yes) }"
    for options in ({}, {"operation_name": "Name"}):
        assert (
            await twice(DEVELOPMENT, query, variable_values={"yes": True}, **options)
            == [({"__typename": "Query"}, [])] * 2
        )
    assert await twice(DEVELOPMENT, query, variable_values={"yes": False}) == [({}, [])] * 2


async def test_what_is_refused_stays_refused() -> None:
    """Introspection in production, unknown fields, variables that are missing: both times in the same words."""
    for schema, query in (
        (PRODUCTION, "{ __schema { types { name } } }"),
        (PRODUCTION, "{ nothing }"),
        (DEVELOPMENT, "query ($yes: Boolean!) { __typename @include(if: $yes) }"),
    ):
        (first, second) = await twice(schema, query)
        assert first == second
        assert first[0] is None
        assert first[1]


async def test_operations_are_chosen_as_ever() -> None:
    """By name among several, with an error for a name that is not there, and none but those that the method allows."""
    several = "query One { __typename } mutation Two { __typename }"
    assert await twice(DEVELOPMENT, several, operation_name="Two") == [({"__typename": "Mutation"}, [])] * 2
    for _ in range(2):
        with pytest.raises(CannotGetOperationTypeError):
            await DEVELOPMENT.execute("query One { __typename }", operation_name="Other")
        with pytest.raises(InvalidOperationTypeError):
            await DEVELOPMENT.execute("mutation { __typename }", allowed_operation_types={OperationType.QUERY})
        with pytest.raises(InvalidOperationTypeError):
            await DEVELOPMENT.execute("subscription { notificationAdded { __typename } }")
        assert (await DEVELOPMENT.execute("mutation { __typename }")).data == {"__typename": "Mutation"}
        assert (await DEVELOPMENT.execute("query One { __typename }")).data == {"__typename": "Query"}
