"""Batch fields: one call per field and level, rows to their parents, errors to theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from operator import getitem
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType
from strawberry import Info
from strawberry.schema.config import StrawberryConfig

from strawberry_breadth import BreadthFirstSchema, batch, column

CALLS: list[tuple[str, list[Any]]] = []


class Context:
    """The least that batch fields need."""

    def __init__(self) -> None:
        self.batches: dict[Hashable, Any] = {}


async def load_children(keys: list[int], info: Info, count: int = 2) -> list[dict[str, Any]]:
    """`count` children of each, the last first, so that order is the loader's."""
    CALLS.append(("children", keys))
    return [{"id": key * 10 + n, "boss": key} for key in reversed(keys) for n in range(count)]


async def load_boss(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """A boss for even ones."""
    CALLS.append(("boss", keys))
    return [{"id": key // 10, "of": key, "boss": None} for key in keys if key % 2 == 0]


async def load_sizes(parents: list[dict[str, Any]], info: Info) -> list[Any]:
    """The ordered form: one result per parent; an exception is that parent's error."""
    CALLS.append(("sizes", [parent["id"] for parent in parents]))
    return [ValueError("odd") if parent["id"] % 2 else parent["id"] * 100 for parent in parents]


async def load_too_few(parents: list[dict[str, Any]], info: Info) -> list[Any]:
    """Breaks the contract."""
    return []


async def load_told(parents: list[dict[str, Any]], info: Info) -> list[Any]:
    """What the loader is told of its field."""
    chosen = ",".join(selection.name for selection in info.selected_fields)  # type: ignore[union-attr]
    return [f"{info.field_name} {info.path.as_list()} {info.python_name} {chosen} {type(info.context).__name__}"] * len(
        parents
    )


class LoudInfo(Info[Any, Any]):
    """An info of a schema's own."""

    @property
    def field_name(self) -> str:
        """The name, aloud."""
        return super().field_name.upper()


@strawberry.type
class Person:
    """A row."""

    id: int
    doubled: int = column(lambda value: value * 2, of="id", description="Twice the id.")
    children: list[Person] = batch(load_children, key="id", by="boss", description="Children.")
    boss: Person | None = batch(load_boss, key="id", by="of", one=True, description="Boss.")
    lost: Person | None = batch(load_boss, key="boss", by="of", one=True, description="Boss by a null key.")
    size: int | None = batch(load_sizes, description="Ordered form.")
    told_of: str = batch(load_told, description="What the loader is told.")
    short: int | None = batch(load_too_few, description="A loader that answers too little.")


@strawberry.type
class Query:
    """Root."""

    @strawberry.field
    def person(self) -> Person:
        """The first."""
        return {"id": 1, "boss": None}  # type: ignore[return-value] # rows are dictionaries


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(default_resolver=getitem))


@pytest.mark.parametrize(("kind", "name"), [(Info, "toldOf"), (LoudInfo, "TOLDOF")])
async def test_a_loader_is_told_of_its_field_and_the_first_parent(kind: type[Info], name: str) -> None:
    """Though most loaders look at nothing but the context, and an info is worked out for those that look alone."""
    schema = BreadthFirstSchema(Query, config=StrawberryConfig(default_resolver=getitem, info_class=kind))
    answer = await schema.execute("{ p: person { c: children { t: toldOf } } }", context_value=Context())
    assert answer.errors is None
    assert answer.data == {"p": {"c": [{"t": f"{name} ['p', 'c', 0, 't'] told_of toldOf Context"}] * 2}}


async def ask(query: str) -> Any:
    CALLS.clear()
    return await SCHEMA.execute(query, context_value=Context())


async def test_a_field_costs_one_call_per_level() -> None:
    """Two levels of children and a boss each: three calls, whatever the number of rows."""
    result = await ask("{ person { children(count: 3) { children { id boss { id } } } } }")
    assert result.errors is None
    assert [name for name, _ in CALLS] == ["children", "children", "boss"]
    assert sorted(CALLS[1][1]) == [10, 11, 12]


async def test_rows_find_their_parents_and_keep_the_order_of_the_loader() -> None:
    """Each parent gets its own rows; the order within is the loader's."""
    result = await ask("{ person { children { id children { id } } } }")
    assert result.data["person"]["children"] == [
        {"id": 10, "children": [{"id": 100}, {"id": 101}]},
        {"id": 11, "children": [{"id": 110}, {"id": 111}]},
    ]


async def test_one_is_a_row_or_null() -> None:
    """A parent without a row, or with a null key, has null; a null key is never asked for."""
    result = await ask("{ person { boss { id } lost { id } children { boss { id } } } }")
    person = result.data["person"]
    assert (person["boss"], person["lost"]) == (None, None)
    assert person["children"] == [{"boss": {"id": 1}}, {"boss": None}]
    assert [keys for name, keys in CALLS if name == "boss"] == [[1], [10, 11]]


async def test_aliases_with_other_arguments_are_apart() -> None:
    """Each alias is loaded with its own arguments."""
    result = await ask("{ person { one: children(count: 1) { id } three: children(count: 3) { id } } }")
    assert [len(result.data["person"][name]) for name in ("one", "three")] == [1, 3]


async def test_an_exception_is_the_error_of_its_parent() -> None:
    """In the ordered form the others keep their results, and the path names the parent."""
    result = await ask("{ person { children { size } } }")
    assert result.data["person"]["children"] == [{"size": 1000}, {"size": None}]
    assert [(error.message, error.path) for error in result.errors] == [("odd", ["person", "children", 1, "size"])]


async def load_in_time(keys: list[int], info: Info) -> list[str]:
    """A name for each, after some turns of the loop."""
    for _ in range(10):
        await asyncio.sleep(0)
    return [f"kind {key}" for key in keys]


@strawberry.type
class Part:
    """A row of a kind that others have, too."""

    id: int
    kind: str = batch(load_in_time, key="kind", description="Its kind.")

    @strawberry.field
    async def good(self) -> bool:
        """The first has none."""
        if self["id"] == 1:  # type: ignore[index] # rows are dictionaries
            raise ValueError("no good")
        return True


@strawberry.type
class Stock:
    """Root."""

    @strawberry.field
    def parts(self) -> list[Part | None]:
        """Two of one kind."""
        return [{"id": number, "kind": 7} for number in (1, 2)]  # type: ignore[misc] # rows are dictionaries


@pytest.mark.parametrize("made", [strawberry.Schema, BreadthFirstSchema])
async def test_whoever_is_null_meanwhile_takes_nothing_from_those_with_the_same_key(made: type[Any]) -> None:
    """The executor of Strawberry's cancels what the first part waits for; the second is told its kind all the same."""
    schema = made(Stock, config=StrawberryConfig(default_resolver=getitem))
    result = await schema.execute("{ parts { kind good } }", context_value=Context())
    assert result.data == {"parts": [None, {"kind": "kind 7", "good": True}]}
    assert [(error.message, error.path) for error in result.errors] == [("no good", ["parts", 0, "good"])]


async def test_a_loader_that_answers_too_little_is_told_of() -> None:
    """A result per parent is the contract; less is an error that names the loader."""
    result = await ask("{ person { short } }")
    assert "load_too_few returned 0 results for 1 parents" in str(result.errors)


@pytest.mark.parametrize(("name", "wanted"), [("children", "[Person!]!"), ("boss", "Person"), ("doubled", "Int!")])
def test_the_annotation_is_the_type(name: str, wanted: str) -> None:
    """What the class says is what the schema shows, with the description."""
    person = SCHEMA._schema.type_map["Person"]
    assert isinstance(person, GraphQLObjectType)
    assert str(person.fields[name].type) == wanted
    assert person.fields[name].description
