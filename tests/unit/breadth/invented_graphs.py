"""An invented schema that can be executed: types with resolvers over its rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cached_property
from random import Random
from typing import Any, cast

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
)

from tests.unit.breadth.invented_answers import Answers, Row, played
from tests.unit.breadth.invented_schemas import ARGUMENTS, LEAVES, Invented, Shape, invent


class Graph:
    """A schema, its rows and its root values, all from one shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.random = Random(shape.seed)
        self.blueprint = invent(shape, self.random)
        self.answers = Answers(self.blueprint, shape, self.random)

    def root(self, operation: str) -> Any:
        """The root value of a `query` or a `mutation`."""
        return self.answers.rows[operation.capitalize()][0]

    @cached_property
    def schema(self) -> GraphQLSchema:
        """The schema of the blueprint."""
        types: dict[str, Any] = {leaf.name: leaf for leaf in LEAVES}
        for name in self.blueprint.interfaces:
            types[name] = self._interface(name, types)
        for name in self.blueprint.objects:
            types[name] = self._object(name, types)
        for name in self.blueprint.unions:
            members = [types[one] for one in self.blueprint.possible[name]]
            types[name] = GraphQLUnionType(name, members, resolve_type=self._type_resolver())
        composites: list[GraphQLNamedType] = [types[name] for name in self.blueprint.possible]
        return GraphQLSchema(types["Query"], types["Mutation"], types=composites)

    def _interface(self, name: str, types: dict[str, Any]) -> GraphQLInterfaceType:
        fields = self.blueprint.fields(name)
        return GraphQLInterfaceType(
            name, lambda: {one.name: self._field(one, types) for one in fields}, resolve_type=self._type_resolver()
        )

    def _object(self, name: str, types: dict[str, Any]) -> GraphQLObjectType:
        faces = [types[face] for face in self.blueprint.interfaces if name in self.blueprint.possible[face]]
        fields, logged = self.blueprint.fields(name), name == "Mutation"
        return GraphQLObjectType(
            name,
            lambda: {one.name: self._field(one, types, resolver_of(one, logged)) for one in fields},
            interfaces=faces,
            is_type_of=None if name in ("Query", "Mutation") else self._type_test(name),
        )

    def _field(self, one: Invented, types: dict[str, Any], resolve: Callable[..., Any] | None = None) -> GraphQLField:
        arguments = {name: ARGUMENTS[name] for name in one.arguments}
        return GraphQLField(wrapped(one.type, types), arguments, resolve)

    def _type_resolver(self) -> Any:
        type_of = self.answers.type_of

        def told(value: Any, _info: Any, _type: Any) -> str | None:
            return type_of(value)

        async def told_later(value: Any, _info: Any, _type: Any) -> str | None:
            return type_of(value)

        return self.random.choice([None, told, told_later if self.shape.asynchronous else told])

    def _type_test(self, name: str) -> Any:
        type_of = self.answers.type_of

        def is_one(value: Any, _info: Any) -> bool:
            return type_of(value) == name

        async def is_one_later(value: Any, _info: Any) -> bool:
            return type_of(value) == name

        return self.random.choice([None, None, is_one, is_one_later if self.shape.asynchronous else is_one])


def wrapped(type_: str, types: dict[str, Any]) -> GraphQLOutputType:
    """The type that is written so in SDL."""
    if type_.endswith("!"):
        return GraphQLNonNull(cast(Any, wrapped(type_[:-1], types)))
    if type_.startswith("["):
        return GraphQLList(wrapped(type_[1:-1], types))
    return types[type_]  # type: ignore[no-any-return]


def resolver_of(one: Invented, logged: bool) -> Callable[..., Any] | None:
    """The resolver of a field; none for a plain one. With `logged` each call is noted in the context, a list."""
    resolver = _RESOLVERS.get(one.how)
    if not logged:
        return resolver

    def noted(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        info.context.append(info.path.key)
        return (resolver or _plain)(source, info, **arguments)

    return noted


def _column(source: Any, name: str) -> Any:
    return getattr(source, name, None) if isinstance(source, Row) else source.get(name)


def _plain(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    value = _column(source, info.field_name)
    return value(info, **arguments) if callable(value) else value


def _resolver(source: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
    return played(_column(source, f"held_{info.field_name}"))


async def _later(source: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
    value = played(_column(source, f"held_{info.field_name}"))
    return await value if isinstance(value, Awaitable) else value


def _told(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> str:
    """All that a resolver is given: place, type, arguments, nodes, operation, and which mutations have begun."""
    place = f"{info.path.as_list()} {info.parent_type}.{info.field_name}: {info.return_type}"
    return f"{place} {sorted(arguments.items())} {len(info.field_nodes)} {info.operation.operation} {info.context}"


_RESOLVERS: dict[str, Callable[..., Any]] = {"resolver": _resolver, "later": _later, "told": _told}
