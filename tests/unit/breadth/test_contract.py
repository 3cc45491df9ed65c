"""What the breadth-first executor promises to those who write loaders and resolvers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable
from operator import getitem
from typing import Any

import pytest
import strawberry
from strawberry import Info
from strawberry.extensions import SchemaExtension
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

from quotaloom_graphql.schema import build_schema
from strawberry_breadth import BreadthFirstExecutor, BreadthFirstSchema, asked, batch
from strawberry_breadth.resolving import RESOLVED

CALLS: list[tuple[Any, ...]] = []


class Context:
    """The least that batch fields need."""

    def __init__(self) -> None:
        self.batches: dict[Hashable, Any] = {}


async def load_parts(keys: list[int], info: Info, count: int = 2) -> list[dict[str, Any]]:
    """`count` parts of each."""
    CALLS.append(("parts", keys, count, asked(info)))
    return [{"id": key * 10 + number, "whole": key, "kind": key % 2} for key in keys for number in range(count)]


async def load_kinds(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Kinds by their number."""
    CALLS.append(("kinds", keys))
    return [{"id": key, "name": f"kind {key}"} for key in keys]


async def load_weights(parts: list[dict[str, Any]], info: Info) -> list[Any]:
    """An exception as an element is one part's error."""
    return [ValueError("odd") if part["id"] % 2 else part["id"] for part in parts]


async def load_nothing(parts: list[dict[str, Any]], info: Info) -> list[Any]:
    """A raised error is everybody's."""
    raise ValueError("nobody has any")


@strawberry.type
class Kind:
    """What a part is."""

    id: int
    name: str


@strawberry.type
class Part:
    """A part, which has parts."""

    id: int
    parts: list[Part] = batch(load_parts, key="id", by="whole", description="Parts.")
    kind: Kind | None = batch(load_kinds, key="kind", by="id", one=True, description="Kind.")
    weight: int = batch(load_weights, description="Weight of even ones.")
    weight_or_null: int | None = batch(load_weights, description="The same, but it may be missing.")
    broken: int | None = batch(load_nothing, description="Fails.")


@strawberry.type
class Query:
    """Root."""

    @strawberry.field
    def whole(self) -> Part:
        """Number 1."""
        return {"id": 1, "kind": None}  # type: ignore[return-value] # rows are dictionaries

    @strawberry.field
    def maybe(self) -> Part | None:
        """Number 1, which may be missing."""
        return {"id": 1, "kind": None}  # type: ignore[return-value] # rows are dictionaries

    @strawberry.field
    def twice(self, number: int) -> int:
        """A plain resolver."""
        return number * 2


@strawberry.type
class Subscription:
    """Events."""

    @strawberry.subscription
    async def wholes(self) -> AsyncIterator[Part]:
        """Two of them."""
        for number in (1, 2):
            yield {"id": number, "kind": None}  # type: ignore[misc] # rows are dictionaries


CONFIG = StrawberryConfig(default_resolver=getitem)
SCHEMA = BreadthFirstSchema(Query, subscription=Subscription, config=CONFIG)


async def ask(query: str, schema: strawberry.Schema = SCHEMA, **variables: Any) -> Any:
    CALLS.clear()
    return await schema.execute(query, variables, context_value=Context())


def told(result: Any) -> list[tuple[str, list[str | int]]]:
    return [(error.message, error.path) for error in result.errors]


async def test_a_loader_is_called_once_a_level_with_distinct_keys_in_order() -> None:
    """Four parts of two kinds: their loader is given each kind once, as they come."""
    await ask("{ whole { parts { parts { kind { name } } } } }")
    assert [call[:2] for call in CALLS] == [("parts", [1]), ("parts", [10, 11]), ("kinds", [0, 1])]


async def test_a_schema_of_strawberrys_takes_the_executor_alone() -> None:
    """Given as `execution_context_class` it calls loaders once a level, and needs no place for loaders of its own."""
    schema = strawberry.Schema(Query, config=CONFIG, execution_context_class=BreadthFirstExecutor)
    CALLS.clear()
    found = await schema.execute("{ whole { parts { id parts { kind { name } } } } }")
    first = {"id": 10, "parts": [{"kind": {"name": "kind 0"}}, {"kind": {"name": "kind 0"}}]}
    second = {"id": 11, "parts": [{"kind": {"name": "kind 1"}}, {"kind": {"name": "kind 1"}}]}
    assert found.data == {"whole": {"parts": [first, second]}}
    assert [call[:2] for call in CALLS] == [("parts", [1]), ("parts", [10, 11]), ("kinds", [0, 1])]


async def test_aliases_with_other_arguments_are_other_calls() -> None:
    """Each response name is loaded with arguments of its own, those from variables too."""
    result = await ask(
        "query ($n: Int!) { whole { one: parts(count: 1) { id } n: parts(count: $n) { id } parts { id } } }", n=3
    )
    assert {name: len(parts) for name, parts in result.data["whole"].items()} == {"one": 1, "n": 3, "parts": 2}
    assert [call[2] for call in CALLS] == [1, 3, 2]


async def test_a_raised_error_is_that_of_every_parent() -> None:
    """Each parent has it at its own path, and null."""
    result = await ask("{ whole { parts { broken } } }")
    assert result.data == {"whole": {"parts": [{"broken": None}, {"broken": None}]}}
    assert told(result) == [("nobody has any", ["whole", "parts", number, "broken"]) for number in (0, 1)]


async def test_an_exception_among_the_results_is_that_of_one_parent() -> None:
    """The others keep theirs."""
    result = await ask("{ whole { parts { weightOrNull } } }")
    assert result.data == {"whole": {"parts": [{"weightOrNull": 10}, {"weightOrNull": None}]}}
    assert told(result) == [("odd", ["whole", "parts", 1, "weightOrNull"])]


async def test_a_null_goes_up_through_lists_to_what_may_be_null() -> None:
    """A weight must not be missing, nor a part, nor the list: so the nearest object that may be is null."""
    result = await ask("{ maybe { id parts { weight } } twice(number: 2) }")
    assert result.data == {"maybe": None, "twice": 4}
    assert told(result) == [("odd", ["maybe", "parts", 1, "weight"])]


async def test_errors_are_in_the_order_of_the_document() -> None:
    """Not in that of the levels on which they were met."""
    result = await ask("{ first: whole { parts { weightOrNull } broken } second: whole { broken } }")
    assert [path for _, path in told(result)] == [
        ["first", "parts", 1, "weightOrNull"],
        ["first", "broken"],
        ["second", "broken"],
    ]


async def test_a_loader_may_ask_which_columns_are_read() -> None:
    """Plain fields, the keys of relations below and the column that finds the parent, and no others."""
    await ask("{ whole { parts { id kind { name } } } }")
    assert CALLS[0][3] == {"id", "kind", "whole"}


def test_what_needs_no_loop_is_executed_without_one() -> None:
    """`execute_sync` answers where nothing is awaited, by the engine."""
    before = RESOLVED.fields
    assert SCHEMA.execute_sync("{ twice(number: 3) whole { id } }").data == {"twice": 6, "whole": {"id": 1}}
    assert RESOLVED.fields - before == 3


async def test_a_document_is_kept_and_its_variables_are_not() -> None:
    """Asked again with other variables, directives included, a document answers as in a schema that never saw it."""
    query = (
        "query ($n: Int!, $all: Boolean!) { twice(number: $n) whole @include(if: $all) { parts(count: $n) { id } } }"
    )
    for number, everything in ((1, True), (2, False), (3, True), (1, True)):
        fresh = BreadthFirstSchema(Query, config=CONFIG)
        kept = await ask(query, n=number, all=everything)
        first = await ask(query, fresh, n=number, all=everything)
        assert kept.errors is None
        assert kept.data == first.data
        assert SCHEMA.documents.get(query) is not None


async def test_events_of_a_subscription_are_resolved_by_the_engine() -> None:
    """Each event is an execution of its own."""
    before = RESOLVED.fields
    stream: Any = await SCHEMA.subscribe("subscription { wholes { parts { id } } }", context_value=Context())
    events = [event.data async for event in stream]
    assert events == [{"wholes": {"parts": [{"id": 10 * n}, {"id": 10 * n + 1}]}} for n in (1, 2)]
    assert RESOLVED.fields > before


async def test_an_extension_that_resolves_is_asked_for_each_object() -> None:
    """It is slow, but nothing is left out: three parts' numbers, and all that is above them."""
    seen: list[str] = []

    class Watching(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(info.path.key)
            return _next(root, info, *args, **kwargs)

    schema = BreadthFirstSchema(Query, config=CONFIG, extensions=[Watching])
    result = await ask("{ whole { parts(count: 3) { id } } }", schema)
    assert result.data == {"whole": {"parts": [{"id": 10}, {"id": 11}, {"id": 12}]}}
    assert seen == ["whole", "parts", "id", "id", "id"]


def test_a_batch_field_with_permissions_is_refused_when_the_schema_is_built() -> None:
    """They would be asked once for each parent, in silence."""

    class Nobody(BasePermission):
        def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
            return False

    field = batch(load_kinds, key="kind", by="id", one=True, description="Kind.")
    field.extensions = [*field.extensions, strawberry.permission.PermissionExtension([Nobody()])]

    @strawberry.type
    class Guarded:
        kind: Kind | None = field

    with pytest.raises(TypeError, match="batch field 'kind' has permission classes"):
        BreadthFirstSchema(Guarded)


def test_the_product_has_nothing_that_is_asked_for_each_object() -> None:
    """No extension with a `resolve` hook, so no middleware: every field may be resolved for all objects at once."""
    for production in (True, False):
        schema = build_schema(production=production)
        made = [one() if isinstance(one, type) else one for one in schema.extensions]
        assert [one for one in made if getattr(type(one), "resolve", None) is not SchemaExtension.resolve] == []
