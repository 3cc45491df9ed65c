"""What an operation costs: the values that its answer may hold, as page sizes and lists foretell it.

Every field counts once for each object that it is asked of, and an object or list item once besides. A page counts
with the size that is asked for, its default, or the largest there is where a variable leaves it open; a list without
pages with what `@listSize` says of it in the schema, with the parts that a year has of the grain that is asked for, or
with the installation's `list_size`. What `@cost` says of a field comes on top, and once for each place in the document
what it takes to read, or what `@costTogether` says, and so much for each value in the lists that it is given.
Conditions of `@skip` and `@include` are not looked at: what may be left out counts.

A selection costs so much by itself, so much more for each row of the page that it stands in, and so much however
often it stands there: those three numbers of a fragment hold wherever it is spread, so that each is reckoned once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

from graphql import (
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from quotaloom_graphql.connections import MOST_ROWS
from quotaloom_graphql.field_costs import ListSize, declared_size, declared_weight, weight_together
from quotaloom_graphql.listed_values import LISTED_COST, listed_by_name, listed_in
from quotaloom_graphql.schema_parts import schema_parts
from quotaloom_graphql.shapes import Shapes

PAGE_ARGUMENTS: Final = ("first", "last")
GRAIN: Final = "grain"
PARTS: Final = {"YEAR": 1, "HALF": 2, "QUARTER": 4, "MONTH": 12, "WEEK": 53, "DAY": 366}
"""How many items a list has by the grain that it is asked for: as many as a year has."""

ROWS: Final = frozenset({"edges", "nodes"})
"""The lists of a page: as long as the page."""

MUTATION_COST: Final = 10_000
"""What a mutation costs besides its answer: it locks, checks, writes and commits, which takes ten milliseconds."""

WHOLE_SCHEMA: Final = ("__Schema", "types")
SCHEMA_COST: Final = 2_500_001
"""What it costs to go through all types besides what is told of them: once an operation may, and no tool does twice."""

_DEFINITION: Final = "strawberry-definition"


class Cost(NamedTuple):
    """So many by itself, so many for each row of the page that it stands in, and so many for all objects together."""

    fixed: int
    by_row: int = 0
    together: int = 0

    def within(self, rows: int) -> int:
        """The cost for each object in a page of so many rows, without what is for all together."""
        return self.fixed + self.by_row * rows


class FieldSize(NamedTuple):
    """What a field's definition says of its cost.

    `items` is None where it is no list, 0 for the rows of a page; `weight` comes besides its answer, for each object,
    and `together` once for all of them; `each` object of its answer costs so much more.
    """

    type: GraphQLNamedType
    leaf: bool
    items: int | None
    page_argument: str | None
    page_default: object
    weight: int
    together: int
    each: int


class Costs:
    """Reckons operations of a schema; what follows from a field's definition is worked out once."""

    def __init__(self, schema: GraphQLSchema, list_size: int) -> None:
        self.schema = schema
        self.list_size = list_size
        self._sizes: dict[tuple[str, str], FieldSize] = {}
        sliced = [(field, size) for field, size in _declared_of(schema) if size.slicing_arguments]
        self._sized = {
            (get_named_type(field.type).name, one) for field, size in sliced for one in size.sized_fields or ()
        }
        self.arguments = frozenset(
            {*PAGE_ARGUMENTS, GRAIN, *(one for _, size in sliced for one in size.slicing_arguments or ())}
        )
        """The arguments that make a difference to what an operation costs."""
        self._parts = schema_parts(schema)

    def of(
        self,
        operation: OperationDefinitionNode,
        shapes: Shapes,
        variables: Mapping[str, Any],
        lists: Mapping[str, int] | None = None,
    ) -> int:
        """The cost of an operation with these variables; at least 1. `lists` are `listed_by_name`, where known."""
        counted = listed_by_name(operation, variables) if lists is None else lists
        return _Reckoning(self, shapes, _with_defaults(operation, variables), counted).operation(operation)

    def size(self, parent: GraphQLNamedType | None, name: str) -> FieldSize | None:
        """What the definition of a field says; None where there is no such field."""
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            return None
        place = (parent.name, name)
        if place not in self._sizes:
            field = self.schema.get_field(parent, name)
            if field is None:
                return None  # and not kept: strangers may invent any number of names
            self._sizes[place] = self._size(parent.name, name, field)
        return self._sizes[place]

    def _size(self, parent: str, name: str, field: GraphQLField) -> FieldSize:
        of_list = isinstance(get_nullable_type(field.type), GraphQLList)
        declared = _declared(field)
        counted = (*PAGE_ARGUMENTS, *((declared.slicing_arguments if declared else None) or ()))
        argument = next((one for one in counted if one in field.args), None)
        if argument is None and of_list and GRAIN in field.args:
            argument = GRAIN
        default = _default(field.args[argument]) if argument else None
        items = None
        if of_list:
            rows = (name in ROWS and argument is None) or (parent, name) in self._sized
            items = 0 if rows else (declared.assumed_size if declared else None) or self.list_size
        items = self._parts.get((parent, name), items)
        kind = get_named_type(field.type)
        definition = field.extensions.get(_DEFINITION)
        weight = together = 0
        if isinstance(definition, StrawberryField):
            weight, together = declared_weight(definition) or 0, weight_together(definition)
        elif (parent, name) == WHOLE_SCHEMA:
            weight = SCHEMA_COST
        of_type = kind.extensions.get(_DEFINITION)
        each = (declared_weight(of_type) or 0) if isinstance(of_type, StrawberryObjectDefinition) else 0
        return FieldSize(kind, is_leaf_type(kind), items, argument, default, weight, together, each)


class _Reckoning:
    """One operation with its variables."""

    def __init__(self, costs: Costs, shapes: Shapes, variables: Mapping[str, Any], lists: Mapping[str, int]) -> None:
        self._costs = costs
        self._schema = costs.schema
        self._list_size = costs.list_size
        self._variables = variables
        self._lists = lists
        self._fragments: dict[str, Cost] = {}
        for name in shapes.in_order:
            fragment = shapes.fragments[name]
            kind = self._schema.get_type(fragment.type_condition.name.value)
            self._fragments[name] = self._of(kind, fragment.selection_set)

    def operation(self, operation: OperationDefinitionNode) -> int:
        root = self._schema.get_root_type(operation.operation)
        cost = self._of(root, operation.selection_set)
        return max(1, cost.within(self._list_size) + cost.together)

    def _of(self, parent: GraphQLNamedType | None, selections: SelectionSetNode) -> Cost:
        fixed = by_row = together = 0
        for one in selections.selections:
            if isinstance(one, FieldNode):
                cost = self._of_field(parent, one)
            elif isinstance(one, FragmentSpreadNode):
                cost = self._fragments.get(one.name.value, _FREE)
            else:
                assert isinstance(one, InlineFragmentNode)
                condition = one.type_condition
                kind = parent if condition is None else self._schema.get_type(condition.name.value)
                cost = self._of(kind, one.selection_set)
            fixed += cost.fixed
            by_row += cost.by_row
            together += cost.together
        return Cost(fixed, by_row, together)

    def _of_field(self, parent: GraphQLNamedType | None, node: FieldNode) -> Cost:
        size = self._costs.size(parent, node.name.value)
        if size is None:
            return _FREE  # validation tells of it
        own = 1 + size.weight + (MUTATION_COST if parent is self._schema.mutation_type else 0)
        if size.leaf or node.selection_set is None:
            return Cost(own, together=size.together + self._listed(node, size))
        below = self._of(size.type, node.selection_set)
        together = size.together + self._listed(node, size) + below.together
        rows = self._page(node, size) if size.page_argument else None
        if size.items is None:
            answer = below.within(self._list_size if rows is None else rows) + size.each
            return Cost(own + answer, together=together)
        each = 1 + size.each + below.within(self._list_size)
        if rows is None and size.items == 0:
            return Cost(own, each, together)
        return Cost(own + each * (size.items if rows is None else rows), together=together)

    def _listed(self, node: FieldNode, size: FieldSize) -> int:
        """What the values in the lists of its arguments cost; not those that its answer is counted by."""
        others = (one for one in node.arguments or () if one.name.value != size.page_argument)
        return LISTED_COST * sum(listed_in(one.value, self._lists) for one in others)

    def _page(self, node: FieldNode, size: FieldSize) -> int:
        """How many rows there are: as is asked for, the default, or the most where that is not known."""
        given = next((one.value for one in node.arguments or () if one.name.value == size.page_argument), None)
        found: Any = size.page_default
        if isinstance(given, VariableNode):
            found = self._variables.get(given.name.value, size.page_default)
        elif given is not None:
            found = _literal(given)
        if size.page_argument == GRAIN:
            if found is None:
                return size.items or 0  # without a grain there is one of each
            return PARTS.get(found, PARTS["DAY"]) if isinstance(found, str) else PARTS["DAY"]
        if size.page_argument not in PAGE_ARGUMENTS:
            return len(found) if isinstance(found, list | tuple) else 1  # a single one is a list of it
        return max(0, found) if isinstance(found, int) and not isinstance(found, bool) else MOST_ROWS


def told_apart(value: object) -> object:
    """The value of a variable as far as it makes a difference to a cost; few for whatever is sent."""
    if isinstance(value, list | tuple):
        return "list", len(value)
    if isinstance(value, str):
        return value if value in PARTS else "text"
    return value if value is None or type(value) is int else "other"


def _literal(node: ValueNode) -> object:
    if isinstance(node, IntValueNode):
        return _whole(node)
    if isinstance(node, ListValueNode):
        return node.values
    return node.value if isinstance(node, EnumValueNode) else ""


_FREE: Final = Cost(0)


def page_variables(document: DocumentNode, shapes: Shapes, arguments: Collection[str]) -> tuple[str, ...]:
    """The variables that these arguments are taken from: with the same values an operation costs the same."""
    found: set[str] = set()
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    waiting = [one.selection_set for one in (*operations, *shapes.fragments.values())]
    while waiting:
        for one in waiting.pop().selections:
            if isinstance(one, FieldNode):
                found.update(_page_variables(one, arguments))
            below = getattr(one, "selection_set", None)
            if below is not None:
                waiting.append(below)
    return tuple(sorted(found))


def _page_variables(node: FieldNode, arguments: Collection[str]) -> Iterator[str]:
    for argument in node.arguments or ():
        if argument.name.value in arguments and isinstance(argument.value, VariableNode):
            yield argument.value.name.value


def _with_defaults(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        one.variable.name.value: _literal(one.default_value)
        for one in operation.variable_definitions or ()
        if one.default_value is not None
    }
    return {**defaults, **variables}


def _whole(node: IntValueNode) -> int:
    """The number; one of more digits than any page has rows counts as the largest that is told."""
    return int(node.value) if len(node.value) < 16 else 10**15


def _default(argument: GraphQLArgument) -> object:
    value: Any = argument.default_value
    if argument.default is not None:
        literal = argument.default.literal
        value = argument.default.value if literal is None else _literal(literal)
    if isinstance(value, Enum):
        return value.name
    return value if isinstance(value, int | str) else None


def _declared(field: GraphQLField) -> ListSize | None:
    definition = field.extensions.get(_DEFINITION)
    return declared_size(definition) if isinstance(definition, StrawberryField) else None


def _declared_of(schema: GraphQLSchema) -> Iterator[tuple[GraphQLField, ListSize]]:
    """Every field whose lists' sizes are declared."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                size = _declared(field)
                if size is not None:
                    yield field, size
