"""Strawberry's schema with the breadth-first executor, and with documents that are compiled once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from operator import attrgetter, getitem
from typing import Any, Final, Self

import strawberry
from graphql import DocumentNode, GraphQLError, GraphQLField, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode
from graphql import ExecutionResult as GraphQLResult
from graphql.execution.executor import CollectedErrors
from graphql.execution.values import VariableValues, get_variable_values
from graphql.pyutils import RefMap
from graphql.type import GraphQLResolveInfo
from strawberry.execution import optimized_is_awaitable
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import get_arguments
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError
from strawberry.types.field import StrawberryField
from strawberry.utils.await_maybe import await_maybe

from strawberry_breadth.aside import are_many, aside
from strawberry_breadth.documents import Documents, kept_operation
from strawberry_breadth.engine import AWAITED, BreadthFirst
from strawberry_breadth.fields import BatchField, ColumnField
from strawberry_breadth.plans import FieldPlan
from strawberry_breadth.readers import BatchReader, Called, Computed, Item, Reader

DEFINITION: Final = "strawberry-definition"
"""Under this name a graphql-core field knows the field of Strawberry's that it was made of."""

KEPT_DOCUMENTS: Final = 1_000
KEPT_CHARACTERS: Final = 1_000_000
"""A document takes about a hundred times its text, so that those kept take 100 MB at the worst."""


MADE_WHEN_WANTED: Final = ("_stream_usages", "_initial_execution_plans", "_deferred_execution_plans")
"""What graphql-core keeps of `@stream` and `@defer` for each request, of which few have any."""


class BreadthFirstExecutor(BreadthFirst, StrawberryGraphQLCoreExecutionContext):
    """The executor for `strawberry.Schema(execution_context_class=…)`."""

    def blank(self) -> Self:
        """An executor of the same operation for a request that it is yet to `take`: nothing of it is executed.

        It is copied, which takes a tenth of the time that `build` takes: what follows from the document is the same.
        """
        made = object.__new__(type(self))
        own = made.__dict__
        own.update(self.__dict__)
        if MADE_WHEN_WANTED[0] in own:  # as in one that was built
            for name in MADE_WHEN_WANTED:
                del own[name]
        made.root_value, made.context_value, made.variable_values = None, None, VariableValues({}, {})
        made.collected_errors = CollectedErrors()
        made.pending_incremental_futures, made.background_futures = set(), set()
        made.async_work_finished_hook_task = None
        made._relevant_sub_fields = {}
        made.defer_usage_set = None
        made.groups, made.tasks, made.streams = [], [], []
        return made

    @cached_property
    def _stream_usages(self) -> RefMap[Any, Any]:  # type: ignore[override]
        return RefMap()

    @cached_property
    def _initial_execution_plans(self) -> RefMap[Any, Any]:  # type: ignore[override]
        return RefMap()

    @cached_property
    def _deferred_execution_plans(self) -> RefMap[Any, Any]:  # type: ignore[override]
        return RefMap()

    def take(self, root_value: Any, context_value: Any, variables: dict[str, Any] | None) -> list[GraphQLError]:
        """Be for a request; tells what is wrong with its variables, and takes none of them then."""
        self.root_value, self.context_value = root_value, context_value
        definitions = self.operation.variable_definitions
        if not definitions:
            return []
        values = get_variable_values(
            self.schema, definitions, variables or {}, max_errors=50, hide_suggestions=self.hide_suggestions
        )
        if isinstance(values, list):
            return values
        self.variable_values = values
        return []

    def build_response(self, data: dict[str, Any] | None) -> Any:
        """What graphql-core makes of the data; at once where nothing is to come later, and nobody waits for the end."""
        if self.tasks or self.streams or self.hooks is not None:
            return super().build_response(data)
        return GraphQLResult(data, self.collected_errors.errors or None)

    def resolver_aside(self, field: FieldPlan) -> Callable[..., Any]:
        """The resolver of a field of Strawberry's that is awaited, with arguments that a thread converts.

        One with field extensions or handlers of exceptions, which have a say in that, has Strawberry's own.
        """
        definition = field.definition.extensions.get(DEFINITION) if field.definition.extensions else None
        if not isinstance(definition, StrawberryField) or not definition.is_async or definition.extensions:
            return super().resolver_aside(field)
        if _strawberry_of(self.schema).schema_converter._exception_handler_specs:
            return super().resolver_aside(field)
        return partial(self._resolved_aside, definition)

    async def _resolved_aside(
        self, field: StrawberryField, source: Any, raw: GraphQLResolveInfo[Any], /, **arguments: Any
    ) -> Any:
        schema = _strawberry_of(raw.schema)
        info = schema.config.info_class(_raw_info=raw, _field=field)
        positional, named = await aside(
            partial(
                get_arguments,
                field=field,
                source=source,
                info=info,
                kwargs=arguments,
                config=schema.config,
                scalar_registry=schema.schema_converter.scalar_registry,
            )
        )
        return await await_maybe(field.get_result(source, info=info, args=positional, kwargs=named))

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


def _strawberry_of(schema: GraphQLSchema) -> strawberry.Schema:
    found: strawberry.Schema = schema._strawberry_schema  # type: ignore[attr-defined]  # set by Strawberry
    return found


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

    async def execute(self, *arguments: Any, **options: Any) -> ExecutionResult:
        """The answer; others have the event loop now and then, even where nothing has to be awaited."""
        before = AWAITED.set(True)
        try:
            return await super().execute(*arguments, **options)
        finally:
            AWAITED.reset(before)

    def execute_sync(self, *arguments: Any, **options: Any) -> ExecutionResult:
        """The answer at once."""
        before = AWAITED.set(False)
        try:
            return super().execute_sync(*arguments, **options)
        finally:
            AWAITED.reset(before)

    def executor(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        root_value: Any,
        context_value: Any,
        variables: dict[str, Any] | None,
    ) -> BreadthFirstExecutor | list[GraphQLError]:
        """What executes the only operation of a document; the errors of its variables where they are wrong.

        Where the document is kept it is put together once.
        """
        kept = kept_operation(operation)
        known: BreadthFirstExecutor | None = None if kept is None else kept.executor  # which others may forget
        if known is not None:
            made = known.blank()
            return made.take(root_value, context_value, variables) or made
        built: Any = self.execution_context_class.build(
            self._schema,
            document,
            root_value,
            context_value,
            variables,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # as Strawberry does
        )
        if kept is not None and isinstance(built, BreadthFirstExecutor):
            kept.executor = built.blank()
        found: BreadthFirstExecutor | list[GraphQLError] = built
        return found

    async def executor_in_turn(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        root_value: Any,
        context_value: Any,
        variables: dict[str, Any] | None,
    ) -> BreadthFirstExecutor | list[GraphQLError]:
        """The same as `executor`; where there are many values, others have the loop while they are converted."""
        make = partial(self.executor, document, operation, root_value, context_value, variables)
        if not are_many(variables):
            return make()
        made = await aside(make)
        if isinstance(made, BreadthFirst):
            made.converts_aside = True
        return made

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
