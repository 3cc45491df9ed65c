"""What an invented schema answers with: rows, ready or awaited, and every kind of trouble."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from graphql import GraphQLError, Undefined

from tests.unit.breadth.invented_schemas import Blueprint, Colour, Invented, Shape

GOOD: dict[str, list[Any]] = {
    "Int": [0, 7, True, 3.0],
    "Float": [0.5, 2, -1.25],
    "String": ["", "text", 5, True],
    "Boolean": [True, False],
    "ID": ["a", 17],
    "Colour": list(Colour),
    "Size": [0, "large"],
    "Day": [date(2024, 2, 29), date(2025, 1, 1)],
    "Anything": ["any", {"k": [1, None]}, [1, 2], 4],
}
"""Values that each leaf type accepts, some of them only after conversion."""


class Row:
    """An object whose columns are attributes."""

    def __init__(self, typename: str) -> None:
        self.__typename = typename

    def __repr__(self) -> str:
        return "<row>"


class DictRow(dict[str, Any]):
    """A row as a mapping."""

    def __repr__(self) -> str:
        return "<mapping>"


class Strange:
    """A value that is right for no type."""

    def __repr__(self) -> str:
        return "<strange>"


class Refused(Exception):
    """What resolvers raise."""


@dataclass(frozen=True, slots=True)
class Raised:
    """In place of a value: the resolver raises."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Drawn:
    """A list that is made anew at each call: a generator, or an asynchronous one; it may break off."""

    items: list[Any]
    asynchronous: bool
    breaks: Exception | None = None

    def sync(self) -> Iterator[Any]:
        yield from self.items
        if self.breaks:
            raise self.breaks

    async def later(self) -> AsyncIterator[Any]:
        for item in self.items:
            await asyncio.sleep(0)
            yield item
        if self.breaks:
            raise self.breaks


@dataclass(frozen=True, slots=True, eq=False)
class Later:
    """An awaitable that may be awaited again and again; it takes some turns of the loop."""

    value: Any
    turns: int

    def __await__(self) -> Generator[None, None, Any]:
        for _ in range(self.turns):
            yield
        return played(self.value)


class Items(list[Any]):
    """A list of a class of its own."""


def played(value: Any) -> Any:
    """What a resolver does with a value that it holds."""
    if isinstance(value, Raised):
        raise value.error
    if isinstance(value, Drawn):
        return value.later() if value.asynchronous else value.sync()
    return value


class Answers:
    """The rows of a blueprint, a few for each object type, each naming others."""

    def __init__(self, blueprint: Blueprint, shape: Shape, random: Random) -> None:
        self.blueprint, self.shape, self.random = blueprint, shape, random
        self.rows: dict[str, list[Any]] = {
            name: [self._row(name) for _ in range(1 if name in ("Query", "Mutation") else 3)]
            for name in blueprint.objects
        }
        self.types = {id(row): name for name, rows in self.rows.items() for row in rows}
        for name, rows in self.rows.items():
            for row in rows:
                for one in blueprint.objects[name]:
                    self._give(row, one)

    def type_of(self, row: Any) -> str | None:
        """The name of the object type that a row is of; None for what is no row."""
        return self.types.get(id(row))

    def _row(self, typename: str) -> Any:
        return Row(typename) if self.random.random() < 0.5 else DictRow({"__typename": typename})

    def _give(self, row: Any, one: Invented) -> None:
        value = self.value(one.type, drawn=one.how != "attribute")
        if one.how == "attribute" and isinstance(value, Raised):
            value = value.error
        given = self._method(value) if one.how == "method" else value
        name = one.name if one.how in ("attribute", "method") else f"held_{one.name}"
        if isinstance(row, Row):
            setattr(row, name, given)
        else:
            row[name] = given

    def _method(self, value: Any) -> Callable[..., Any]:
        def method(_info: Any, **_arguments: Any) -> Any:
            return played(value)

        return method

    def value(self, type_: str, drawn: bool) -> Any:
        """A value for a type as written in SDL; `drawn` where a call makes it, so that it may be a generator."""
        random = self.random
        if random.randrange(100) < self.shape.trouble:
            value = self._trouble(type_)
        elif type_.rstrip("!").startswith("["):
            value = self._list(type_.rstrip("!")[1:-1], drawn)
        elif type_.rstrip("!") in GOOD:
            value = random.choice(GOOD[type_.rstrip("!")])
        else:
            value = random.choice(self.rows[random.choice(self.blueprint.possible[type_.rstrip("!")])])
        if self.shape.asynchronous and random.random() < 0.25:
            return Later(value, random.randrange(3))
        return value if drawn else _ready(value)

    def _list(self, item: str, drawn: bool) -> Any:
        random = self.random
        count = random.choice([0, 1, 1, 2, 2, 3, 3, 6 if item.rstrip("!") in GOOD else 2])
        if drawn and item.rstrip("!") in GOOD and random.randrange(100) < self.shape.trouble:
            # Its items are good: which error counts, theirs or the list's, is nowhere said.
            return self._drawn(random.choices(GOOD[item.rstrip("!")], k=count), Refused("broken off"))
        items = [self.value(item, drawn=False) for _ in range(count)]
        if drawn and random.random() < 0.3:
            return self._drawn(items, None)
        return random.choice([list, list, list, tuple, deque, Items])(items)

    def _drawn(self, items: list[Any], breaks: Exception | None) -> Drawn:
        return Drawn(items, self.shape.streams and self.random.random() < 0.5, breaks)

    def _trouble(self, type_: str) -> Any:
        random = self.random
        choices: list[Any] = [None, None, Undefined, ValueError("a value"), Raised(Refused("raised")), Strange()]
        choices.append(GraphQLError("told", extensions={"code": "TOLD"}))
        choices.append(Raised(GraphQLError("told and raised", extensions={"code": "RAISED"})))
        if self.blueprint.is_composite(type_.rstrip("!")):
            choices.append(random.choice(self.rows[random.choice(list(self.rows))]))
        return random.choice(choices)


def _ready(value: Any) -> Any:
    """A value as an attribute or an item holds it: what cannot be raised there is an exception as a value."""
    return value.error if isinstance(value, Raised) else value
