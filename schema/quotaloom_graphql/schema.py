"""The graph, put together."""

from __future__ import annotations

from decimal import Decimal
from operator import getitem
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import DisableIntrospection
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from quotaloom.platform.errors import NotFound
from quotaloom_graphql import achievements, attributes, companies, funnels, metrics, organization_queries
from quotaloom_graphql.achievement_mutations import AchievementMutation
from quotaloom_graphql.attribute_mutations import AttributeMutation
from quotaloom_graphql.companies import CompanyMutation
from quotaloom_graphql.context import Info
from quotaloom_graphql.decimals import EXACT_DECIMAL
from quotaloom_graphql.funnel_mutations import FunnelMutation
from quotaloom_graphql.metrics import MetricMutation
from quotaloom_graphql.nodes import TYPENAME, Node, NodeLoader, split_id
from quotaloom_graphql.organization_mutations import OrganizationMutation
from quotaloom_graphql.organization_queries import OrganizationQuery
from quotaloom_graphql.plans import PlanMutation
from quotaloom_graphql.plugins import PluginQuery
from quotaloom_graphql.policies import PolicyMutation
from quotaloom_graphql.policy_trials import PolicyTrialMutation
from quotaloom_graphql.rankings import RankingQuery
from quotaloom_graphql.roots import root_field

NODE_LOADERS: dict[str, NodeLoader] = {
    **organization_queries.NODE_LOADERS,
    **metrics.NODE_LOADERS,
    **funnels.NODE_LOADERS,
    **achievements.NODE_LOADERS,
    **companies.NODE_LOADERS,
    **attributes.NODE_LOADERS,
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
    funnels.FunnelQuery,
    achievements.AchievementQuery,
    attributes.AttributeQuery,
    PluginQuery,
):
    """Root of queries."""

    node: Node | None = root_field(_node, description="Anything by its id; null where you see nothing.")


@strawberry.type(description="What can be done. Each takes one `input` and answers with the object and `errors`.")
class Mutation(
    CompanyMutation,
    OrganizationMutation,
    PlanMutation,
    MetricMutation,
    AchievementMutation,
    FunnelMutation,
    AttributeMutation,
    PolicyMutation,
    PolicyTrialMutation,
):
    """Root of mutations."""


class QuotaloomSchema(strawberry.Schema):
    """Strawberry's schema; errors are logged where they are masked, not twice."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: the view logs what is unexpected."""


def build_schema(*, production: bool = False) -> strawberry.Schema:
    """The schema of the core. In production there is no introspection, and no hints at names."""
    return QuotaloomSchema(
        query=Query,
        mutation=Mutation,
        types=[],
        extensions=[DisableIntrospection] if production else [],
        config=StrawberryConfig(
            default_resolver=getitem, disable_field_suggestions=production, scalar_map={Decimal: EXACT_DECIMAL}
        ),
    )
