"""Items of action plans."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from quotaloom.action_plans.facts import ItemState
from quotaloom.activities.kinds import ActivityKind
from quotaloom_graphql.action_item_loaders import load_carried, load_items, load_refining
from quotaloom_graphql.action_plan_loaders import load_action_plans
from quotaloom_graphql.action_plans import ActionPlan
from quotaloom_graphql.activities import Activity
from quotaloom_graphql.activity_loaders import load_activities
from quotaloom_graphql.funnel_loaders import load_customers, load_opportunities
from quotaloom_graphql.funnels import Customer, Opportunity
from quotaloom_graphql.lead_loaders import load_leads
from quotaloom_graphql.nodes import Node, global_id
from strawberry_breadth import batch

if TYPE_CHECKING:
    from quotaloom_graphql.leads import Lead


@strawberry.type(description="Something to do in an action plan.")
class ActionItem(Node):
    """An item."""

    id: strawberry.ID = global_id("ActionItem")
    kind: ActivityKind = strawberry.field(description="A visit, call, meeting, mail or task.")
    matter: str = strawberry.field(description="What it is about.")
    state: ItemState = strawberry.field(
        description="Planned, done, cancelled or carried over; it is done where its activity is."
    )
    starts_on: date = strawberry.field(description="The first day on which it may be done.")
    ends_on: date = strawberry.field(description="The day after the last.")
    overdue: bool = strawberry.field(
        description="Whether its last day is over and it is still to be done: in a plan that is not closed, and not"
        " refined."
    )
    done_on: date | None = strawberry.field(description="The day on which it was done.")
    on_time: bool | None = strawberry.field(description="Whether that was by its last day; null while it is not done.")
    place: str | None = strawberry.field(description="Where.")
    materials: list[str] = strawberry.field(description="With what: documents, samples, gifts.")
    budget: Decimal | None = strawberry.field(description="What it may cost, in the company's currency.")
    spent: Decimal | None = strawberry.field(
        description="What it cost, in the company's currency: as said, or else the cost of its activity."
    )
    result: str | None = strawberry.field(description="What came of it: as said, or else of its activity.")
    reason: str | None = strawberry.field(description="Why it was cancelled.")
    refined: bool = strawberry.field(description="Whether items of shorter plans refine it, which count instead.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    action_plan: ActionPlan | None = batch(
        load_action_plans, key="action_plan_id", by="id", one=True, description="The plan that it is of."
    )
    lead: Annotated[Lead, strawberry.lazy("quotaloom_graphql.leads")] | None = batch(
        load_leads, key="lead_id", by="id", one=True, description="The lead that it is for, as far as you may see it."
    )
    customer: Customer | None = batch(
        load_customers, key="customer_id", by="id", one=True, description="The customer; that of the deal, where named."
    )
    opportunity: Opportunity | None = batch(
        load_opportunities, key="opportunity_id", by="id", one=True, description="The deal."
    )
    activity: Activity | None = batch(
        load_activities,
        key="activity_id",
        by="id",
        one=True,
        description="The activity that fulfils it once it is done.",
    )
    refines: ActionItem | None = batch(
        load_items, key="refines_id", by="id", one=True, description="The item of a longer plan that it is a part of."
    )
    refined_by: list[ActionItem] = batch(
        load_refining, key="id", by="refines_id", description="The items of shorter plans that are parts of it."
    )
    carried_from: ActionItem | None = batch(
        load_items,
        key="carried_from_id",
        by="id",
        one=True,
        description="The item of an earlier plan that went on as it.",
    )
    carried_to: ActionItem | None = batch(
        load_carried,
        key="id",
        by="carried_from_id",
        one=True,
        description="The item of a later plan that it went on as.",
    )
