"""The default executor and the breadth-first one on the same document: what must be equal, and what is free.

Synchronous answers must be equal to the byte, the order of errors included. In asynchronous ones the specification
leaves free which of several errors removes a place ("only one error should be added to the errors list per response
position", section 6.4.4), so there the errors outside of removed places must be equal, each removed place
must be the same, and its error one that the default executor meets somewhere.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, execute, execute_sync
from graphql.execution.executor import Executor
from graphql.execution.incremental.incremental_executor import IncrementalExecutor

from strawberry_breadth.documents import PlanRoom, keep_operations
from strawberry_breadth.engine import BreadthFirst

Place = tuple[str | int, ...]


class BreadthFirstIncremental(BreadthFirst, IncrementalExecutor):
    """The engine before graphql-core's own default."""


class Unpropagated(IncrementalExecutor):
    """The default executor, but errors remove nothing else: it meets all errors that there are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.error_propagation = False


PATIENCE: Final = 60
"""Seconds after which an execution hangs; the garbage of thousands of them takes some seconds to collect."""


@dataclass(frozen=True, slots=True)
class Case:
    """A document with all that an execution of it needs; each execution has a context of its own."""

    schema: GraphQLSchema
    document: DocumentNode
    root: Any
    variables: dict[str, Any]

    def at_once(self, executor: type[Executor[Any]]) -> ExecutionResult:
        """Execute synchronously."""
        return execute_sync(self.schema, self.document, self.root, [], self.variables, executor_class=executor)

    async def later(self, executor: type[Executor[Any]]) -> ExecutionResult:
        """Execute in the running loop, whether or not anything is awaited."""
        result = execute(self.schema, self.document, self.root, [], self.variables, executor_class=executor)
        if not isinstance(result, ExecutionResult):
            result = await result
        return result

    async def awaited(self) -> ExecutionResult:
        """Have the engine execute it for whoever awaits it anyway."""
        made = BreadthFirstIncremental.build(self.schema, self.document, self.root, [], self.variables)
        if isinstance(made, list):
            return ExecutionResult(None, made)
        assert isinstance(made, BreadthFirst)
        result: ExecutionResult = await made.executed()
        return result


def check_at_once(case: Case) -> None:
    """Executed synchronously, both answers are the same to the byte, with plans that were kept as well."""
    expected = case.at_once(IncrementalExecutor)
    for time in range(3):
        got = case.at_once(BreadthFirstIncremental)
        assert repr(got.data) == repr(expected.data)
        assert _told(got.errors) == _told(expected.errors)
        if not time:
            keep_operations(case.document, PlanRoom())


async def check_later(case: Case, in_order: bool = True) -> None:
    """Executed asynchronously, data is the same to the byte, and errors are where they are fixed."""
    expected = await asyncio.wait_for(case.later(IncrementalExecutor), PATIENCE)
    for time in range(3):
        await _check(case, case.later(BreadthFirstIncremental), expected, in_order)
        await _check(case, case.awaited(), expected, in_order)
        if not time:
            keep_operations(case.document, PlanRoom())


async def _check(case: Case, answer: Awaitable[ExecutionResult], expected: ExecutionResult, in_order: bool) -> None:
    got = await asyncio.wait_for(answer, PATIENCE)
    assert repr(got.data) == repr(expected.data)
    if _told(got.errors) == _told(expected.errors):
        return
    if in_order:
        assert _positions(got) == sorted(_positions(got))
    removed = _removed(expected)
    assert _removed(got) == removed
    assert Counter(_told(_apart(got, removed))) == Counter(_told(_apart(expected, removed)))
    met = set(_told((await case.later(Unpropagated)).errors))
    assert set(_told(got.errors)) <= met


def _told(errors: list[GraphQLError] | None) -> list[str]:
    return [
        f"{error.path} {error.message} {error.locations} {error.extensions} {type(error.original_error)}"
        for error in errors or []
    ]


def _removed(result: ExecutionResult) -> set[Place]:
    """The places that are null because of an error below them."""
    places = set()
    for error in result.errors or []:
        place = _standing(result.data, error)
        if len(place) < len(error.path or ()):
            places.add(place)
    return places


def _standing(data: Any, error: GraphQLError) -> Place:
    """As much of an error's path as the answer has; its last place is null."""
    place: list[str | int] = []
    for step in error.path or ():
        if data is None:
            break
        data = data[step]
        place.append(step)
    return tuple(place)


def _apart(result: ExecutionResult, removed: set[Place]) -> list[GraphQLError]:
    """The errors that are in none of the removed places."""
    return [
        error
        for error in result.errors or []
        if not any(tuple(error.path or ())[: len(place)] == place for place in removed)
    ]


def _positions(result: ExecutionResult) -> list[list[int]]:
    """Where in the answer each error is, in the order of the document."""
    return [_position(result.data, _standing(result.data, error)) for error in result.errors or []]


def _position(data: Any, place: Place) -> list[int]:
    position = []
    for step in place:
        position.append(step if isinstance(step, int) else list(data).index(step))
        data = data[step]
    return position
