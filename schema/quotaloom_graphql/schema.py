"""The graph, put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import getitem
from types import MappingProxyType
from typing import Annotated, Any

import strawberry
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, execute, get_operation_ast
from graphql import ExecutionResult as GraphQLResult
from strawberry.execution import optimized_is_awaitable
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.execution import PreExecutionError
from strawberry.types.field import StrawberryField
from strawberry.types.graphql import OperationType

from quotaloom.platform.errors import NotFound
from quotaloom.platform.limits import LimitExceeded, Limits
from quotaloom_graphql import (
    achievements,
    action_plans,
    activities,
    attributes,
    comments,
    companies,
    customer_levels,
    deal_reviews,
    disputes,
    funnel_queries,
    incentive_budgets,
    incentive_simulations,
    incentives,
    leads,
    metrics,
    objectives,
    organization_queries,
    pools,
    reliefs,
    reviews,
    scores,
    submissions,
)
from quotaloom_graphql.achievement_mutations import AchievementMutation
from quotaloom_graphql.action_plan_mutations import ActionPlanMutation
from quotaloom_graphql.activity_mutations import ActivityMutation
from quotaloom_graphql.activity_reports import ActivityReportQuery
from quotaloom_graphql.admission import Admission
from quotaloom_graphql.api_keys import ApiKeyMutation, ApiKeyQuery
from quotaloom_graphql.attainment_reports import AttainmentReportQuery
from quotaloom_graphql.attribute_mutations import AttributeMutation
from quotaloom_graphql.audit import AuditQuery
from quotaloom_graphql.budget_reports import BudgetReportQuery
from quotaloom_graphql.comments import CommentMutation
from quotaloom_graphql.commitments import CommitmentMutation
from quotaloom_graphql.companies import CompanyMutation
from quotaloom_graphql.context import Info
from quotaloom_graphql.customer_mutations import CustomerMutation
from quotaloom_graphql.dates import DATE, DATE_TIME
from quotaloom_graphql.decimals import EXACT_DECIMAL
from quotaloom_graphql.dispute_mutations import DisputeMutation
from quotaloom_graphql.duplicates import DuplicateMutation, DuplicateQuery
from quotaloom_graphql.forecast_mutations import ForecastMutation
from quotaloom_graphql.funnel_layouts import FunnelLayoutMutation
from quotaloom_graphql.funnel_mutations import FunnelMutation
from quotaloom_graphql.hand_outs import HandOutMutation
from quotaloom_graphql.incentive_mutations import IncentiveMutation
from quotaloom_graphql.incentive_simulation_mutations import IncentiveSimulationMutation
from quotaloom_graphql.jobs import JobMutation, JobQuery
from quotaloom_graphql.lead_mutations import LeadMutation
from quotaloom_graphql.member_links import MemberLinkMutation, MemberLinkQuery
from quotaloom_graphql.merging import MergingMutation
from quotaloom_graphql.metrics import MetricMutation
from quotaloom_graphql.movement_mutations import MovementMutation
from quotaloom_graphql.nodes import TYPENAME, Node, NodeLoader, split_id
from quotaloom_graphql.notifications import NotificationMutation
from quotaloom_graphql.objective_mutations import ObjectiveMutation
from quotaloom_graphql.organization_mutations import OrganizationMutation
from quotaloom_graphql.organization_queries import OrganizationQuery
from quotaloom_graphql.own_goals import OwnGoalMutation
from quotaloom_graphql.ownerships import OwnershipQuery
from quotaloom_graphql.plan_copies import PlanCopyMutation
from quotaloom_graphql.plans import PlanMutation
from quotaloom_graphql.plugin_fields import object_fields, root_of
from quotaloom_graphql.plugins import PluginQuery
from quotaloom_graphql.policies import PolicyMutation
from quotaloom_graphql.policy_trials import PolicyTrialMutation
from quotaloom_graphql.pool_mutations import PoolMutation
from quotaloom_graphql.product_decompositions import ProductDecompositionMutation
from quotaloom_graphql.product_metrics import ProductMetricMutation
from quotaloom_graphql.rankings import RankingQuery
from quotaloom_graphql.reliefs import ReliefMutation
from quotaloom_graphql.reticence import reticent
from quotaloom_graphql.review_forms import ReviewFormMutation
from quotaloom_graphql.review_mutations import ReviewMutation
from quotaloom_graphql.roots import root_field
from quotaloom_graphql.scenarios import ScenarioMutation
from quotaloom_graphql.schedules import ScheduleMutation
from quotaloom_graphql.stage_mutations import StageMutation
from quotaloom_graphql.submission_mutations import SubmissionMutation
from quotaloom_graphql.subscriptions import Subscription
from quotaloom_graphql.target_imports import TargetImportMutation
from quotaloom_graphql.target_warnings import TargetWarningQuery
from quotaloom_graphql.what_if import WhatIfMutation
from quotaloom_graphql.worksheets import WorksheetMutation
from quotaloom_sdk import GraphQLExtension, InvalidDefinition
from strawberry_breadth import BreadthFirstSchema

NODE_LOADERS: dict[str, NodeLoader] = {
    **organization_queries.NODE_LOADERS,
    **metrics.NODE_LOADERS,
    **funnel_queries.NODE_LOADERS,
    **pools.NODE_LOADERS,
    **activities.NODE_LOADERS,
    **action_plans.NODE_LOADERS,
    **deal_reviews.NODE_LOADERS,
    **achievements.NODE_LOADERS,
    **companies.NODE_LOADERS,
    **submissions.NODE_LOADERS,
    **comments.NODE_LOADERS,
    **reliefs.NODE_LOADERS,
    **attributes.NODE_LOADERS,
    **objectives.NODE_LOADERS,
    **scores.NODE_LOADERS,
    **leads.NODE_LOADERS,
    **customer_levels.NODE_LOADERS,
    **incentives.NODE_LOADERS,
    **disputes.NODE_LOADERS,
    **reviews.NODE_LOADERS,
    **incentive_simulations.NODE_LOADERS,
    **incentive_budgets.NODE_LOADERS,
}


async def _node(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of anything.")]
) -> Any:
    """Whatever the id names, if the viewer may see it; an id that names nothing answers alike."""
    await info.context.work()
    try:
        type_name, number = split_id(id)
    except NotFound:
        return None
    loader = NODE_LOADERS.get(type_name)
    rows = await loader([number], info) if loader is not None else []
    return {**rows[0], TYPENAME: type_name} if rows else None


@strawberry.type(description="What can be asked.")
class Query(
    OrganizationQuery,
    RankingQuery,
    AttainmentReportQuery,
    ActivityReportQuery,
    funnel_queries.FunnelQuery,
    pools.PoolQuery,
    OwnershipQuery,
    activities.ActivityQuery,
    action_plans.ActionPlanQuery,
    deal_reviews.DealReviewQuery,
    achievements.AchievementQuery,
    attributes.AttributeQuery,
    objectives.ObjectiveQuery,
    TargetWarningQuery,
    scores.ScoreQuery,
    leads.LeadQuery,
    customer_levels.CustomerLevelQuery,
    DuplicateQuery,
    incentives.IncentiveQuery,
    disputes.DisputeQuery,
    reviews.ReviewQuery,
    incentive_simulations.IncentiveSimulationQuery,
    BudgetReportQuery,
    PluginQuery,
    JobQuery,
    AuditQuery,
    ApiKeyQuery,
    MemberLinkQuery,
):
    """Root of queries."""

    node: Node | None = root_field(_node, description="Anything by its id; null where you see nothing.")


@strawberry.type(
    description="What can be done. Each takes one `input` and answers with the object and `errors`. Sent again with the"
    " same `Idempotency-Key` header, it is answered again and not done again."
)
class Mutation(
    CompanyMutation,
    OrganizationMutation,
    PlanMutation,
    ProductDecompositionMutation,
    ScenarioMutation,
    PlanCopyMutation,
    SubmissionMutation,
    TargetImportMutation,
    CommentMutation,
    ScheduleMutation,
    CommitmentMutation,
    ReliefMutation,
    ObjectiveMutation,
    WorksheetMutation,
    OwnGoalMutation,
    MetricMutation,
    ProductMetricMutation,
    scores.ScoreMutation,
    AchievementMutation,
    FunnelLayoutMutation,
    FunnelMutation,
    StageMutation,
    ForecastMutation,
    CustomerMutation,
    LeadMutation,
    customer_levels.CustomerLevelMutation,
    DuplicateMutation,
    MergingMutation,
    PoolMutation,
    MovementMutation,
    HandOutMutation,
    ActivityMutation,
    ActionPlanMutation,
    deal_reviews.DealReviewMutation,
    IncentiveMutation,
    DisputeMutation,
    ReviewFormMutation,
    ReviewMutation,
    IncentiveSimulationMutation,
    incentive_budgets.IncentiveBudgetMutation,
    WhatIfMutation,
    AttributeMutation,
    PolicyMutation,
    PolicyTrialMutation,
    NotificationMutation,
    JobMutation,
    ApiKeyMutation,
    MemberLinkMutation,
):
    """Root of mutations."""


Extensions = Mapping[str, Sequence[GraphQLExtension]]
"""What plugins add to the graph, by plugin."""


COST = "cost"
"""Under this name the extensions of an answer tell what the operation costs."""


class QuotaloomSchema(BreadthFirstSchema):
    """Strawberry's schema with the fields of plugins, which lets in what keeps to the limits.

    Errors are logged where they are masked, not twice. A reticent one answers no introspection, gives no hints at
    names, and says of a document that is not valid only that it is not.
    """

    def __init__(
        self, extensions_by_plugin: Extensions, *, limits: Limits, is_reticent: bool = False, **options: Any
    ) -> None:
        self._added: dict[str, list[StrawberryField]] = defaultdict(list)
        for plugin, extensions in extensions_by_plugin.items():
            for on, field in object_fields(plugin, extensions):
                self._added[on].append(field)
            root = root_of(plugin, extensions)
            if root is not None:
                self._added["Query"].append(root)
        super().__init__(**options)
        self.admission = Admission(self._schema, limits, reticent=is_reticent)
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
        allowed = set(allowed_operation_types or OperationType) - {OperationType.SUBSCRIPTION}
        known = self._known(query, operation_name, allowed)
        if known is None:
            return await super().execute(
                query, variable_values, context_value, root_value, operation_name, allowed, operation_extensions
            )
        document, operation = known
        try:
            cost = self.admission.cost(document, operation, variable_values)
        except LimitExceeded as error:
            return _refused(error)
        try:
            result = execute(
                self._schema,
                document,
                root_value,
                context_value,
                variable_values,
                operation_name,
                executor_class=self.execution_context_class,
                is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # as Strawberry does
                operation_extensions=operation_extensions,
            )
            told = result if isinstance(result, GraphQLResult) else await result
        except Exception as error:  # as Strawberry does
            return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])
        errors = reticent(told.errors) if self._reticent and told.errors else told.errors
        return ExecutionResult(told.data, errors, {COST: cost})

    def _known(
        self, query: str | None, operation_name: str | None, allowed: set[OperationType]
    ) -> tuple[DocumentNode, OperationDefinitionNode] | None:
        """A document that was let in before, and its one operation; None leaves it to Strawberry."""
        document = self.documents.get(query) if query and self._checks_texts else None
        if document is None:
            return None
        operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
        if len(operations) != 1 or OperationType(operations[0].operation.value) not in allowed:
            return None
        name = operations[0].name
        if operation_name is None or (name and name.value == operation_name):
            return document, operations[0]
        return None

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        """Let the document in, if it is not known yet, and its operation, if it does not cost too much."""
        try:
            if context.query and context.graphql_document is None:
                document = context.graphql_document = self.admission.parsed(context.query)
                context.pre_execution_errors = self._faults(context, document)
            refused = await super()._prepare_operation_async(context, extensions_runner)
            if refused is None:
                _require_one_operation(context)
                context.extensions_results[COST] = self._cost(context)
        except (GraphQLError, LimitExceeded) as error:
            return _refused(error)
        return refused

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

    def _faults(self, context: ExecutionContext, document: DocumentNode) -> list[GraphQLError]:
        """What is wrong with a document, unless its operation is refused anyway."""
        try:
            allowed = context.operation_type in context.allowed_operations
        except RuntimeError:  # there is no such operation, as Strawberry finds out itself
            return []
        return self.admission.faults(document) if allowed else []

    def _cost(self, context: ExecutionContext) -> int:
        document = context.graphql_document
        assert document is not None
        operation = get_operation_ast(document, context.operation_name)
        assert operation is not None
        return self.admission.cost(document, operation, context.variables)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: the view logs what is unexpected."""


def _require_one_operation(context: ExecutionContext) -> None:
    """Refuse a document of several operations that does not say which: Strawberry would take the first."""
    definitions = context.graphql_document.definitions if context.graphql_document else ()
    if context._provided_operation_name is None and sum(map(_is_operation, definitions)) > 1:
        raise GraphQLError("the document has several operations; say in `operationName` which one is meant")


def _is_operation(definition: object) -> bool:
    return isinstance(definition, OperationDefinitionNode)


def _refused(error: Exception) -> PreExecutionError:
    told = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
    return PreExecutionError(None, [told])


def build_schema(
    *, production: bool = False, limits: Limits | None = None, plugins: Extensions = MappingProxyType({})
) -> QuotaloomSchema:
    """The schema of the core with what plugins add. In production there is no introspection, and no hints at names.

    Raises whatever is wrong with an extension: see `quotaloom_graphql.plugin_graphs`, which finds it out beforehand.
    """
    return QuotaloomSchema(
        plugins,
        limits=limits or Limits(),
        is_reticent=production,
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[],
        config=StrawberryConfig(
            default_resolver=getitem,
            scalar_map={Decimal: EXACT_DECIMAL, date: DATE, datetime: DATE_TIME},
        ),
    )
