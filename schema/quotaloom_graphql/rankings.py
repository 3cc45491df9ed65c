"""Rankings of units and members."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from quotaloom.targets.rankings import RankedBy
from quotaloom_graphql.arguments import AsOf, MetricKey, PeriodLabel, PlanId, PlanVersionNumber, StructureChoice
from quotaloom_graphql.attainments import Attainment
from quotaloom_graphql.connections import After, Connection, First, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.enums import OrgUnitKind, Structure
from quotaloom_graphql.field_costs import together
from quotaloom_graphql.organization_loaders import NOWHERE, filtering_unit, load_members
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.questions import PlanAsked, attainment_question, period_named
from quotaloom_graphql.ranking_loaders import (
    Contest,
    load_movements,
    load_previous_ranks,
    load_ranked_units,
    places,
    within_sight,
)
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch

strawberry.enum(
    RankedBy, name="RankedBy", description="What decides the order: the attainment rate, or the amount achieved."
)


@strawberry.type(description="One row of a ranking; those with zero and those without a target are there as well.")
class RankingRow:
    """A place."""

    rank: int = strawberry.field(description="1 is best; equals share a rank.")
    previous_rank: int | None = batch(
        load_previous_ranks,
        description="The rank in the same ranking of the period right before; null for who was not there.",
        directives=[together(20_000)],
    )
    movement: int | None = batch(
        load_movements,
        description="`previousRank` − rank: 2 has climbed two places, −1 has lost one.",
        directives=[together(20_000)],
    )
    org_unit: OrgUnit | None = batch(
        load_ranked_units, key="unit_id", by="id", one=True, description="The unit; null in a ranking of members."
    )
    member: Member | None = batch(
        load_members, key="member_id", by="id", one=True, description="The member; null in a ranking of units."
    )
    attainment: Attainment | None = strawberry.field(
        description="What the place rests on; null where positions are in it whose figures you may not see."
    )


async def resolve_rankings(
    info: Info,
    period: PeriodLabel,
    metric: MetricKey = "revenue",
    of: Annotated[
        OrgUnitKind | None, strawberry.argument(description="Rank units of this kind; members if null.")
    ] = OrgUnitKind.POSITION,
    by: Annotated[RankedBy, strawberry.argument(description="What decides the order.")] = RankedBy.RATE,
    under: Annotated[strawberry.ID | None, strawberry.argument(description="Only below this unit.")] = None,
    as_of: AsOf = None,
    structure: StructureChoice = Structure.AS_WAS,
    plan: PlanId = None,
    plan_version: PlanVersionNumber = None,
    first: First = 100,
    after: After = None,
) -> dict[str, Any]:
    """Everybody is ranked; the viewer sees the rows that he may see."""
    context = info.context
    work, sight = await context.work(), await context.sight()
    offset, limit = window(first, after)
    span = await period_named(context, period)
    asked = PlanAsked(plan, plan_version)
    question = await attainment_question(context, [span], metric, structure=structure, as_of=as_of, plan=asked)
    unit_id = await filtering_unit(context, under, "under")
    if unit_id == NOWHERE:
        return page([], offset, 0)
    contest = Contest(question, of, by, unit_id)
    rows = [
        row
        for row in await places(info, contest)
        if work.company.members_see_rankings
        or (sight.sees_member(row["member_id"]) if of is None else sight.sees_unit(row["unit_id"]))
    ]
    shown = rows[offset : offset + limit]
    if of is None and not work.company.members_see_rankings:
        shown = await within_sight(info, contest, shown)
    return page(shown, offset, len(rows))


@strawberry.type
class RankingQuery:
    """Root fields of rankings."""

    rankings: Connection[RankingRow] = root_field(
        resolve_rankings,
        weight=20_000,
        description="Who stands where in a period, best first, those with zero included. You see the rows that you"
        " may see; ranks count everybody.",
    )
