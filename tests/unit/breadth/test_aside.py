"""Many values of variables are checked and converted in a thread; few are converted at once."""

from __future__ import annotations

import threading
from typing import Any, NewType

import pytest
import strawberry
from graphql import get_operation_ast, parse
from strawberry.schema.config import StrawberryConfig

from strawberry_breadth import BreadthFirstSchema, batch
from strawberry_breadth.aside import MANY, are_many

THREADS: dict[str, set[int]] = {}

Checked = NewType("Checked", str)


def noted(value: Any) -> Any:
    """Note by which thread a value is checked."""
    THREADS.setdefault("checked", set()).add(threading.get_ident())
    if value == "bad":
        raise ValueError(value)
    return value


@strawberry.input
class One:
    """One of many."""

    value: Checked

    def __post_init__(self) -> None:
        THREADS.setdefault("converted", set()).add(threading.get_ident())


async def load(parents: list[Any], info: strawberry.Info, ones: list[One]) -> list[int]:
    """How many there are."""
    THREADS.setdefault("loaded", set()).add(threading.get_ident())
    return [len(ones)] * len(parents)


@strawberry.type
class Query:
    """A relation and a field with a resolver."""

    counted: int = batch(load, description="How many.")

    @strawberry.field
    async def awaited(self, ones: list[One]) -> str:
        """All of them."""
        THREADS.setdefault("loaded", set()).add(threading.get_ident())
        return "".join(one.value for one in ones)


@strawberry.type
class Mutation:
    """The same, as a mutation."""

    @strawberry.mutation
    async def awaited(self, ones: list[One]) -> str:
        """All of them."""
        THREADS.setdefault("loaded", set()).add(threading.get_ident())
        return "".join(one.value for one in ones)


def schema_of() -> BreadthFirstSchema:
    """The schema."""
    scalar = strawberry.scalar(name="Checked", parse_value=noted)
    config = StrawberryConfig(scalar_map={Checked: scalar}, default_resolver=lambda row, name: row[name])
    return BreadthFirstSchema(Query, Mutation, config=config)


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
@pytest.mark.parametrize("field", ["query { counted", "query { awaited", "mutation { awaited"])
@pytest.mark.parametrize(("count", "aside"), [(3, False), (MANY // 2, True)])
async def test_many_values_are_converted_in_a_thread(field: str, known: bool, count: int, aside: bool) -> None:
    """Each is an object and its one value: 500 of them, with their list, are more than 1,000. Loaders and resolvers run
    in the loop, whatever thread converted their arguments; documents that are kept, and others, are done alike."""
    schema = schema_of()
    kind, name = field.split(" { ")
    text = f"{kind}($o: [One!]!) {{ {name}(ones: $o) }}"
    document = parse(text)
    if known:
        schema.documents.keep(text, document)
    operation = get_operation_ast(document)
    assert operation is not None
    for _ in range(2):
        THREADS.clear()
        variables = {"o": [{"value": "v"}] * count}
        executor = await schema.executor_in_turn(document, operation, {}, None, variables)
        assert not isinstance(executor, list)
        result = await executor.executed()
        assert result.errors is None
        assert result.data == {name: count if name == "counted" else "v" * count}
        here = {threading.get_ident()}
        assert THREADS["loaded"] == here
        assert (THREADS["checked"] == here) is not aside
        assert (THREADS["converted"] == here) is not aside
        assert len(THREADS["checked"]) == len(THREADS["converted"]) == 1


async def test_what_is_wrong_among_many_is_told() -> None:
    """The error of the last of 1,000 says where it is."""
    schema = schema_of()
    document = parse("query($o: [One!]!) { counted(ones: $o) }")
    operation = get_operation_ast(document)
    assert operation is not None
    variables = {"o": [{"value": "v"}] * 999 + [{"value": "bad"}]}
    errors = await schema.executor_in_turn(document, operation, {}, None, variables)
    assert isinstance(errors, list)
    assert ["[999].value" in error.message for error in errors] == [True]


@pytest.mark.parametrize(
    ("variables", "many"),
    [
        (None, False),
        ({"a": 1}, False),
        ({"a": [1] * (MANY - 1)}, False),
        ({"a": [1] * MANY}, True),
        ({"a": {"b": [[1] * 499, [1] * 497]}}, False),
        ({"a": {"b": [[1] * 499, [1] * 498]}}, True),
    ],
)
def test_values_are_counted_at_any_depth(variables: dict[str, Any] | None, many: bool) -> None:
    """A variable, what it holds, and what that holds: 1,000 are few, 1,001 are many."""
    assert are_many(variables) is many
