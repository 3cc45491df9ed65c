"""Action plans: what members will do for their targets, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from quotaloom.action_plans.facts import PlanState, Step
from quotaloom.activities.kinds import ActivityKind
from quotaloom_graphql.action_item_loaders import load_items, load_plan_items, resolve_action_items
from quotaloom_graphql.action_plan_loaders import (
    load_action_plans,
    load_figures,
    load_history,
    load_next_plans,
    load_parts,
    load_plan_comments,
    load_plan_rights,
    load_target_attainments,
    resolve_action_plan,
    resolve_action_plans,
)
from quotaloom_graphql.attainments import Attainment
from quotaloom_graphql.connections import Connection
from quotaloom_graphql.enums import Grain
from quotaloom_graphql.field_costs import READING, WHOLE_LIST, together
from quotaloom_graphql.metrics import Metric, load_metrics
from quotaloom_graphql.nodes import Node, NodeLoader, global_id
from quotaloom_graphql.objective_loaders import load_objectives
from quotaloom_graphql.objectives import Objective
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.plan_loaders import load_plans
from quotaloom_graphql.plans import Plan
from quotaloom_graphql.review_loaders import load_plan_follow_ups, load_reviews
from quotaloom_graphql.reviews import Review
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch

if TYPE_CHECKING:
    from quotaloom_graphql.action_items import ActionItem
    from quotaloom_graphql.reviews import ReviewFollowUp


@strawberry.type(description="How many of a kind were planned, and how many of these are done.")
class ActionKindFigures:
    """Figures of a kind."""

    kind: ActivityKind = strawberry.field(description="A visit, call, meeting, mail or task.")
    planned: int = strawberry.field(description="Planned, and not cancelled.")
    done: int = strawberry.field(description="Of these, done.")


@strawberry.type(
    description="Planned against done; nothing counts twice. What items of shorter plans refine is counted by these"
    " alone, what was carried over where it stands by now, if that is counted here as well. Amounts are in the"
    " company's currency."
)
class ActionFigures:
    """Figures of action plans."""

    planned: int = strawberry.field(description="Items that were not cancelled: done, open and missed.")
    done: int = strawberry.field(description="What is done.")
    on_time: int = strawberry.field(description="Of these, by their last day.")
    open: int = strawberry.field(description="What is still to be done.")
    overdue: int = strawberry.field(description="Of these, what should have been by now.")
    missed: int = strawberry.field(
        description="What was open when its plan was closed, or was carried over to where it is not counted."
    )
    cancelled: int = strawberry.field(description="What was cancelled; not part of `planned`.")
    on_time_rate: Decimal | None = strawberry.field(
        description="`onTime` ÷ what is done, overdue or missed, six places; null where nothing is."
    )
    budget: Decimal = strawberry.field(description="The budgets of what was planned.")
    spent: Decimal = strawberry.field(description="What was spent.")
    kinds: list[ActionKindFigures] = strawberry.field(description="By kind, those of which any is planned.")


@strawberry.type(description="The target of its member that an action plan serves.")
class ActionPlanTarget:
    """A target."""

    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    metric: Metric = batch(load_metrics, key="metric_id", by="id", one=True, description="What is counted.")
    attainment: Attainment | None = batch(
        load_target_attainments,
        description="The member's target and how much of it is achieved; null where that is not for you to see.",
    )


@strawberry.type(description="Something that was said of an action plan.")
class ActionPlanComment:
    """A comment."""

    text: str = strawberry.field(description="What was said.")
    at: datetime = strawberry.field(description="When.")
    author: str = strawberry.field(description="By whom.")
    member: Member | None = batch(
        load_members, key="author_id", by="id", one=True, description="Its author; null where that was no member."
    )


@strawberry.type(description="What one field was before, and what it is since.")
class ActionPlanChange:
    """A change."""

    field: str = strawberry.field(
        description="The field, by its name here; ids stand for what they name, as far as you may see that."
    )
    before: str | None = strawberry.field(description="What it was; null for nothing.")
    after: str | None = strawberry.field(description="What it is; null for nothing.")


@strawberry.type(description="A step of an action plan, or a change of one that was agreed on.")
class ActionPlanEntry:
    """A line of a plan's history."""

    step: Step = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(description="By whom.")
    reason: str | None = strawberry.field(description="What was said to it.")
    changes: list[ActionPlanChange] = strawberry.field(description="What changed.")
    member: Member | None = batch(
        load_members, key="author_id", by="id", one=True, description="Who did it; null where that was no member."
    )
    item: Annotated[ActionItem, strawberry.lazy("quotaloom_graphql.action_items")] | None = batch(
        load_items, key="action_item_id", by="id", one=True, description="The item; null for the plan itself."
    )


@strawberry.type(description="What you may do with an action plan as it stands; the server checks again.")
class ViewerCanOnActionPlan:
    """Rights of the viewer on an action plan."""

    edit: bool = strawberry.field(description="Change it, add, change, remove, cancel and carry over its items.")
    complete_items: bool = strawberry.field(description="Say that its items are done, and what came of them.")
    comment: bool = strawberry.field(description="Say something of it.")
    submit: bool = strawberry.field(description="Hand it to whoever heads the unit above.")
    agree: bool = strawberry.field(description="Agree to it.")
    send_back: bool = strawberry.field(description="Return it to its member, or take it back as its member.")
    close: bool = strawberry.field(description="End it with what came of it.")
    copy: bool = strawberry.field(description="Copy it into a later period.")


@strawberry.type(
    description="What a member will do (行动计划) in a quarter, month, week or day for one of his targets, in items."
)
class ActionPlan(Node):
    """An action plan."""

    id: strawberry.ID = global_id("ActionPlan")
    grain: Grain = strawberry.field(description="Of a quarter, a month, a week or a day.")
    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="First day.")
    ends_on: date = strawberry.field(description="The day after the last.")
    title: str | None = strawberry.field(description="What it is called.")
    aim: str | None = strawberry.field(description="What it shall reach, in words.")
    state: PlanState = strawberry.field(description="Draft, submitted, agreed or closed.")
    submitted_at: datetime | None = strawberry.field(description="When it was handed in; null while it is a draft.")
    agreed_at: datetime | None = strawberry.field(description="When it was agreed on; null where it was not.")
    agreed_by: str | None = strawberry.field(description="By whom.")
    closed_at: datetime | None = strawberry.field(description="When it was closed; null while it is not.")
    result: str | None = strawberry.field(description="What came of it, said when it was closed.")
    at: datetime = strawberry.field(description="When it was made.")
    actor: str = strawberry.field(description="By whom.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="Whose it is.")
    org_unit: OrgUnit | None = batch(
        load_units,
        key="unit_id",
        by="id",
        one=True,
        description="The position that he holds for it, or the unit that he heads; null where he has neither.",
    )
    target: ActionPlanTarget = strawberry.field(description="The target that it serves.")
    plan: Plan | None = batch(
        load_plans,
        key="served_plan_id",
        by="id",
        one=True,
        description="The plan of that target: named, or else the published one of its metric and days.",
    )
    objective: Objective | None = batch(
        load_objectives,
        key="served_objective_id",
        by="id",
        one=True,
        description="The objective that it serves: named, or else the plan's. By `parent` one comes to the company's.",
    )
    part_of: ActionPlan | None = batch(
        load_action_plans, key="part_of_id", by="id", one=True, description="The longer plan that it belongs to."
    )
    parts: list[ActionPlan] = batch(
        load_parts, key="id", by="part_of_id", description="The shorter plans that belong to it, by their days."
    )
    follows: ActionPlan | None = batch(
        load_action_plans, key="follows_id", by="id", one=True, description="The earlier plan that it follows."
    )
    next_plans: list[ActionPlan] = batch(
        load_next_plans, key="id", by="follows_id", description="The later plans that follow it, by their days."
    )
    review: Review | None = batch(
        load_reviews,
        key="review_id",
        by="id",
        one=True,
        description="The review of its member whose outcome it takes up, where you may see that.",
    )
    items: list[Annotated[ActionItem, strawberry.lazy("quotaloom_graphql.action_items")]] = batch(
        load_plan_items, key="id", by="action_plan_id", description="What is to be done, by their days."
    )
    follow_ups: list[Annotated[ReviewFollowUp, strawberry.lazy("quotaloom_graphql.reviews")]] = batch(
        load_plan_follow_ups,
        key="id",
        by="action_plan_id",
        description="What it carries out of that which reviews agreed on, as far as you may see them.",
    )
    figures: ActionFigures = batch(
        load_figures,
        key="id",
        description="Planned against done, with all shorter plans that belong to it.",
        directives=[together(5_000)],
    )
    comments: list[ActionPlanComment] = batch(
        load_plan_comments, key="id", by="action_plan_id", description="What was said of it, the earliest first."
    )
    history: list[ActionPlanEntry] = batch(
        load_history,
        key="id",
        by="action_plan_id",
        description="Its steps, and every change since it was agreed on, the earliest first.",
    )
    viewer_can: ViewerCanOnActionPlan = batch(load_plan_rights, description="What you may do with it.")


NODE_LOADERS: dict[str, NodeLoader] = {"ActionPlan": load_action_plans, "ActionItem": load_items}
"""How `node(id:)` finds what these types name."""


@strawberry.type
class ActionPlanQuery:
    """Root fields of action plans."""

    action_plan: ActionPlan | None = root_field(resolve_action_plan, weight=READING, description="One action plan.")
    action_plans: Connection[ActionPlan] = root_field(
        resolve_action_plans,
        weight=WHOLE_LIST,
        description="Action plans that you may see, page by page, the latest first: your own, and those of units that"
        " you lead.",
    )
    action_items: Connection[Annotated[ActionItem, strawberry.lazy("quotaloom_graphql.action_items")]] = root_field(
        resolve_action_items,
        weight=WHOLE_LIST,
        description="Items of these plans, page by page, what is due first.",
    )
