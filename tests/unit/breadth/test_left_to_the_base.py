"""What has no columns is left to the executor behind, and what is refused there is refused here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLSchema, build_schema, execute, parse, specified_directives, subscribe
from graphql.execution import AbortedGraphQLExecutionError, experimental_execute_incrementally
from graphql.execution.executor import Executor
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.execution.incremental.incremental_executor import IncrementalExecutor
from graphql.pyutils import AbortController
from graphql.type import GraphQLDeferDirective, GraphQLStreamDirective

from strawberry_breadth.engine import BreadthFirst


class Whole(BreadthFirst, Executor):  # type: ignore[type-arg]
    """Answers at once."""


class Throwing(BreadthFirst, ExecutorThrowingOnIncremental):
    """Answers at once, and refuses what would come later."""


class Incremental(BreadthFirst, IncrementalExecutor):
    """Answers in pieces where it is asked to."""


UNITS = build_schema(
    "type Query { unit: Unit } type Subscription { unit: Unit }"
    " type Unit { name: String head: String children: [Unit] }"
)
IN_PIECES = GraphQLSchema(
    query=UNITS.query_type,
    subscription=UNITS.subscription_type,
    directives=[*specified_directives, GraphQLDeferDirective, GraphQLStreamDirective],
)


TREE = {"unit": {"name": "Acme", "head": "Ann", "children": [{"name": "East"}, {"name": "West"}]}}


async def test_an_operation_that_is_aborted_ends_with_the_reason() -> None:
    """One that is aborted meanwhile asks no further field; one that was aborted before it began asks none.

    The errors are those of the executor behind.
    """
    ends = [AbortedGraphQLExecutionError, RuntimeError]
    assert await _aborted(Whole) == await _aborted(Executor) == (["unit"], ends)


async def _aborted(executor: type[Executor[Any]]) -> tuple[list[str], list[type[Exception]]]:
    """Which fields were asked, and how two operations with one signal ended."""
    asked: list[str] = []
    controller = AbortController()

    async def unit(*_: Any) -> dict[str, Any]:
        asked.append("unit")
        controller.abort(RuntimeError("hung up"))
        await asyncio.sleep(0)
        return {"name": name}

    def name(*_: Any) -> str:
        asked.append("name")
        return "Acme"

    document = parse("{ unit { name } }")
    ends = []
    for _ in range(2):
        with pytest.raises(Exception, match="hung up") as caught:
            await _answer(
                execute(UNITS, document, {"unit": unit}, executor_class=executor, abort_signal=controller.signal)
            )
        ends.append(caught.type)
    return asked, ends


async def _answer(result: Any) -> ExecutionResult:
    found = await result if hasattr(result, "__await__") else result
    assert isinstance(found, ExecutionResult)
    return found


async def test_a_signal_that_nobody_gives_changes_no_answer() -> None:
    """The operation is left to the base class whole, and answers the same."""
    document = parse("{ unit { name children { name } } }")
    found = execute(UNITS, document, TREE, executor_class=Whole, abort_signal=AbortController().signal)
    assert await _answer(found) == await _answer(execute(UNITS, document, TREE, executor_class=Whole))


@pytest.mark.parametrize(
    ("document", "data"),
    [
        ("subscription { unit { name ... @defer { head } } }", {"unit": None}),
        (
            "subscription { unit { children { name ... @defer { head } } } }",
            {"unit": {"children": [None, None]}},
        ),
        ("subscription { unit { children @stream { name } } }", {"unit": {"children": None}}),
    ],
)
async def test_pieces_that_nobody_can_send_are_refused(document: str, data: dict[str, Any]) -> None:
    """Below the root and in a list: with the very error of the executor behind, and never as a whole answer."""
    refused = [await _event(document, executor) for executor in (Throwing, ExecutorThrowingOnIncremental)]
    assert refused[0] == refused[1]
    assert refused[0][0] == data
    assert all("not supported on subscription operations" in message for message in refused[0][1])
    assert refused[0][1]


async def _event(document: str, executor: type[Executor[Any]]) -> tuple[Any, list[str]]:
    """What an event of a subscription is answered with: there everything comes whole."""

    async def events(*_: Any) -> AsyncIterator[Any]:
        yield TREE

    stream: Any = subscribe(IN_PIECES, parse(document), {"unit": events}, executor_class=executor)
    stream = await stream if hasattr(stream, "__await__") else stream
    assert not isinstance(stream, ExecutionResult), stream
    async for result in stream:
        return result.data, [error.message for error in result.errors or ()]
    raise AssertionError("no event")


async def test_pieces_come_where_they_can_be_sent() -> None:
    """First what was not deferred, and the rest in a piece of its own."""
    first, pieces = await _in_pieces("{ unit { name ... @defer { head } } }")
    assert first["data"] == {"unit": {"name": "Acme"}}
    assert [one["data"] for piece in pieces for one in piece["incremental"]] == [{"head": "Ann"}]
    first, pieces = await _in_pieces("{ unit { children @stream(initialCount: 1) { name } } }")
    assert first["data"] == {"unit": {"children": [{"name": "East"}]}}
    assert [item for piece in pieces for one in piece.get("incremental", ()) for item in one["items"]] == [
        {"name": "West"}
    ]


async def _in_pieces(document: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    found: Any = experimental_execute_incrementally(IN_PIECES, parse(document), TREE, executor_class=Incremental)
    found = await found if hasattr(found, "__await__") else found
    subsequent: AsyncIterator[Any] = found.subsequent_results
    return found.initial_result.formatted, [piece.formatted async for piece in subsequent]
