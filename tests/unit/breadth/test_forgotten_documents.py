"""Documents that made room for others are gone: what is kept of them keeps none of them."""

from __future__ import annotations

import gc

import strawberry
from graphql import OperationDefinitionNode, get_operation_ast, parse

from strawberry_breadth import BreadthFirstSchema
from strawberry_breadth.documents import Documents


@strawberry.type
class Query:
    """One leaf."""

    @strawberry.field
    def leaf(self) -> int:
        """One."""
        return 1


async def test_what_made_room_is_gone() -> None:
    """Room for 3 documents: of 10 that were executed no more than 3 are in memory."""
    schema = BreadthFirstSchema(Query)
    schema.documents = Documents(3, 1_000_000)
    gc.collect()
    before = _operations()
    for number in range(10):
        text = f"{{ forgotten{number}: leaf }}"
        document = parse(text)
        schema.documents.keep(text, document)
        operation = get_operation_ast(document)
        assert operation is not None
        for _ in range(3):
            made = schema.executor(document, operation, None, None, None)
            assert not isinstance(made, list)
            assert (await made.executed()).errors is None
    del document, operation, made
    gc.collect()
    assert _operations() - before <= 3


def _operations() -> int:
    return sum(isinstance(one, OperationDefinitionNode) for one in gc.get_objects())
