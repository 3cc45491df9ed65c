"""What is planned and done for leads, customers and deals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from quotaloom.activities.facts import ActivityState
from quotaloom.activities.kinds import ActivityKind
from quotaloom_graphql.action_item_loaders import load_activity_items
from quotaloom_graphql.activity_loaders import load_activities, load_activity_rights, my_tasks
from quotaloom_graphql.connections import Connection
from quotaloom_graphql.field_costs import WHOLE_LIST
from quotaloom_graphql.funnel_loaders import load_customers, load_opportunities
from quotaloom_graphql.funnels import Customer, Opportunity
from quotaloom_graphql.lead_loaders import load_leads
from quotaloom_graphql.nodes import Node, NodeLoader, global_id
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch

if TYPE_CHECKING:
    from quotaloom_graphql.action_items import ActionItem
    from quotaloom_graphql.leads import Lead


@strawberry.type(description="What you may do with an activity; the server checks again.")
class ViewerCanOnActivity:
    """Rights of the viewer on an activity."""

    edit: bool = strawberry.field(description="Complete, change and cancel it, as far as its state allows.")


@strawberry.type(description="A visit, call, meeting, mail or task (活动) for a lead, a customer or a deal.")
class Activity(Node):
    """An activity."""

    id: strawberry.ID = global_id("Activity")
    kind: ActivityKind = strawberry.field(description="A visit, call, meeting, mail or task.")
    state: ActivityState = strawberry.field(description="Planned, done or cancelled.")
    matter: str = strawberry.field(description="What it is about.")
    due_on: date | None = strawberry.field(description="The day on which it is due; null where it was not planned.")
    due_at: datetime | None = strawberry.field(description="The moment, where one was named.")
    overdue: bool = strawberry.field(description="Whether it is planned, and was due before today.")
    done_on: date | None = strawberry.field(
        description="The day on which it was done; a cancelled one keeps it. Null where it never was."
    )
    done_at: datetime | None = strawberry.field(description="The moment, where one is known.")
    place: str | None = strawberry.field(description="Where.")
    materials: list[str] = strawberry.field(description="With what: documents, samples, gifts.")
    cost: Decimal | None = strawberry.field(description="What it cost, in `currency`; null where unknown.")
    currency: str | None = strawberry.field(description="ISO 4217 code; null without a cost.")
    result: str | None = strawberry.field(description="What came of it.")
    at: datetime = strawberry.field(description="When it was entered.")
    actor: str = strawberry.field(description="By whom.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="Who does it.")
    position: OrgUnit | None = batch(
        load_units,
        key="position_id",
        by="id",
        one=True,
        description="The position (岗位) that the member does it for; null where he holds none.",
    )
    lead: Annotated[Lead, strawberry.lazy("quotaloom_graphql.leads")] | None = batch(
        load_leads, key="lead_id", by="id", one=True, description="The lead."
    )
    customer: Customer | None = batch(
        load_customers,
        key="customer_id",
        by="id",
        one=True,
        description="The customer; that of the deal, where it has one.",
    )
    opportunity: Opportunity | None = batch(
        load_opportunities, key="opportunity_id", by="id", one=True, description="The deal."
    )
    action_item: Annotated[ActionItem, strawberry.lazy("quotaloom_graphql.action_items")] | None = batch(
        load_activity_items,
        key="id",
        by="activity_id",
        one=True,
        description="The item of an action plan that it fulfils, as far as you may see it.",
    )
    viewer_can: ViewerCanOnActivity = batch(load_activity_rights, description="What you may do with it.")


NODE_LOADERS: dict[str, NodeLoader] = {"Activity": load_activities}
"""How `node(id:)` finds what these types name."""


@strawberry.type
class ActivityQuery:
    """Root fields of activities."""

    my_tasks: Connection[Activity] = root_field(
        my_tasks, weight=WHOLE_LIST, description="What you have planned, of every kind, what is due first: a page."
    )
