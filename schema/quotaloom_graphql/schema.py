"""The graph, put together."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from operator import getitem
from types import MappingProxyType
from typing import Annotated, Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from quotaloom.platform.errors import NotFound
from quotaloom.platform.limits import Limits
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
from quotaloom_graphql.admission import Trusts
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
from quotaloom_graphql.field_costs import READING
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
from quotaloom_graphql.plugins import PluginQuery
from quotaloom_graphql.policies import PolicyMutation
from quotaloom_graphql.policy_trials import PolicyTrialMutation
from quotaloom_graphql.pool_mutations import PoolMutation
from quotaloom_graphql.product_decompositions import ProductDecompositionMutation
from quotaloom_graphql.product_metrics import ProductMetricMutation
from quotaloom_graphql.rankings import RankingQuery
from quotaloom_graphql.reliefs import ReliefMutation
from quotaloom_graphql.review_forms import ReviewFormMutation
from quotaloom_graphql.review_mutations import ReviewMutation
from quotaloom_graphql.roots import root_field
from quotaloom_graphql.scenarios import ScenarioMutation
from quotaloom_graphql.schedules import ScheduleMutation
from quotaloom_graphql.served_schema import Extensions, QuotaloomSchema
from quotaloom_graphql.stage_mutations import StageMutation
from quotaloom_graphql.submission_mutations import SubmissionMutation
from quotaloom_graphql.subscriptions import Subscription
from quotaloom_graphql.target_imports import TargetImportMutation
from quotaloom_graphql.target_warnings import TargetWarningQuery
from quotaloom_graphql.what_if import WhatIfMutation
from quotaloom_graphql.worksheets import WorksheetMutation

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

    node: Node | None = root_field(_node, weight=READING, description="Anything by its id; null where you see nothing.")


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


def build_schema(
    *,
    production: bool = False,
    limits: Limits | None = None,
    trusts: Trusts | None = None,
    plugins: Extensions = MappingProxyType({}),
) -> QuotaloomSchema:
    """The schema of the core with what plugins add. In production there is no introspection, and no hints at names.

    With `trusts` it lets in the documents alone that are trusted.

    Raises whatever is wrong with an extension: see `quotaloom_graphql.plugin_graphs`, which finds it out beforehand.
    """
    return QuotaloomSchema(
        plugins,
        limits=limits or Limits(),
        trusts=trusts,
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
