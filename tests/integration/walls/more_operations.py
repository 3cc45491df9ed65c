"""Operations made from the schema besides queries for all fields: mutations, subscriptions, and questions by a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from graphql import (
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_required_argument,
)

from tests.integration.walls.operations import IDS, VALUES, Operation, Writer, ways

NO_TEXTS: Final = {"after", "period", "within", "openedIn", "closedIn", "expectedIn", "metric", "metrics"}
"""Arguments that take the text of a cursor or a period, or the key of a metric, which all may know."""


def mutation_operations(schema: GraphQLSchema) -> dict[str, Operation]:
    """For each mutation one that asks for its whole payload; the variable `input` comes besides the ids."""
    assert schema.mutation_type is not None
    writer = Writer(schema, VALUES)
    return {name: writer.changing(name, field) for name, field in schema.mutation_type.fields.items()}


def subscription_operations(schema: GraphQLSchema) -> list[Operation]:
    """For each subscription one that asks for all that a message can show, and one with each of its arguments."""
    assert schema.subscription_type is not None
    writer = Writer(schema, VALUES)
    return [
        writer.listening(name, field, besides)
        for name, field in schema.subscription_type.fields.items()
        for besides in (None, *(one for one, argument in field.args.items() if not is_required_argument(argument)))
    ]


def probes(schema: GraphQLSchema, texts: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """For each root field and each text that it takes: both by name, and a query that gives each of these in turn."""
    assert schema.query_type is not None
    writer = Writer(schema, VALUES)
    for name, field in schema.query_type.fields.items():
        for argument_name, argument in field.args.items():
            if get_named_type(argument.type).name == "String" and argument_name not in NO_TEXTS:
                yield name, argument_name, writer.probing(name, field, argument_name, texts)


def paired(schema: GraphQLSchema) -> Iterator[tuple[tuple[str, str], Operation]]:
    """Each root field with every two ids that it takes: of which types these are, and a query that gives it both."""
    assert schema.query_type is not None
    writer = Writer(schema, VALUES)
    for name, field in schema.query_type.fields.items():
        ids = [one for one, argument in field.args.items() if one in IDS and get_named_type(argument.type).name == "ID"]
        lists = [one for one in ids if isinstance(get_nullable_type(field.args[one].type), GraphQLList)]
        for first, second in (*combinations(ids, 2), *((one, one) for one in lists)):
            yield (IDS[first], IDS[second]), writer.pairing(name, field, first, second)


def unread_types(schema: GraphQLSchema) -> tuple[set[str], set[str]]:
    """The object types that no query leads to: those of the payloads of mutations, and those of subscriptions."""
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type]
    kinds = {name: kind for name, kind in schema.type_map.items() if isinstance(kind, GraphQLObjectType)}
    unread = {name for name, kind in kinds.items() if not name.startswith("__") and kind not in roots}
    assert schema.subscription_type is not None
    messages = {get_named_type(field.type).name for field in schema.subscription_type.fields.values()}
    unread -= ways(schema).keys()
    return unread - messages, messages
