"""The schema as it is served: what keeps to the limits is let in, counted and executed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, get_operation_ast
from graphql import ExecutionResult as GraphQLResult
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.execution import PreExecutionError
from strawberry.types.field import StrawberryField
from strawberry.types.graphql import OperationType

from quotaloom.platform.limits import LimitExceeded, Limits
from quotaloom.platform.rates import RateExceeded
from quotaloom_graphql.admission import Admission, Trusts, tokens_of
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.enum_values import describe_values
from quotaloom_graphql.nearness import measure_quickly
from quotaloom_graphql.plugin_fields import object_fields, root_of
from quotaloom_graphql.reticence import reticent
from quotaloom_sdk import GraphQLExtension, InvalidDefinition
from strawberry_breadth import BreadthFirstSchema
from strawberry_breadth.aside import are_many

Extensions = Mapping[str, Sequence[GraphQLExtension]]
"""What plugins add to the graph, by plugin."""


_HERE: Final = frozenset(OperationType) - {OperationType.SUBSCRIPTION}
"""What has one answer."""

TOKENS_AT_A_STRETCH: Final = 500
"""A document of more is not read at a stretch: so many take ten milliseconds, all in all."""

COST = "cost"
"""Under this name the extensions of an answer tell what the operation costs."""


class QuotaloomSchema(BreadthFirstSchema):
    """Strawberry's schema with the fields of plugins, which lets in what keeps to the limits.

    Errors are logged where they are masked, not twice. A reticent one answers no introspection, gives no hints at
    names, and says of a document that is not valid only that it is not.
    """

    def __init__(
        self,
        extensions_by_plugin: Extensions,
        *,
        limits: Limits,
        trusts: Trusts | None = None,
        is_reticent: bool = False,
        **options: Any,
    ) -> None:
        self._added: dict[str, list[StrawberryField]] = defaultdict(list)
        for plugin, extensions in extensions_by_plugin.items():
            for on, field in object_fields(plugin, extensions):
                self._added[on].append(field)
            root = root_of(plugin, extensions)
            if root is not None:
                self._added["Query"].append(root)
        super().__init__(**options)
        measure_quickly()
        describe_values(self._schema)
        self.admission = Admission(self._schema, limits, reticent=is_reticent, trusts=trusts)
        self._reticent = is_reticent
        self._checks_texts = not self.directives and not self.extensions

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """The fields of a type, those of plugins last. Raises `InvalidDefinition` where a name comes twice."""
        fields = [*super().get_fields(type_definition), *self._added.get(type_definition.name, ())]
        names = [self.config.name_converter.get_graphql_name(field) for field in fields]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InvalidDefinition(f"field {twice!r} is on {type_definition.name} already")
        return fields

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any = None,
        root_value: Any = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """The answer to a query or mutation; a subscription is refused, since it has many (see `stream`)."""
        allowed = _HERE if allowed_operation_types is None else _HERE.intersection(allowed_operation_types)
        try:
            self.admission.require_short(query or "")
        except LimitExceeded as error:
            return _refused(error, context_value)
        known = self._known(query, operation_name, allowed)
        if known is None:
            return await super().execute(
                query, variable_values, context_value, root_value, operation_name, allowed, operation_extensions
            )
        document, (operation, kind, _) = known
        is_query = kind is OperationType.QUERY
        try:
            self.admission.require_few(variable_values)
            cost = self.admission.cost(document, operation, variable_values)
            _charge(context_value, cost, only_reads=is_query)
        except LimitExceeded as error:
            return _refused(error, context_value)
        run = partial(self._run, document, operation, root_value, context_value, variable_values, operation_extensions)
        try:
            if is_query and isinstance(context_value, RequestContext):
                told = await _supposed(run, context_value)
            else:
                told = await run()
        except Exception as error:  # as Strawberry does
            return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])
        errors = reticent(told.errors) if self._reticent and told.errors else told.errors
        return ExecutionResult(told.data, errors, {COST: cost})

    async def _run(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        root_value: Any,
        context_value: Any,
        variable_values: dict[str, Any] | None,
        operation_extensions: dict[str, Any] | None,
    ) -> GraphQLResult:
        """What graphql-core's `execute` does where an answer cannot come in several payloads."""
        executor = await self.executor_in_turn(document, operation, root_value, context_value, variable_values)
        if isinstance(executor, list):
            return GraphQLResult(None, executor)
        executor.operation_extensions = operation_extensions
        result: GraphQLResult = await executor.executed()  # the schema has no `@defer`
        return result

    def _known(
        self, query: str | None, operation_name: str | None, allowed: frozenset[OperationType]
    ) -> tuple[DocumentNode, _Operation] | None:
        """A document that was let in before, and its one operation; None is Strawberry's."""
        document = self.documents.get(query) if query and self._checks_texts else None
        if document is None:
            return None
        found: _Operation | None = document.__dict__.get(_ONE) or _one_operation(document)
        if found is None or found.kind not in allowed or (operation_name is not None and operation_name != found.name):
            return None
        return document, found

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        """Let the document in, if it is not known yet, and its operation, if it does not cost too much."""
        try:
            self.admission.require_few(context.variables)
            if context.query and context.graphql_document is None:
                _require_rate(context.context)
                await self._read(context, context.query)
            refused = await super()._prepare_operation_async(context, extensions_runner)
            if refused is None:
                _require_one_operation(context)
                context.extensions_results[COST] = cost = self._cost(context)
                _charge(context.context, cost, only_reads=context.operation_type is OperationType.QUERY)
            else:
                _charge_refused(context.context)
        except (CannotGetOperationTypeError, InvalidOperationTypeError):
            _charge_refused(context.context)  # the whole document was read to find that out
            raise
        except (GraphQLError, LimitExceeded) as error:
            return _refused(error, context.context)
        return refused

    async def _execute_operation(self, context: ExecutionContext, *others: Any) -> Any:
        """Execute what was let in; where its variables hold many values, as what is known already."""
        if context.result is None and self._checks_texts and are_many(context.variables):
            document = context.graphql_document
            assert document is not None
            operation = get_operation_ast(document, context.operation_name)
            assert operation is not None
            context.result = await self._run(
                document,
                operation,
                context.root_value,
                context.context,
                context.variables,
                context.operation_extensions,
            )
        return await super()._execute_operation(context, *others)

    async def _handle_execution_result(
        self,
        context: ExecutionContext,
        result: Any,
        extensions_runner: SchemaExtensionsRunner,
        *,
        skip_process_errors: bool = False,
    ) -> ExecutionResult:
        """Say no more of errors than the profile does."""
        told = await super()._handle_execution_result(
            context, result, extensions_runner, skip_process_errors=skip_process_errors
        )
        if self._reticent and told.errors:
            told.errors = reticent(told.errors)
        return told

    async def _read(self, context: ExecutionContext, text: str) -> None:
        """Parse, charge, measure and validate a document; where it is large, others have their turn in between."""
        self.admission.require_short(text)
        tokens = 0
        try:
            document = context.graphql_document = self.admission.read(text)
            tokens = tokens_of(document)
        finally:
            _charge_read(context.context, tokens, len(text))
        is_large = tokens > TOKENS_AT_A_STRETCH
        if is_large:
            await asyncio.sleep(0)
        self.admission.measure(document)
        try:
            if context.operation_type not in context.allowed_operations:
                return
        except RuntimeError:  # there is no such operation, as Strawberry finds out itself
            return
        faults: list[GraphQLError] = []
        for found in self.admission.checks(document):
            faults += found
            if is_large:
                await asyncio.sleep(0)
        context.pre_execution_errors = self.admission.told_of(faults)

    def _cost(self, context: ExecutionContext) -> int:
        document = context.graphql_document
        assert document is not None
        operation = get_operation_ast(document, context.operation_name)
        assert operation is not None
        return self.admission.cost(document, operation, context.variables)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: the view logs what is unexpected."""


async def _supposed(run: Callable[[], Awaitable[GraphQLResult]], context: RequestContext) -> GraphQLResult:
    """The result of a query that supposes who asks to be as he was; where that turns out wrong it is run once more.

    Nothing of the first try is told: it has only read.
    """
    context.supposed = True
    try:
        told = await run()
        if await context.stands():
            return told
    finally:
        context.supposed = False
    await context.renew()
    return await run()


def _require_one_operation(context: ExecutionContext) -> None:
    """Refuse a document of several operations that does not say which: Strawberry would take the first."""
    definitions = context.graphql_document.definitions if context.graphql_document else ()
    if context._provided_operation_name is None and sum(map(_is_operation, definitions)) > 1:
        raise GraphQLError("the document has several operations; say in `operationName` which one is meant")


class _Operation(NamedTuple):
    """The only operation of a document."""

    node: OperationDefinitionNode
    kind: OperationType
    name: str | None


_ONE: Final = "__one_operation__"


def _one_operation(document: DocumentNode) -> _Operation | None:
    """The only operation of a document, which is kept with it; None where there are several."""
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if len(operations) != 1:
        return None
    (node,) = operations
    name = node.name.value if node.name else None
    found = document.__dict__[_ONE] = _Operation(node, OperationType(node.operation.value), name)
    return found


def _is_operation(definition: object) -> bool:
    return isinstance(definition, OperationDefinitionNode)


def _charge(context: Any, cost: int, *, only_reads: bool) -> None:
    if isinstance(context, RequestContext):
        context.charge(cost)
        context.allowance.only_reads = only_reads


def _require_rate(context: Any) -> None:
    if isinstance(context, RequestContext):
        context.require_rate()


def _charge_read(context: Any, tokens: int, characters: int) -> None:
    if isinstance(context, RequestContext):
        context.charge_read(tokens, characters)


def _charge_refused(context: Any) -> None:
    if isinstance(context, RequestContext):
        context.charge_refused()


def _refused(error: Exception, context: Any) -> PreExecutionError:
    if not isinstance(error, RateExceeded):
        _charge_refused(context)
    told = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
    return PreExecutionError(None, [told])
