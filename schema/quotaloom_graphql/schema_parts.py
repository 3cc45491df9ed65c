"""How many parts a schema has: what introspection is reckoned with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
)

Place = tuple[str, str]
"""A field of a type of introspection, by both names."""


def schema_parts(schema: GraphQLSchema) -> Mapping[Place, int]:
    """How many items the lists of introspection have: all types and directives, and of what is in each as an average.

    A type has as many fields as the average of the types, or of what fields lead to, whichever is more: those that
    have many are led to often. `__type`, which may be the largest, counts as so many average ones.
    """
    types = list(schema.type_map.values())
    fields = [field for one in types for field in _fields(one).values()]
    inputs = [one.fields for one in types if isinstance(one, GraphQLInputObjectType)]
    led_to = _average(_fields(get_named_type(field.type)) for field in fields)
    of_type = max(1, _average(map(_fields, types)), led_to)
    largest = max(map(len, map(_fields, types)), default=0)
    return {
        ("__Schema", "types"): len(types),
        ("__Schema", "directives"): len(schema.directives),
        ("__Type", "fields"): of_type,
        ("__Type", "inputFields"): _part(sum(map(len, inputs)), len(types)),
        ("__Type", "enumValues"): _part(
            sum(len(one.values) for one in types if isinstance(one, GraphQLEnumType)), len(types)
        ),
        ("__Type", "possibleTypes"): _part(
            sum(len(schema.get_possible_types(one)) for one in types if is_abstract_type(one)), len(types)
        ),
        ("__Type", "interfaces"): _average(getattr(one, "interfaces", ()) for one in types),
        ("__Field", "args"): _average(field.args for field in fields),
        ("__Directive", "args"): _average(one.args for one in schema.directives),
        (_query(schema), "__type"): _part(largest, of_type),
    }


def _fields(one: GraphQLNamedType) -> Mapping[str, Any]:
    return one.fields if isinstance(one, GraphQLObjectType | GraphQLInterfaceType) else {}


def _query(schema: GraphQLSchema) -> str:
    return schema.query_type.name if schema.query_type else ""


def _average(several: Iterable[Sized]) -> int:
    sizes = list(map(len, several))
    return _part(sum(sizes), len(sizes))


def _part(whole: int, parts: int) -> int:
    """The quotient, rounded up."""
    return -(-whole // parts) if parts else 0
