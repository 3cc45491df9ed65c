"""What an operation asks for, worked out once for all objects, and once for all requests with the same document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    VariableNode,
    is_abstract_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.language import Node, Visitor, visit

from strawberry_breadth.leaves import LeafColumn
from strawberry_breadth.readers import BatchReader, Reader
from strawberry_breadth.texts import Texts, WriteRows, row_writer

LEAF: Final = "leaf"
LIST: Final = "list"
OBJECT: Final = "object"
ABSTRACT: Final = "abstract"

Assemble = Callable[[Sequence[list[Any]]], list[Any]]


class Shape:
    """An output type taken apart."""

    __slots__ = ("inner", "kind", "leaf", "required", "type")

    def __init__(self, output: GraphQLOutputType) -> None:
        self.required = isinstance(output, GraphQLNonNull)
        self.type: Any = output.of_type if isinstance(output, GraphQLNonNull) else output
        self.inner: Shape | None = None
        self.leaf: LeafColumn | None = None
        if isinstance(self.type, GraphQLList):
            self.kind = LIST
            self.inner = Shape(self.type.of_type)
        elif is_leaf_type(self.type):
            self.kind = LEAF
            self.leaf = leaf_column(self.type)
        else:
            self.kind = ABSTRACT if is_abstract_type(self.type) else OBJECT

    @property
    def innermost(self) -> GraphQLObjectType | GraphQLAbstractType | GraphQLLeafType:
        """The type without lists."""
        shape = self
        while shape.inner is not None:
            shape = shape.inner
        named: GraphQLObjectType | GraphQLAbstractType | GraphQLLeafType = shape.type
        return named


def leaf_column(leaf: GraphQLLeafType) -> LeafColumn:
    """How the type is written; kept with the type itself, which lives as long as its schema."""
    found: LeafColumn | None = leaf.__dict__.get(_COLUMN)
    if found is None or found.coerces != leaf.coerce_output_value:
        found = leaf.__dict__[_COLUMN] = LeafColumn(leaf)
    return found


_COLUMN: Final = "__leaf_column__"


class FieldPlan:
    """A field of one object type, for all of its objects at a level."""

    __slots__ = (
        "_asked",
        "arguments",
        "batch",
        "by_base",
        "column",
        "definition",
        "details",
        "introspects",
        "name",
        "node",
        "nodes",
        "ordinal",
        "parent_type",
        "reader",
        "resolve",
        "selections",
        "shape",
        "varies",
    )

    def __init__(
        self,
        name: str,
        ordinal: int,
        details: list[FieldDetails],
        definition: GraphQLField,
        parent_type: GraphQLObjectType,
        reader: Reader | BatchReader | None,
        resolve: Callable[..., Any],
    ) -> None:
        self.name = name
        self.ordinal = ordinal
        self.details = details
        self.nodes: list[FieldNode] = [detail.node for detail in details]
        self.node = self.nodes[0]
        self.definition = definition
        self.parent_type = parent_type
        self.reader = reader
        self.resolve = resolve
        self.introspects = False
        """Whether it describes the schema, and nothing wants to see it for each object."""
        self.shape = shape_of(definition)
        reads_all = reader is not None and hasattr(reader, "read")
        self.batch = cast("BatchReader", reader) if reads_all else None
        """How its values are read where it is a relation."""
        is_read = reader is not None and not reads_all
        self.column = cast("Reader", reader) if is_read and self.shape.leaf is not None else None
        """How its values are read where they are leaves that follow from the objects."""
        self.selections: dict[GraphQLObjectType, SelectionPlan] = {}
        self.varies = any(map(uses_variables, self.node.arguments or ()))
        self.arguments: dict[str, Any] | None = None
        self.by_base = any(_is_streamed(node) for node in self.nodes)
        self._asked: frozenset[str] | bool | None = False

    @property
    def may_wait(self) -> bool:
        """Whether its values may have to be waited for: they are more than items of the objects."""
        return self.column is None or self.column.columns is None

    def asked(self, selection: Callable[[FieldPlan, GraphQLObjectType], SelectionPlan]) -> frozenset[str] | None:
        """The columns that the operation reads of the objects of this field; None where that is not known."""
        if isinstance(self._asked, bool):
            named = self.shape.innermost
            known = isinstance(named, GraphQLObjectType)
            self._asked = selection(self, named).asked() if known and isinstance(named, GraphQLObjectType) else None
        return self._asked


class SelectionPlan:
    """The fields that are asked of the objects of one type at one place."""

    __slots__ = ("_write_rows", "alone", "assemble", "by_base", "fields", "object_type")

    def __init__(self, object_type: GraphQLObjectType, fields: Sequence[FieldPlan], *, by_base: bool = False) -> None:
        self.object_type = object_type
        self.fields = tuple(fields)
        self.by_base = by_base
        self.assemble = assembler(tuple(field.name for field in fields))
        awaited = [field for field in fields if field.may_wait]
        self.alone = awaited[0] if len(awaited) == 1 else None
        """The only field that may have to be waited for."""
        self._write_rows: WriteRows | None = None

    def rows_of_texts(self, columns: Sequence[Texts]) -> list[str]:
        """The JSON of each object."""
        if self._write_rows is None:
            self._write_rows = row_writer([field.name for field in self.fields])
        return self._write_rows(columns)

    def asked(self) -> frozenset[str] | None:
        """The columns that these fields read; None where one of them is given whole objects."""
        found: set[str] = set()
        for field in self.fields:
            columns = None if field.reader is None else field.reader.columns
            if columns is None:
                return None
            found |= columns
        return frozenset(found)


def shape_of(definition: GraphQLField) -> Shape:
    """The field's type taken apart; kept with the field."""
    output = definition.type
    found: tuple[GraphQLOutputType, Shape] | None = definition.__dict__.get(_SHAPE)
    if found is None or found[0] is not output:
        found = definition.__dict__[_SHAPE] = (output, Shape(output))
    return found[1]


_SHAPE: Final = "__shape__"


def assembler(names: Sequence[str]) -> Assemble:
    """A function from columns to objects with these names, in their order: `{"a": …, "b": …}` in one expression.

    It is compiled, which is twice as fast as `dict(zip(names, row))`. GraphQL's grammar keeps names plain, and they
    are quoted here besides. It has Python's built-ins: what the garbage collector may warn of meanwhile needs them.
    """
    if not names:  # all of them are skipped, or belong to other types
        return lambda columns: []
    variables = [f"v{number}" for number in range(len(names))]
    members = ", ".join(f"{name!r}: {variable}" for name, variable in zip(names, variables, strict=True))
    row = ", ".join(variables) + ","
    source = f"lambda columns: [{{{members}}} for {row} in zip(*columns)]"
    assemble: Assemble = eval(source, {"zip": zip})  # noqa: S307 (made of quoted names alone)
    return assemble


def uses_variables(node: Node) -> bool:
    """Whether a value comes from the request's variables."""
    if isinstance(node, VariableNode):
        return True
    finder = _VariableFinder()
    visit(node, finder)
    return finder.found


class _VariableFinder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_variable(self, *_: Any) -> Any:
        self.found = True
        return self.BREAK


def _is_streamed(node: FieldNode) -> bool:
    return any(directive.name.value == "stream" for directive in node.directives or ())
