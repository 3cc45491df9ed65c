"""What an operation costs: the values that its answer may hold, as page sizes and lists foretell it.

Every field counts once for each object that it is asked of, and an object or list item once besides. A page counts
with the size that is asked for, its default, or the largest there is where a variable leaves it open; a list without
pages with what `@listSize` says of it in the schema, or with the installation's `list_size`. What `@cost` says of a
field comes on top. Conditions of `@skip` and `@include` are not looked at: what may be left out counts.

A selection costs so much by itself, and so much more for each row of the page that it stands in: those two numbers
of a fragment hold wherever it is spread, so that each is reckoned once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from graphql import (
    DocumentNode,
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
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField

from quotaloom_graphql.connections import MOST_ROWS
from quotaloom_graphql.field_costs import declared_size, declared_weight
from quotaloom_graphql.shapes import Shapes

PAGE_ARGUMENTS: Final = ("first", "last")
ROWS: Final = frozenset({"edges", "nodes"})
"""The lists of a page: as long as the page."""

MUTATION_COST: Final = 10
"""What a mutation costs besides its answer."""

_DEFINITION: Final = "strawberry-definition"


class Cost(NamedTuple):
    """So many values by itself, and so many for each row of the page that it stands in."""

    fixed: int
    by_row: int = 0

    def within(self, rows: int) -> int:
        """The cost in a page of so many rows."""
        return self.fixed + self.by_row * rows


class FieldSize(NamedTuple):
    """What a field's definition says of its cost.

    `items` is None where it is no list, 0 for the rows of a page; `weight` comes besides its answer.
    """

    type: GraphQLNamedType
    leaf: bool
    items: int | None
    page_argument: str | None
    page_default: int | None
    weight: int


class Costs:
    """Reckons operations of a schema; what follows from a field's definition is worked out once."""

    def __init__(self, schema: GraphQLSchema, list_size: int) -> None:
        self.schema = schema
        self.list_size = list_size
        self._sizes: dict[tuple[str, str], FieldSize] = {}

    def of(self, operation: OperationDefinitionNode, shapes: Shapes, variables: Mapping[str, Any]) -> int:
        """The cost of an operation with these variables; at least 1."""
        return _Reckoning(self, shapes, _with_defaults(operation, variables)).operation(operation)

    def size(self, parent: GraphQLNamedType | None, name: str) -> FieldSize | None:
        """What the definition of a field says; None where there is no such field."""
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            return None
        place = (parent.name, name)
        if place not in self._sizes:
            field = self.schema.get_field(parent, name)
            if field is None:
                return None  # and not kept: strangers may invent any number of names
            self._sizes[place] = self._size(name, field)
        return self._sizes[place]

    def _size(self, name: str, field: GraphQLField) -> FieldSize:
        of_list = isinstance(get_nullable_type(field.type), GraphQLList)
        argument = next((one for one in PAGE_ARGUMENTS if one in field.args), None)
        default = _default(field.args[argument]) if argument else None
        items = None
        if of_list:
            rows = name in ROWS and argument is None
            items = 0 if rows else _declared(field) or self.list_size
        kind = get_named_type(field.type)
        return FieldSize(kind, is_leaf_type(kind), items, argument, default, _declared_weight(field))


class _Reckoning:
    """One operation with its variables."""

    def __init__(self, costs: Costs, shapes: Shapes, variables: Mapping[str, Any]) -> None:
        self._costs = costs
        self._schema = costs.schema
        self._list_size = costs.list_size
        self._variables = variables
        self._fragments: dict[str, Cost] = {}
        for name in shapes.in_order:
            fragment = shapes.fragments[name]
            kind = self._schema.get_type(fragment.type_condition.name.value)
            self._fragments[name] = self._of(kind, fragment.selection_set)

    def operation(self, operation: OperationDefinitionNode) -> int:
        root = self._schema.get_root_type(operation.operation)
        return max(1, self._of(root, operation.selection_set).within(self._list_size))

    def _of(self, parent: GraphQLNamedType | None, selections: SelectionSetNode) -> Cost:
        fixed = by_row = 0
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
        return Cost(fixed, by_row)

    def _of_field(self, parent: GraphQLNamedType | None, node: FieldNode) -> Cost:
        size = self._costs.size(parent, node.name.value)
        if size is None:
            return _FREE  # validation tells of it
        own = 1 + size.weight + (MUTATION_COST if parent is self._schema.mutation_type else 0)
        if size.leaf or node.selection_set is None:
            return Cost(own)
        below = self._of(size.type, node.selection_set)
        rows = self._page(node, size) if size.page_argument else None
        if size.items is None:
            return Cost(own + below.within(self._list_size if rows is None else rows))
        each = 1 + below.within(self._list_size)
        if rows is None and size.items == 0:
            return Cost(own, each)
        return Cost(own + each * (size.items if rows is None else rows))

    def _page(self, node: FieldNode, size: FieldSize) -> int:
        """How many rows a page has: what is asked for, the default, or the most where that is not known."""
        given = next((one.value for one in node.arguments or () if one.name.value == size.page_argument), None)
        found: Any = size.page_default
        if isinstance(given, IntValueNode):
            found = _whole(given)
        elif isinstance(given, VariableNode):
            found = self._variables.get(given.name.value, size.page_default)
        elif given is not None:
            found = None
        return max(0, found) if isinstance(found, int) and not isinstance(found, bool) else MOST_ROWS


_FREE: Final = Cost(0)


def page_variables(document: DocumentNode, shapes: Shapes) -> tuple[str, ...]:
    """The variables that page sizes are taken from: with the same values an operation costs the same."""
    found: set[str] = set()
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    waiting = [one.selection_set for one in (*operations, *shapes.fragments.values())]
    while waiting:
        for one in waiting.pop().selections:
            if isinstance(one, FieldNode):
                found.update(_page_variables(one))
            below = getattr(one, "selection_set", None)
            if below is not None:
                waiting.append(below)
    return tuple(sorted(found))


def _page_variables(node: FieldNode) -> Iterator[str]:
    for argument in node.arguments or ():
        if argument.name.value in PAGE_ARGUMENTS and isinstance(argument.value, VariableNode):
            yield argument.value.name.value


def _with_defaults(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        one.variable.name.value: _whole(one.default_value)
        for one in operation.variable_definitions or ()
        if isinstance(one.default_value, IntValueNode)
    }
    return {**defaults, **variables}


def _whole(node: IntValueNode) -> int:
    """The number; one of more digits than any page has rows counts as the largest that is told."""
    return int(node.value) if len(node.value) < 16 else 10**15


def _default(argument: GraphQLArgument) -> int | None:
    default = argument.default_value
    if argument.default is not None:
        literal = argument.default.literal
        default = _whole(literal) if isinstance(literal, IntValueNode) else argument.default.value
    return default if isinstance(default, int) else None


def _declared(field: GraphQLField) -> int | None:
    definition = field.extensions.get(_DEFINITION)
    return declared_size(definition) if isinstance(definition, StrawberryField) else None


def _declared_weight(field: GraphQLField) -> int:
    definition = field.extensions.get(_DEFINITION)
    return declared_weight(definition) if isinstance(definition, StrawberryField) else 0
