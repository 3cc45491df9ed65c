"""Strawberry's schema with the breadth-first executor, and with documents that are compiled once."""

from __future__ import annotations

from operator import attrgetter, getitem
from typing import Any, Final

import strawberry
from graphql import GraphQLField, GraphQLObjectType
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError
from strawberry.types.field import StrawberryField

from strawberry_breadth.documents import Documents
from strawberry_breadth.engine import BreadthFirst
from strawberry_breadth.fields import BatchField, ColumnField
from strawberry_breadth.readers import BatchReader, Called, Computed, Item, Reader

DEFINITION: Final = "strawberry-definition"
"""Under this name a graphql-core field knows the field of Strawberry's that it was made of."""

KEPT_DOCUMENTS: Final = 1_000
KEPT_CHARACTERS: Final = 1_000_000
"""A document takes about a hundred times its text, so that those kept take 100 MB at the worst."""


class BreadthFirstExecutor(BreadthFirst, StrawberryGraphQLCoreExecutionContext):
    """The executor for `strawberry.Schema(execution_context_class=…)`."""

    def reader(
        self, parent_type: GraphQLObjectType, field_name: str, definition: GraphQLField
    ) -> Reader | BatchReader | None:
        """How a field of Strawberry's is read for all objects at once."""
        field = definition.extensions.get(DEFINITION) if definition.extensions else None
        if isinstance(field, BatchField):
            return field.reader()
        if isinstance(field, ColumnField):
            return Computed(field.compute, field.column)
        if isinstance(field, StrawberryField) and _is_plain(field, definition):
            return _plain(field)
        return super().reader(parent_type, field_name, definition)


def _is_plain(field: StrawberryField, definition: GraphQLField) -> bool:
    """Whether its value is what the default resolver makes of the object, and nothing else has a say."""
    return (
        field.is_basic_field
        and not field.extensions
        and getattr(definition.resolve, "_is_default", False)
        and type(field).get_result is StrawberryField.get_result
    )


def _plain(field: StrawberryField) -> Reader:
    name, resolve = field.python_name, field.default_resolver
    if resolve is getattr:
        return Called(attrgetter(name), frozenset((name,)))
    if resolve is getitem:
        return Item(name)
    return Called(lambda source: resolve(source, name))


class BreadthFirstSchema(strawberry.Schema):
    """Strawberry's schema with the breadth-first executor.

    A document is parsed and validated once, and what follows from it alone is worked out once, as long as it is
    among those that were asked for most recently. Extensions may add validation rules, which are then checked each
    time, and take none away. Raises `TypeError` for a batch field with permission classes or field extensions.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("execution_context_class", BreadthFirstExecutor)
        super().__init__(*args, **options)
        self.documents = Documents(KEPT_DOCUMENTS, KEPT_CHARACTERS)
        for object_type in self._schema.type_map.values():
            if isinstance(object_type, GraphQLObjectType):
                for definition in object_type.fields.values():
                    field = definition.extensions.get(DEFINITION)
                    if isinstance(field, BatchField):
                        field.reader()

    def _create_execution_context(self, query: str | None, *args: Any, **options: Any) -> ExecutionContext:
        context = super()._create_execution_context(query, *args, **options)
        document = None if query is None else self.documents.get(query)
        if document is not None:
            context.graphql_document = document
            context.validation_rules = ()
        return context

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        refused = await super()._prepare_operation_async(context, extensions_runner)
        if refused is None:
            self._keep(context)
        return refused

    def _prepare_operation_sync(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> ExecutionResult | None:
        refused = super()._prepare_operation_sync(context, extensions_runner)
        if refused is None:
            self._keep(context)
        return refused

    def _keep(self, context: ExecutionContext) -> None:
        if context.query and context.graphql_document is not None and context.validation_rules:
            self.documents.keep(context.query, context.graphql_document)
