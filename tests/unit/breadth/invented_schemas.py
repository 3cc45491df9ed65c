"""Schemas invented at random: every kind of type, every place for a list and a non-null."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
)


class Colour(Enum):
    """Values of an enum that are members of a Python enum."""

    RED = 1
    GREEN = 2


def _iso(value: Any) -> str:
    if not isinstance(value, date):
        raise ValueError(f"{value!r} is no date")
    return value.isoformat()


COLOUR = GraphQLEnumType("Colour", {one.name: GraphQLEnumValue(one) for one in Colour})
SIZE = GraphQLEnumType("Size", {"SMALL": GraphQLEnumValue(0), "LARGE": GraphQLEnumValue("large")})
DAY = GraphQLScalarType("Day", coerce_output_value=_iso)
ANYTHING = GraphQLScalarType("Anything")
LEAVES = [GraphQLInt, GraphQLFloat, GraphQLString, GraphQLBoolean, GraphQLID, COLOUR, SIZE, DAY, ANYTHING]
POINT = GraphQLInputObjectType(
    "Point",
    {
        "x": GraphQLInputField(GraphQLNonNull(GraphQLInt)),
        "label": GraphQLInputField(GraphQLString, default_value="here"),
    },
)

ARGUMENTS = {
    "count": GraphQLArgument(GraphQLInt, default_value=3),
    "must": GraphQLArgument(GraphQLNonNull(GraphQLInt)),
    "given": GraphQLArgument(GraphQLNonNull(GraphQLString), default_value="given"),
    "many": GraphQLArgument(GraphQLList(GraphQLNonNull(GraphQLInt))),
    "colour": GraphQLArgument(COLOUR),
    "point": GraphQLArgument(POINT),
}
"""Every kind of argument: optional and needed, with a default and without, list, enum and object."""


@dataclass(frozen=True, slots=True)
class Invented:
    """A field: its type written as in SDL (`[[Int!]]!`), its arguments, and how its value is had.

    `how` is `attribute`, `method` (an attribute that is called), `resolver`, `later` (a coroutine function) or
    `told` (a resolver that tells what it was given).
    """

    name: str
    type: str
    arguments: tuple[str, ...] = ()
    how: str = "attribute"

    @property
    def named(self) -> str:
        """The name of the innermost type."""
        return self.type.strip("[]!")


@dataclass(slots=True)
class Blueprint:
    """What a schema is made of; `possible` names the object types of each composite type."""

    objects: dict[str, list[Invented]] = field(default_factory=dict)
    interfaces: dict[str, list[Invented]] = field(default_factory=dict)
    unions: list[str] = field(default_factory=list)
    possible: dict[str, list[str]] = field(default_factory=dict)

    def fields(self, composite: str) -> list[Invented]:
        """The fields of an object or interface type; a union has none."""
        return self.objects.get(composite) or self.interfaces.get(composite) or []

    def is_composite(self, name: str) -> bool:
        """Whether a type has fields or members."""
        return name in self.possible


@dataclass(frozen=True, slots=True)
class Shape:
    """How large and how unruly an example is; a smaller one is a simpler one."""

    seed: int
    objects: int
    abstract: int
    trouble: int
    """Out of a hundred values, how many are null, exceptions, raised or of the wrong type."""
    asynchronous: bool
    streams: bool = False
    """Whether some lists are asynchronous iterables, which the engine leaves to the executor behind it."""


def invent(shape: Shape, random: Random) -> Blueprint:
    """A blueprint of a schema: object types, interfaces and unions of them, and what their fields are."""
    blueprint = Blueprint()
    objects = [f"Object{number}" for number in range(shape.objects)]
    interfaces = [f"Interface{number}" for number in range(shape.abstract)]
    unions = [f"Union{number}" for number in range(shape.abstract)]
    for name in objects:
        blueprint.possible[name] = [name]
    for name in interfaces + unions:
        blueprint.possible[name] = random.sample(objects, random.randint(1, len(objects)))
    blueprint.unions = unions
    names = _Names(random, [*objects, *interfaces, *unions], shape.asynchronous)
    for name in interfaces:
        blueprint.interfaces[name] = names.fields(random.randint(1, 2))
    for name in objects:
        inherited = [
            names.anew(one) for face in interfaces if name in blueprint.possible[face] for one in blueprint.fields(face)
        ]
        blueprint.objects[name] = inherited + names.fields(random.randint(2, 4))
    blueprint.objects["Query"] = names.fields(4, composite=True)
    blueprint.objects["Mutation"] = names.fields(3, composite=True)
    return blueprint


class _Names:
    """Fields with names that no other type uses otherwise, so that every document may merge them."""

    def __init__(self, random: Random, composites: list[str], asynchronous: bool) -> None:
        self.random, self.composites, self.number = random, composites, 0
        self.hows = ["attribute", "attribute", "attribute", "method", "resolver"]
        if asynchronous:
            self.hows += ["later", "later"]

    def fields(self, count: int, composite: bool = False) -> list[Invented]:
        return [self.field(composite or number % 2 == 1) for number in range(count)]

    def field(self, composite: bool) -> Invented:
        random = self.random
        self.number += 1
        named = random.choice(self.composites) if composite else random.choice(LEAVES).name
        arguments = tuple(random.sample(list(ARGUMENTS), random.choice([0, 0, 1, 2])))
        how = random.choice(self.hows)
        if how == "attribute" and arguments:
            how = "resolver"
        if not composite and random.random() < 0.2:
            named, how = "String", "told"
        return Invented(f"field{self.number}", self.wrapped(named), arguments, how)

    def wrapped(self, named: str) -> str:
        random = self.random
        wrapped = named + random.choice(["", "!"])
        for _ in range(random.choice([0, 0, 1, 1, 2])):
            wrapped = f"[{wrapped}]" + random.choice(["", "!"])
        return wrapped

    def anew(self, inherited: Invented) -> Invented:
        """The same field of an implementing type, had in a way of its own."""
        if inherited.how == "told":
            return inherited
        how = self.random.choice(self.hows)
        if how == "attribute" and inherited.arguments:
            how = "resolver"
        return Invented(inherited.name, inherited.type, inherited.arguments, how)
