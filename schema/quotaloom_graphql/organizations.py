"""Units of the tree, members, and who leads and holds what."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

from quotaloom_graphql.action_plan_loaders import load_member_action_plans, load_member_figures
from quotaloom_graphql.activity_loaders import load_member_activities, load_unit_activities
from quotaloom_graphql.attainments import (
    Attainment,
    load_member_attainment,
    load_member_attainments,
    load_unit_attainment,
    load_unit_attainments,
)
from quotaloom_graphql.attribute_loaders import load_member_attributes, load_unit_attributes
from quotaloom_graphql.attributes import AttributeValue
from quotaloom_graphql.commitment_loaders import load_commitments, load_committed_months
from quotaloom_graphql.connections import Connection
from quotaloom_graphql.enums import MemberRole, OrgUnitKind
from quotaloom_graphql.field_costs import sized, together
from quotaloom_graphql.funnel_figures import FunnelFigures, load_unit_funnel_figures
from quotaloom_graphql.funnel_loaders import load_unit_opportunities
from quotaloom_graphql.incentive_loaders import load_member_statements
from quotaloom_graphql.nodes import Node, encode_id, global_id
from quotaloom_graphql.objective_loaders import load_objectives_of_units
from quotaloom_graphql.organization_loaders import (
    load_ancestors,
    load_children,
    load_current_head,
    load_descendants,
    load_headed_units,
    load_heads,
    load_holders,
    load_member_rights,
    load_members,
    load_parent,
    load_positions,
    load_unit_rights,
    load_units,
)
from quotaloom_graphql.own_goal_loaders import load_own_goals
from quotaloom_graphql.product_targets import ProductMismatchValue, load_product_mismatch, load_product_mismatches
from quotaloom_graphql.reliefs import QuotaRelief, load_reliefs
from quotaloom_graphql.review_loaders import load_member_reviews
from quotaloom_graphql.schedule_loaders import load_absences, load_working_hours
from quotaloom_graphql.schedules import Absence, WorkingHours
from quotaloom_graphql.score_values import (
    ScoreValue,
    load_member_score,
    load_member_scores,
    load_unit_score,
    load_unit_scores,
)
from quotaloom_graphql.targets import (
    TargetCell,
    TargetMismatch,
    load_target_cells,
    load_target_mismatch,
    load_target_mismatches,
)
from quotaloom_graphql.worksheet_loaders import load_worksheets
from strawberry_breadth import batch, column

if TYPE_CHECKING:
    from quotaloom_graphql.action_plans import ActionFigures, ActionPlan
    from quotaloom_graphql.activities import Activity
    from quotaloom_graphql.commitments import Commitment, UnitCommitment
    from quotaloom_graphql.funnels import Opportunity
    from quotaloom_graphql.incentives import Statement
    from quotaloom_graphql.objectives import Objective
    from quotaloom_graphql.own_goals import OwnGoal
    from quotaloom_graphql.reviews import Review
    from quotaloom_graphql.worksheets import Worksheet


@strawberry.type(description="What you may do with a unit, for showing or hiding buttons; the server checks again.")
class ViewerCanOnUnit:
    """Rights of the viewer."""

    edit: bool = strawberry.field(description="Rename, move, close, set attributes, and appoint heads and holders.")
    plan: bool = strawberry.field(description="Set and decompose the targets of this unit in a draft.")
    plan_below: bool = strawberry.field(description="Set and decompose the targets of the units below it.")
    set_own_goal: bool = strawberry.field(description="Set yourself a goal above your target: you hold this position.")
    commit: bool = strawberry.field(
        description="Commit to figures for it: of your own position while a plan calls for commitments."
    )
    comment: bool = strawberry.field(
        description="Comment on its cells: in every plan that you see, of your own position once it is published."
    )
    adjust_forecast: bool = strawberry.field(description="Adjust the forecast of its deals: you lead it.")


@strawberry.type(description="What you may do with a member; the server checks again.")
class ViewerCanOnMember:
    """Rights of the viewer on a member."""

    edit: bool = strawberry.field(description="Change, set attributes, let leave, appoint.")
    schedule: bool = strawberry.field(description="Note absences and working hours.")
    ask_what_if: bool = strawberry.field(description="Ask what his statement would be.")


@strawberry.type(description="A member in a position for a date range.")
class Holding:
    """Who holds which position, from when to when."""

    id: strawberry.ID = column(
        lambda number: encode_id("Holding", number), of="id", description="Names it for `endHolding`."
    )
    position: OrgUnit = batch(load_units, key="position_id", by="id", one=True, description="The position (岗位).")
    member: Member = batch(load_members, key="member_id", by="id", one=True, description="The member.")
    valid_from: date | None = strawberry.field(description="First day; null where it has always been so.")
    valid_to: date | None = strawberry.field(description="The day after the last; null where it is open.")


@strawberry.type(description="A member who heads a company, department or team for a date range.")
class Headship:
    """Who heads which unit, from when to when."""

    id: strawberry.ID = column(
        lambda number: encode_id("Headship", number), of="id", description="Names it for `endHeadship`."
    )
    org_unit: OrgUnit = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")
    member: Member = batch(load_members, key="member_id", by="id", one=True, description="The member.")
    valid_from: date | None = strawberry.field(description="First day; null where it has always been so.")
    valid_to: date | None = strawberry.field(description="The day after the last; null where it is open.")


@strawberry.type(
    description="A node of the company's tree: the company, a department, a team or a position (组织单元)."
)
class OrgUnit(Node):
    """A unit."""

    id: strawberry.ID = global_id("OrgUnit")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    kind: OrgUnitKind = strawberry.field(description="Company, department, team or position.")
    opened_on: date | None = strawberry.field(description="First day; null where it has always existed.")
    closed_on: date | None = strawberry.field(description="The day after the last; null while it is open.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    parent: OrgUnit | None = batch(load_parent, key="id", by="unit_id", one=True, description="The unit above it.")
    ancestors: list[OrgUnit] = batch(load_ancestors, key="id", by="unit_id", description="The units above, root first.")
    children: list[OrgUnit] = batch(
        load_children, key="id", by="parent_id", description="The units right below it, in tree order."
    )
    descendants: list[OrgUnit] = sized(
        batch(
            load_descendants,
            key="id",
            by="ancestor_id",
            description="All units below it, in tree order.",
            directives=[together(5_000)],
        ),
        100,
    )
    holders: list[Holding] = batch(
        load_holders,
        key="id",
        by="position_id",
        across=True,
        description="Who holds this position, the earliest first.",
    )
    heads: list[Headship] = batch(
        load_heads, key="id", by="unit_id", across=True, description="Who heads this unit (负责人), the earliest first."
    )
    head: Headship | None = batch(
        load_current_head, key="id", by="unit_id", one=True, across=True, description="Who heads this unit today."
    )
    target_cells: list[TargetCell] | None = batch(
        load_target_cells,
        key="id",
        by="unit_id",
        across=True,
        description="Its own target values; empty where it has none, or where you may see its name only.",
        directives=[together(10_000)],
    )
    attainment: Attainment | None = batch(
        load_unit_attainment,
        key="id",
        by="unit_id",
        one=True,
        across=True,
        description="How much of its target is achieved; null where you may see its name only.",
        directives=[together(10_000)],
    )
    attainments: list[Attainment] | None = batch(
        load_unit_attainments,
        key="id",
        by="unit_id",
        across=True,
        description="Attainment for each period of a grain.",
        directives=[together(10_000)],
    )
    product_mismatch: ProductMismatchValue | None = batch(
        load_product_mismatch,
        key="id",
        by="unit_id",
        one=True,
        across=True,
        description="Its own target against the sum of those of products; null where you may see its name only.",
        directives=[together(20_000)],
    )
    product_mismatches: list[ProductMismatchValue] | None = batch(
        load_product_mismatches,
        key="id",
        by="unit_id",
        across=True,
        description="The same for each period of a grain.",
        directives=[together(20_000)],
    )
    score: ScoreValue | None = batch(
        load_unit_score,
        key="id",
        by="unit_id",
        one=True,
        across=True,
        description="Several metrics as one number; null where you may see its name only.",
        directives=[together(10_000)],
    )
    scores: list[ScoreValue] | None = batch(
        load_unit_scores,
        key="id",
        by="unit_id",
        across=True,
        description="The same for each period of a grain.",
        directives=[together(10_000)],
    )
    reliefs: list[QuotaRelief] = batch(
        load_reliefs,
        key="id",
        by="position_id",
        description="What this position is relieved of, the earliest first, revoked ones too; empty where you may see"
        " its name only.",
    )
    target_mismatch: TargetMismatch | None = batch(
        load_target_mismatch,
        key="id",
        by="unit_id",
        one=True,
        across=True,
        description="Its own target against the sum of its children's, over-assignment included.",
        directives=[together(10_000)],
    )
    target_mismatches: list[TargetMismatch] | None = batch(
        load_target_mismatches,
        key="id",
        by="unit_id",
        across=True,
        description="The same for each period of a grain; empty where you may see its name only.",
        directives=[together(10_000)],
    )
    opportunities: list[Annotated[Opportunity, strawberry.lazy("quotaloom_graphql.funnels")]] | None = batch(
        load_unit_opportunities,
        key="id",
        by="parent_id",
        description="Deals of the positions below it, or of its own.",
        directives=[together(20_000)],
    )
    funnel_figures: list[FunnelFigures] | None = batch(
        load_unit_funnel_figures,
        key="id",
        by="owner_id",
        description="Figures of a funnel's deals of the positions below it, or of its own, for each part of a"
        " period and each product or source that is asked for; empty where you may see its name only.",
        directives=[together(50_000)],
    )
    objectives: list[Annotated[Objective, strawberry.lazy("quotaloom_graphql.objectives")]] = batch(
        load_objectives_of_units,
        key="id",
        by="unit_id",
        description="The objectives of a fiscal year that it pursues, corporate ones first, then by name.",
    )
    worksheet: Annotated[Worksheet, strawberry.lazy("quotaloom_graphql.worksheets")] | None = batch(
        load_worksheets,
        key="id",
        by="unit_id",
        one=True,
        description="What its target in a plan takes, and what is in the way; null where that is not for you to see.",
        directives=[together(5_000)],
    )
    commitments: list[Annotated[UnitCommitment, strawberry.lazy("quotaloom_graphql.commitments")]] = batch(
        load_commitments,
        key="id",
        by="unit_id",
        description="What was committed to for it and below it, against its target; empty where you neither lead"
        " nor hold it.",
        directives=[together(10_000)],
    )
    committed_months: list[Annotated[Commitment, strawberry.lazy("quotaloom_graphql.commitments")]] = batch(
        load_committed_months,
        key="id",
        by="unit_id",
        description="The commitments themselves, month by month: by whom, when, and what was said.",
        directives=[together(5_000)],
    )
    attributes: list[AttributeValue] = batch(
        load_unit_attributes,
        key="id",
        by="subject_id",
        across=True,
        description="What the company notes of it; empty where it notes nothing, or where you may see its name only.",
    )
    activities: Connection[Annotated[Activity, strawberry.lazy("quotaloom_graphql.activities")]] = batch(
        load_unit_activities,
        key="id",
        description="What the positions below it, or it itself, plan and have done, the latest day first: a page.",
    )
    viewer_can: ViewerCanOnUnit = batch(
        load_unit_rights, key="id", by="unit_id", one=True, across=True, description="What you may do with it."
    )


@strawberry.type(description="A person of the company (成员).")
class Member(Node):
    """A member."""

    id: strawberry.ID = global_id("Member")
    key: str = strawberry.field(description="The company's own name for the member, unique.")
    name: str = strawberry.field(description="The member's name.")
    email: str | None = strawberry.field(description="An address; null where none is known.")
    role: MemberRole = strawberry.field(description="Admin or member.")
    joined_on: date | None = strawberry.field(description="First day; null where it is not known.")
    left_on: date | None = strawberry.field(description="The first day without the member; null while he is there.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    positions: list[Holding] = batch(
        load_positions, key="id", by="member_id", description="The positions held, the earliest first."
    )
    headships: list[Headship] = batch(
        load_headed_units, key="id", by="member_id", description="The units that the member heads today."
    )
    attainment: Attainment | None = batch(
        load_member_attainment,
        key="id",
        by="member_id",
        one=True,
        description="Attainment over all positions, by the days they were held; null where you may not see it.",
        directives=[together(10_000)],
    )
    attainments: list[Attainment] | None = batch(
        load_member_attainments,
        key="id",
        by="member_id",
        description="Attainment for each period of a grain.",
        directives=[together(10_000)],
    )
    score: ScoreValue | None = batch(
        load_member_score,
        key="id",
        by="member_id",
        one=True,
        description="Several metrics as one number; null where you may not see it.",
        directives=[together(10_000)],
    )
    scores: list[ScoreValue] | None = batch(
        load_member_scores,
        key="id",
        by="member_id",
        description="The same for each period of a grain.",
        directives=[together(10_000)],
    )
    own_goals: list[Annotated[OwnGoal, strawberry.lazy("quotaloom_graphql.own_goals")]] = batch(
        load_own_goals,
        key="id",
        by="member_id",
        description="What the member sets himself above his targets in a plan: for him, for whoever heads a unit above"
        " the position, and for admins to see.",
    )
    reviews: list[Annotated[Review, strawberry.lazy("quotaloom_graphql.reviews")]] = batch(
        load_member_reviews,
        key="id",
        by="member_id",
        description="How the member was judged, as far as you may see it, the latest period first.",
    )
    absences: list[Absence] = batch(
        load_absences,
        key="id",
        by="member_id",
        description="When the member is away, from today on; empty where you may see the name only.",
    )
    working_hours: list[WorkingHours] = batch(
        load_working_hours,
        key="id",
        by="member_id",
        description="When the member works in a week; empty where it is the company's working days, or not for you.",
    )
    attributes: list[AttributeValue] = batch(
        load_member_attributes,
        key="id",
        by="subject_id",
        description="What the company notes of the member; empty where you may see the name only.",
    )
    activities: Connection[Annotated[Activity, strawberry.lazy("quotaloom_graphql.activities")]] = batch(
        load_member_activities,
        key="id",
        description="What the member plans and has done, as far as you may see it, the latest day first: a page.",
    )
    statements: Connection[Annotated[Statement, strawberry.lazy("quotaloom_graphql.incentives")]] = batch(
        load_member_statements,
        key="id",
        description="What the member gets for each period, as far as you may see it, the latest first: a page.",
    )
    action_plans: Connection[Annotated[ActionPlan, strawberry.lazy("quotaloom_graphql.action_plans")]] = batch(
        load_member_action_plans,
        key="id",
        description="The member's action plans, as far as you may see them, the latest first: a page.",
    )
    action_figures: Annotated[ActionFigures, strawberry.lazy("quotaloom_graphql.action_plans")] | None = batch(
        load_member_figures,
        key="id",
        description="Planned against done in all action plans of the member, of what is to be done by a day"
        " of the period; null where it is not for you to see.",
        directives=[together(5_000)],
    )
    viewer_can: ViewerCanOnMember = batch(
        load_member_rights, key="id", by="member_id", one=True, description="What you may do with the member."
    )
