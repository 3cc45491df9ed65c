"""What schemathesis sends: operations made from the schema, brought near to what there is in a small world.

schemathesis says which queries and mutations there are, and sends them; subscriptions are made in the same way.

By themselves made-up values are refused at the first id. So scalars are often real ids, keys, periods and days;
arguments of queries often have a value that goes with their name; and the input of a mutation is a valid one, some of
whose values are replaced by made-up ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any, Final

import schemathesis
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLSchema,
    ListValueNode,
    NameNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationType,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Undefined,
    ValueNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    introspection_from_schema,
    parse_value,
    visit,
)
from graphql.utilities import value_from_ast
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import HookContext
from schemathesis.graphql import nodes
from schemathesis.schemas import BaseSchema

from tests.integration.graph.test_nodes import one_of_each
from tests.integration.graph.valid_calls import VALID
from tests.integration.graph.worlds import World
from tests.integration.probes.selecting import Documents
from tests.integration.walls.operations import IDS, VALUES

WORDS: Final = ("east", "ann", "acme", "sales", "lead", "won", "sea", "loud", "pump", "grade", "revenue", "tastings")
PERIODS: Final = (
    "2026",
    "2026-Q2",
    "2026-06",
    "2026-W23",
    "2026-06-01",
    "2027",
    "0000",
    "9999-12",
    "2026-13",
    "2026-W54",
)
TEXTS: Final = ("", " ", "\x00", "\ud7ff", "a" * 5_000, "%_\\", "'; --", "CNY", "USD", "ZZZ", "cm93OjA=", "kg==", "-1")
NUMBERS: Final = (0, 1, -1, 2, 100, 2026, 2**31 - 1, -(2**31))
DECIMALS: Final = (
    *("0", "1", "-1", "0.5", "100.00", "1e3", "-0", "0.0000001", "1e-400", "1e400", "1e999999999"),
    *("9" * 40, "92233720368547758.07", "NaN", "sNaN", "Infinity", "-Infinity"),
)
DAYS: Final = ("0001-01-01", "1900-01-01", "2026-01-31", "2026-05-31", "2026-06-01", "2026-12-31", "9999-12-31")
MOMENTS: Final = (
    "2026-06-01T12:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "2026-06-01T12:00:00",
)
TIMES: Final = ("00:00:00", "09:00:00", "17:30:00", "23:59:59.999999", "09:00:00+02:00")

REPLACED: Final = 0.2
"""How often a value of a valid input is replaced by a made-up one, and how often one that it need not have is added."""

ERRORS: Final = FieldNode(
    name=NameNode(value="errors"),
    selection_set=SelectionSetNode(selections=(FieldNode(name=NameNode(value="code")),)),
)
"""What every mutation is asked for, so that the test knows whether it was done."""

NEAR: Final = 0.7
"""How often an argument of a query has a value that goes with its name."""

ASKING: Final = {"member": "ann", "head": "hal"}
"""Who asks, besides an admin, whose id nobody knows."""


def known_ids(world: World) -> list[str]:
    """The ids of everything that is in the world, but for those who ask: made-up mutations would send them away."""
    floor = world.floor
    units, members = map(world.unit, floor.units), map(world.member, floor.members.keys() - set(ASKING.values()))
    return sorted({*world.ids.values(), *units, *members, *map(world.stage, floor.stages)})


def scalars(world: World) -> dict[str, SearchStrategy[ValueNode]]:
    """By name, what is taken for each scalar; JSON keeps to what JSON can hold."""
    leaves = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.sampled_from(WORDS)
    inner = st.lists(leaves, max_size=3) | st.dictionaries(st.sampled_from(("kind", "rate", "when", "days")), leaves)
    return {
        "ID": _texts(known_ids(world), [*WORDS, "x", "\x00", "T3JnVW5pdDo5OTk5OTk5OTk5OTk5OTk5OTk5OTk="]),
        "String": _texts([*WORDS, *PERIODS], TEXTS) | st.text(max_size=20).map(nodes.String),
        "Int": (st.sampled_from(NUMBERS) | st.integers(-(2**31), 2**31 - 1)).map(nodes.Int),
        "Decimal": (st.sampled_from(DECIMALS) | st.decimals(allow_nan=False, allow_infinity=False).map(str)).map(
            nodes.String
        ),
        "Date": (st.sampled_from(DAYS) | st.dates().map(str)).map(nodes.String),
        "DateTime": st.sampled_from(MOMENTS).map(nodes.String),
        "Time": st.sampled_from(TIMES).map(nodes.String),
        "JSON": (leaves | inner).map(_literal),
    }


def _texts(usual: Iterable[str], odd: Iterable[str]) -> SearchStrategy[ValueNode]:
    return (st.sampled_from(list(usual)) | st.sampled_from(list(odd))).map(nodes.String)


def _literal(value: Any, of: GraphQLInputType | None = None) -> ValueNode:
    """A value as GraphQL writes it where a type is asked for, or where JSON is."""
    kind = get_nullable_type(of)
    if isinstance(value, list):
        return nodes.List([_literal(one, kind.of_type if isinstance(kind, GraphQLList) else None) for one in value])
    if isinstance(value, dict):
        fields = kind.fields if isinstance(kind, GraphQLInputObjectType) else {}
        types = {name: field.type for name, field in fields.items()}
        return nodes.Object([_field(key, _literal(one, types.get(key))) for key, one in value.items()])
    if isinstance(kind, GraphQLEnumType) and value is not None:
        return nodes.Enum(value)
    return parse_value(json.dumps(value))


def _field(name: str, value: ValueNode) -> ObjectFieldNode:
    return ObjectFieldNode(name=NameNode(value=name), value=value)


def made_up(schema: GraphQLSchema, world: World) -> Callable[[str], SearchStrategy[DocumentNode]]:
    """What gives the documents of an operation by its label, such as `Mutation.createPool`.

    The same each time, so that hypothesis looks at each but once.
    """
    documents, near = Documents(schema, scalars(world)), Near(schema, world)

    @cache
    def made(label: str) -> SearchStrategy[DocumentNode]:
        root, name = label.split(".")
        return st.builds(near, documents.of(OperationType[root.upper()], name), st.randoms(use_true_random=True))

    return made


def probed(url: str, schema: GraphQLSchema, made: Callable[[str], SearchStrategy[DocumentNode]]) -> BaseSchema:
    """The schema as schemathesis tests it: what is made up of it is sent to `url`."""
    found = schemathesis.graphql.from_dict(dict(introspection_from_schema(schema)))
    found.config.update(base_url=url)

    @found.hook
    def before_generate_body(context: HookContext, _: SearchStrategy[DocumentNode]) -> Any:
        assert context.operation is not None
        return made(context.operation.label)

    return found


class Near:
    """Brings a made-up document near to what there is, as far as chance has it; it stays valid where it was."""

    def __init__(self, schema: GraphQLSchema, world: World) -> None:
        self._schema = schema
        self._world = world
        self._ids = one_of_each(world)

    def __call__(self, document: DocumentNode, random: Random) -> DocumentNode:
        """The document with other arguments."""
        types = TypeInfo(self._schema)
        near: DocumentNode = visit(document, TypeInfoVisitor(types, _Arguments(types, self._world, self._ids, random)))
        return near


class _Arguments(Visitor):
    def __init__(self, types: TypeInfo, world: World, ids: Mapping[str, str], random: Random) -> None:
        super().__init__()
        self._types, self._world, self._ids, self._random = types, world, ids, random

    def enter_field(self, node: FieldNode, *_: object) -> FieldNode | None:
        """The field of a mutation with another input, asked for its errors as well."""
        definition, owner = self._types.get_field_def(), self._types.get_parent_type()
        if definition is None or owner is None or owner.name != "Mutation":
            return None
        (argument,) = node.arguments or ()
        assert node.selection_set is not None
        valid = _literal(VALID[node.name.value](self._world), definition.args[argument.name.value].type)
        crossed = replace(argument, value=_crossed(valid, argument.value, self._random))
        asked = replace(node.selection_set, selections=(*node.selection_set.selections, ERRORS))
        return replace(node, arguments=(crossed,), selection_set=asked)

    def enter_argument(self, node: ArgumentNode, *_: object) -> ArgumentNode | None:
        """The argument of a query with a value that goes with its name."""
        definition, argument = self._types.get_field_def(), self._types.get_argument()
        assert definition is not None
        assert argument is not None
        name = node.name.value
        kind = get_named_type(definition.type).name if name == "id" else IDS.get(name, "")
        text = f'"{self._ids[kind]}"' if kind in self._ids else VALUES.get(name)
        if text is None or self._random.random() >= NEAR:
            return None
        value = parse_value(text)
        return None if value_from_ast(value, argument.type) is Undefined else replace(node, value=value)


def _crossed(valid: ValueNode, made_up: ValueNode, random: Random) -> ValueNode:
    """A valid value with some of what is in it replaced by what was made up, and some added."""
    if isinstance(valid, ObjectValueNode) and isinstance(made_up, ObjectValueNode):
        fields = {field.name.value: field for field in valid.fields}
        for field in made_up.fields:
            known = fields.get(field.name.value)
            if known is not None:
                fields[field.name.value] = replace(field, value=_crossed(known.value, field.value, random))
            elif random.random() < REPLACED:
                fields[field.name.value] = field
        return ObjectValueNode(fields=tuple(fields.values()))
    if isinstance(valid, ListValueNode) and isinstance(made_up, ListValueNode) and valid.values:
        first, *others = valid.values
        return ListValueNode(values=(*(_crossed(first, one, random) for one in made_up.values[:3]), *others))
    return made_up if random.random() < REPLACED else valid
