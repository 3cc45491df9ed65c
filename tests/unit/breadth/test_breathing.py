"""Between two fields of a large level that are resolved object by object, others have the loop."""

from __future__ import annotations

import asyncio
from operator import getitem
from typing import Any

import strawberry
from graphql import get_operation_ast, parse
from strawberry import Info
from strawberry.schema.config import StrawberryConfig

from strawberry_breadth import BreadthFirstSchema, batch, column
from strawberry_breadth.strands import AT_A_STRETCH

TURNS: list[tuple[str, int]] = []
CLOCK = [0]


async def load(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """More than are written at a stretch."""
    return [{"id": number, "up": 1} for number in range(AT_A_STRETCH + 1)]


def seen(name: str) -> int:
    """Note by which turn of somebody else the first value of a field is made."""
    if not TURNS or TURNS[-1][0] != name:
        TURNS.append((name, CLOCK[0]))
    return 1


@strawberry.type
class Leaf:
    """A row with fields that have resolvers."""

    id: int
    turn: int = column(lambda number: CLOCK[0], of="id", description="Somebody else's turn in which it is made.")

    @strawberry.field
    def one(self) -> int:
        """The first."""
        return seen("one")

    @strawberry.field
    def two(self) -> int:
        """The second."""
        return seen("two")

    @strawberry.field
    def three(self) -> int:
        """The third."""
        return seen("three")


@strawberry.type
class Root:
    """Above them."""

    id: int
    leaves: list[Leaf] = batch(load, key="id", by="up", description="Many.")


@strawberry.type
class Query:
    """Above that."""

    @strawberry.field
    def root(self) -> Root:
        """One."""
        return {"id": 1}  # type: ignore[return-value] # rows are dictionaries


async def test_others_have_the_loop_between_fields() -> None:
    """Each of three fields is resolved in a turn of its own."""
    schema = BreadthFirstSchema(Query, config=StrawberryConfig(default_resolver=getitem))
    text = "{ root { leaves { one two three } } }"
    document = parse(text)
    schema.documents.keep(text, document)
    operation = get_operation_ast(document)
    assert operation is not None

    async def beside() -> None:
        while True:
            CLOCK[0] += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(beside())
    for _ in range(2):
        TURNS.clear()
        made = schema.executor(document, operation, None, None, None)
        assert not isinstance(made, list)
        assert (await made.executed()).errors is None
        turns = [turn for _, turn in TURNS]
        assert len(set(turns)) == 3, TURNS
    other.cancel()


async def test_others_have_the_loop_within_a_long_column() -> None:
    """One more value than is written at a stretch is made in a turn of its own; the answer is whole, and in order."""
    schema = BreadthFirstSchema(Query, config=StrawberryConfig(default_resolver=getitem))

    async def beside() -> None:
        while True:
            CLOCK[0] += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(beside())
    answer = await schema.execute("{ root { leaves { id turn } } }")
    other.cancel()
    assert answer.errors is None
    assert answer.data is not None
    leaves = answer.data["root"]["leaves"]
    assert [leaf["id"] for leaf in leaves] == list(range(AT_A_STRETCH + 1))
    turns = [leaf["turn"] for leaf in leaves]
    assert len(set(turns[:-1])) == 1
    assert turns[-1] > turns[0]
