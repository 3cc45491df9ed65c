"""Documents that ask for one field of a root: some fields of what it answers, some of theirs, and so on.

hypothesis-graphql makes up the values. What it selects by itself is next to nothing in a graph in which almost
everything leads to everything else, as it bounds how large a selection is on an average.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLBoolean,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from hypothesis_graphql import queries

DEPTH: Final = 6
"""So many fields may stand within each other."""

BREADTH: Final = 4
"""So many fields of a type are asked for at the most."""

GIVEN: Final = 0.6
"""How often an argument is given that need not be."""

TYPE_NAME: Final = FieldNode(name=NameNode(value="__typename"))


class Documents:
    """Makes them, with these values for scalars; what strategies have worked out is kept."""

    def __init__(self, schema: GraphQLSchema, scalars: Mapping[str, SearchStrategy[ValueNode]]) -> None:
        self._schema = schema
        self._scalars = dict(scalars)
        self._asked = _fields_alone(schema)
        self._arguments: dict[str, SearchStrategy[tuple[ArgumentNode, ...]]] = {}

    def of(self, operation: OperationType, name: str) -> SearchStrategy[DocumentNode]:
        """Documents that ask for a field of the operation's root."""
        root = self._schema.get_root_type(operation)
        assert root is not None

        @st.composite
        def made(draw: DrawFn) -> DocumentNode:
            field = self._field(draw, draw(st.randoms(use_true_random=True)), root, name, DEPTH)
            asked = SelectionSetNode(selections=(field,))
            only = OperationDefinitionNode(operation=operation, variable_definitions=(), selection_set=asked)
            return DocumentNode(definitions=(only,))

        return made()

    def _field(self, draw: DrawFn, random: Random, owner: GraphQLObjectType, name: str, depth: int) -> FieldNode:
        field = owner.fields[name]
        given = tuple(
            argument
            for argument in (draw(self._arguments_of(owner, name)) if field.args else ())
            if is_required_argument(field.args[argument.name.value]) or random.random() < GIVEN
        )
        kind = get_named_type(field.type)
        selected = None if is_leaf_type(kind) else self._selected(draw, random, kind, depth - 1)
        return FieldNode(name=NameNode(value=name), arguments=given, selection_set=selected)

    def _selected(self, draw: DrawFn, random: Random, kind: GraphQLNamedType, depth: int) -> SelectionSetNode:
        if is_abstract_type(kind):
            one = random.choice(self._schema.get_possible_types(kind))
            fragment = InlineFragmentNode(
                type_condition=NamedTypeNode(name=NameNode(value=one.name)),
                selection_set=self._selected(draw, random, one, depth),
            )
            return SelectionSetNode(selections=(TYPE_NAME, fragment))
        assert isinstance(kind, GraphQLObjectType)
        near = [name for name, field in kind.fields.items() if depth > 1 or is_leaf_type(get_named_type(field.type))]
        names = random.sample(near, min(len(near), random.randint(1, BREADTH)))
        fields = (self._field(draw, random, kind, name, depth) for name in names)
        return SelectionSetNode(selections=tuple(fields) or (TYPE_NAME,))

    def _arguments_of(self, owner: GraphQLObjectType, name: str) -> SearchStrategy[tuple[ArgumentNode, ...]]:
        alone = _alone(owner, name)
        if alone not in self._arguments:
            documents = queries(self._asked, fields=[alone], custom_scalars=self._scalars, print_ast=lambda made: made)
            self._arguments[alone] = documents.map(_arguments_in)
        return self._arguments[alone]


def _fields_alone(schema: GraphQLSchema) -> GraphQLSchema:
    """A schema in which every field with arguments is a query that answers yes or no: they are made up apart."""
    kinds = [kind for kind in schema.type_map.values() if isinstance(kind, GraphQLObjectType)]
    fields = {
        _alone(kind, name): GraphQLField(GraphQLBoolean, args=field.args)
        for kind in kinds
        for name, field in kind.fields.items()
        if field.args
    }
    return GraphQLSchema(GraphQLObjectType("Query", fields), assume_valid=True)


def _alone(owner: GraphQLObjectType, name: str) -> str:
    return f"{owner.name}_{name}"


def _arguments_in(document: DocumentNode) -> tuple[ArgumentNode, ...]:
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    (field,) = operation.selection_set.selections
    assert isinstance(field, FieldNode)
    return tuple(field.arguments or ())
