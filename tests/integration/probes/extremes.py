"""Each value that an operation takes, one at a time, at the edges of what its scalar can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    get_named_type,
    get_nullable_type,
    is_required_input_field,
    parse,
    print_ast,
)
from schemathesis.graphql import nodes

from tests.integration.graph.test_every_mutation import minimal
from tests.integration.probes.generating import DAYS, DECIMALS, MOMENTS, NUMBERS, PERIODS, TEXTS, TIMES

Values = Mapping[str, Sequence[Any]]
"""By scalar, what is put in the place of its values."""

EDGES: Final[Values] = {
    "String": ("\x00",),
    "ID": ("T3JnVW5pdDo5OTk5OTk5OTk5OTk5OTk5OTk5OTk=",),  # a unit's, with a number that is too large for any
    "Int": (2**31 - 1, -(2**31)),
    "Decimal": ("9" * 40, "1e400"),
    "Date": ("0001-01-01", "9999-12-31"),
    "DateTime": ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-05:00"),
    "Time": ("23:59:59.999999",),
    "JSON": (2**63, {"\x00": 1}),
}
"""Where other servers break."""

EXTREMES: Final[Values] = {
    "String": (*TEXTS, *PERIODS),
    "ID": (*EDGES["ID"], *TEXTS, "T3JnVW5pdDotMQ=="),
    "Int": NUMBERS,
    "Decimal": DECIMALS,
    "Date": DAYS,
    "DateTime": (*EDGES["DateTime"], *MOMENTS, "0001-01-01T00:00:00Z", "2999-12-31T23:59:59Z"),
    "Time": TIMES,
    "JSON": (*EDGES["JSON"], None, "", "\x00", 0, -(2**63), 1e308, [], {}, [[]], {"kind": "x"}, {"": None}),
}

DEEP: Final = 5
"""So many inputs are looked into, one in the other."""

Part = tuple[str, ...]
"""A part of an input: the names of its fields."""


def inputs(kind: GraphQLInputType, valid: Any, values: Values, place: Part = ()) -> Iterator[tuple[Part, Any]]:
    """A valid value of a type, each time with one part replaced by an extreme one; what it left out is added."""
    named = get_nullable_type(kind)
    if isinstance(named, GraphQLList):
        items = list(valid) if isinstance(valid, list | tuple) and valid else [minimal(named.of_type)]
        yield from ((part, [one, *items[1:]]) for part, one in inputs(named.of_type, items[0], values, place))
    elif isinstance(named, GraphQLInputObjectType) and len(place) < DEEP:
        given = valid if isinstance(valid, Mapping) else minimal(named)
        for name, field in named.fields.items():
            known = minimal(field.type) if is_required_input_field(field) and name not in given else given.get(name)
            yield from ((part, {**given, name: one}) for part, one in inputs(field.type, known, values, (*place, name)))
    elif isinstance(named, GraphQLScalarType):
        yield from ((place, one) for one in values.get(named.name, ()))


@dataclass(frozen=True, slots=True)
class Place:
    """An argument of a field of a type."""

    owner: str
    field: str
    argument: str


Asked = Callable[[SelectionNode], DocumentNode]
"""The query for one field, on the way to it."""


def places(schema: GraphQLSchema, text: str) -> Iterator[tuple[Place, str, Callable[[Any], str]]]:
    """The arguments of a query that hold scalars, the scalar, and the query of that field alone with another value."""
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert schema.query_type is not None

    def asked(one: SelectionNode) -> DocumentNode:
        selected = replace(operation, selection_set=SelectionSetNode(selections=(one,)))
        needed = print_ast(replace(selected, variable_definitions=()))
        taken = [name for name in operation.variable_definitions or () if f"${name.variable.name.value}" in needed]
        return DocumentNode(definitions=(replace(selected, variable_definitions=tuple(taken)),))

    yield from _within(schema, operation.selection_set, schema.query_type.name, asked)


def _within(
    schema: GraphQLSchema, selected: SelectionSetNode, owner: str, asked: Asked
) -> Iterator[tuple[Place, str, Callable[[Any], str]]]:
    for one in selected.selections:
        if isinstance(one, InlineFragmentNode):
            assert one.type_condition is not None
            yield from _within(schema, one.selection_set, one.type_condition.name.value, _inside(one, asked))
            continue
        assert isinstance(one, FieldNode)
        if one.name.value.startswith("__"):
            continue
        kind_of_owner = schema.type_map[owner]
        assert isinstance(kind_of_owner, GraphQLObjectType | GraphQLInterfaceType)
        field = kind_of_owner.fields[one.name.value]
        for argument in one.arguments or ():
            kind = field.args[argument.name.value].type
            scalar = get_named_type(kind).name
            if scalar in EDGES:
                place = Place(owner, one.name.value, argument.name.value)
                many = isinstance(get_nullable_type(kind), GraphQLList)
                yield place, scalar, _with(one, argument.name.value, asked, many=many)
        if one.selection_set is not None:
            yield from _within(schema, one.selection_set, get_named_type(field.type).name, _inside(one, asked))


def _inside(outer: FieldNode | InlineFragmentNode, asked: Asked) -> Asked:
    return lambda one: asked(replace(outer, selection_set=SelectionSetNode(selections=(one,))))


def _with(field: FieldNode, name: str, asked: Asked, *, many: bool) -> Callable[[Any], str]:
    def other(value: Any) -> str:
        written: ValueNode = nodes.Int(value) if isinstance(value, int) else nodes.String(value)
        if many:
            written = ListValueNode(values=(written,))
        given = tuple(replace(one, value=written) if one.name.value == name else one for one in field.arguments or ())
        return print_ast(asked(replace(field, arguments=given)))

    return other
