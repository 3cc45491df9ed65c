"""What is kept with a document: never what one request made of it, and never without bounds."""

from __future__ import annotations

import strawberry
from strawberry import Info

from strawberry_breadth import BreadthFirstSchema, batch

SEEN: list[list[int]] = []


@strawberry.input
class Span:
    """From where on."""

    since: int


async def load_sums(parents: list[object], info: Info, of: list[int], span: Span | None = None) -> list[int]:
    """A loader that works on the very list and input that it is given."""
    of.append(0 if span is None else span.since)
    if span is not None:
        span.since += 1
    SEEN.append(list(of))
    return [sum(of)] * len(parents)


@strawberry.type
class Query:
    """Root."""

    sums: int = batch(load_sums, description="A sum.")


async def test_what_a_loader_does_to_its_arguments_is_gone_with_the_request() -> None:
    """A list that is written in the document is the same for every request."""
    SEEN.clear()
    schema = BreadthFirstSchema(Query)
    for _ in range(3):
        answer = await schema.execute("{ sums(of: [1, 2], span: {since: 3}) }", root_value={})
        assert (answer.data, answer.errors) == ({"sums": 6}, None)
    assert SEEN == [[1, 2, 3]] * 3
