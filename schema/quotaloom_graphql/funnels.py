"""Funnels with their stages, customers, and deals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.forecasting import ForecastCategory
from quotaloom.funnels.stages import Mover, Outcome
from quotaloom_graphql.achievement_loaders import load_opportunity_achievements
from quotaloom_graphql.action_item_loaders import load_customer_items, load_opportunity_items
from quotaloom_graphql.activity_loaders import load_customer_activities, load_opportunity_activities
from quotaloom_graphql.attribute_loaders import load_customer_attributes, load_opportunity_attributes
from quotaloom_graphql.attributes import AttributeValue
from quotaloom_graphql.connections import Connection
from quotaloom_graphql.creditings import Crediting, load_creditings
from quotaloom_graphql.deal_lines import OpportunityLine, load_lines
from quotaloom_graphql.deal_review_loaders import load_deal_reviews, load_reviewing
from quotaloom_graphql.decimals import shortest
from quotaloom_graphql.duplicates import load_customer_duplicates
from quotaloom_graphql.field_costs import together
from quotaloom_graphql.funnel_figures import FunnelFigures, load_funnel_figures
from quotaloom_graphql.funnel_loaders import (
    load_customer_opportunities,
    load_customer_rights,
    load_customers,
    load_funnel_opportunities,
    load_funnel_stages,
    load_funnels,
    load_merged_customers,
    load_moves,
    load_opportunity_rights,
    load_splits,
    load_stage_amount,
    load_stage_count,
    load_stage_opportunities,
    load_stage_unconverted,
    load_stage_weighted_amount,
    load_stage_without_amount,
    load_stages,
)
from quotaloom_graphql.lead_loaders import load_customer_leads, load_levels, load_opportunity_leads
from quotaloom_graphql.metrics import Product, load_products
from quotaloom_graphql.nodes import Node, global_id
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.ownerships import Ownership
from quotaloom_graphql.pool_loaders import load_customer_ownerships, load_opportunity_ownerships
from quotaloom_graphql.standards import (
    CloseReason,
    FunnelVersion,
    OpportunityDocument,
    StageDecision,
    StageStandard,
    UnmetStandard,
    load_close_reasons,
    load_close_reasons_by_id,
    load_deciding,
    load_decisions,
    load_documents,
    load_standards,
    load_unmet_standards,
    load_versions,
)
from quotaloom_graphql.unconverted import UnconvertedAmount
from strawberry_breadth import batch, column

if TYPE_CHECKING:
    from quotaloom_graphql.achievements import Achievement
    from quotaloom_graphql.action_items import ActionItem
    from quotaloom_graphql.activities import Activity
    from quotaloom_graphql.customer_levels import CustomerLevel
    from quotaloom_graphql.deal_reviews import DealReview
    from quotaloom_graphql.duplicates import PossibleDuplicate
    from quotaloom_graphql.leads import Lead


@strawberry.type(description="A pipeline of stages that deals climb (漏斗).")
class Funnel(Node):
    """A funnel."""

    id: strawberry.ID = global_id("Funnel")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    version: int = strawberry.field(description="Counts changes.")
    latest_version: int = strawberry.field(description="The number of the version that new deals follow.")
    org_unit: OrgUnit | None = batch(
        load_units,
        key="unit_id",
        by="id",
        one=True,
        description="The unit whose positions use it; null where all of the company do, or you may not see it.",
    )
    stages: list[Stage] = batch(
        load_funnel_stages, key="id", by="funnel_id", description="The stages of a version, in order."
    )
    versions: list[FunnelVersion] = batch(
        load_versions, key="id", by="funnel_id", description="How it was laid out, the earliest first."
    )
    close_reasons: list[CloseReason] = batch(
        load_close_reasons,
        key="id",
        by="funnel_id",
        description="Why its deals are closed, each outcome's in order; where an outcome has any, closing needs one.",
    )
    opportunities: list[Opportunity] | None = batch(
        load_funnel_opportunities,
        key="id",
        by="funnel_id",
        description="Its deals that you may see.",
        directives=[together(20_000)],
    )
    figures: list[FunnelFigures] = batch(
        load_funnel_figures,
        key="id",
        by="owner_id",
        description="Figures of all its deals that you may see, for each part of a period and each product or"
        " source that is asked for. Of a unit: `OrgUnit.funnelFigures`.",
        directives=[together(40_000)],
    )


@strawberry.type(description="A step of a funnel (阶段). Its figures are of the deals that you may see.")
class Stage(Node):
    """A stage."""

    id: strawberry.ID = global_id("Stage")
    key: str = strawberry.field(description="Its name for machines, unique in the funnel.")
    name: str = strawberry.field(description="Its name.")
    version_number: int = strawberry.field(description="Of which version of the funnel it is.")
    ordinal: int = strawberry.field(description="Its place in that version, from 0.")
    outcome: Outcome = strawberry.field(description="Open, won, lost or invalid.")
    win_probability: Decimal = column(
        shortest, of="win_probability", description="How likely its deals are won, from 0 to 1."
    )
    age_limit_days: int | None = strawberry.field(description="After so many days in it a deal is too old.")
    forward: Mover = column(Mover, of="forward", description="Who may move a deal on out of it.")
    backward: Mover = column(Mover, of="backward", description="Who may move a deal back out of it.")
    skipping: bool = strawberry.field(description="Whether a deal may jump over the next stage.")
    standards: list[StageStandard] = batch(
        load_standards, key="id", by="stage_id", description="What a deal must meet before it is moved on, in order."
    )
    funnel: Funnel = batch(load_funnels, key="funnel_id", by="id", one=True, description="The funnel it belongs to.")
    count: int = batch(
        load_stage_count, key="id", description="How many deals are in it.", directives=[together(5_000)]
    )
    amount: Decimal = batch(
        load_stage_amount,
        key="id",
        description="What its deals are worth in the company's currency.",
        directives=[together(20_000)],
    )
    weighted_amount: Decimal = batch(
        load_stage_weighted_amount,
        key="id",
        description="That amount times the win probability.",
        directives=[together(20_000)],
    )
    without_amount: int = batch(
        load_stage_without_amount,
        key="id",
        description="How many of its deals have no amount.",
        directives=[together(20_000)],
    )
    unconverted: list[UnconvertedAmount] = batch(
        load_stage_unconverted,
        key="id",
        description="Deals left out of the amounts, for want of a booking rate.",
        directives=[together(20_000)],
    )
    opportunities: list[Opportunity] | None = batch(
        load_stage_opportunities,
        key="id",
        by="stage_id",
        description="Its deals that you may see.",
        directives=[together(20_000)],
    )


@strawberry.type(description="What you may do with a customer; the server checks again.")
class ViewerCanOnCustomer:
    """Rights of the viewer on a customer."""

    edit: bool = strawberry.field(description="Change it, and set its attributes.")


@strawberry.type(description="An account that deals are with (客户).")
class Customer(Node):
    """A customer."""

    id: strawberry.ID = global_id("Customer")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    sector: str | None = strawberry.field(description="The business it is in.")
    location: str | None = strawberry.field(description="Where it is.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    parent: Customer | None = batch(
        load_customers, key="parent_id", by="id", one=True, description="The customer it belongs to."
    )
    phone: str | None = strawberry.field(description="Its phone number, as it was written.")
    domain: str | None = strawberry.field(description="The internet domain of its website.")
    created_on: date | None = strawberry.field(description="When it was entered.")
    contract_ends_on: date | None = strawberry.field(description="When its contract ends.")
    level: Annotated[CustomerLevel, strawberry.lazy("quotaloom_graphql.customer_levels")] | None = batch(
        load_levels, key="level_id", by="id", one=True, description="Its customer level (客户级别)."
    )
    leads: list[Annotated[Lead, strawberry.lazy("quotaloom_graphql.leads")]] = batch(
        load_customer_leads, key="id", by="customer_id", description="The leads it came of, as far as you may see them."
    )
    position: OrgUnit | None = batch(
        load_units, key="position_id", by="id", one=True, description="The position that holds it; null for nobody's."
    )
    member: Member | None = batch(
        load_members, key="member_id", by="id", one=True, description="Who held the position when it came to it."
    )
    opportunities: list[Opportunity] | None = batch(
        load_customer_opportunities,
        key="id",
        by="customer_id",
        description="The deals with it that you may see.",
        directives=[together(20_000)],
    )
    attributes: list[AttributeValue] = batch(
        load_customer_attributes, key="id", by="subject_id", description="What the company notes of it."
    )
    ownership: Ownership | None = batch(
        load_customer_ownerships, key="id", by="record_id", one=True, description="Whose it is."
    )
    activities: Connection[Annotated[Activity, strawberry.lazy("quotaloom_graphql.activities")]] = batch(
        load_customer_activities, key="id", description="What is planned and done for it, the latest day first: a page."
    )
    action_items: Connection[Annotated[ActionItem, strawberry.lazy("quotaloom_graphql.action_items")]] = batch(
        load_customer_items, key="id", description="What action plans that you may see have for it, what is due first."
    )
    merged_into: Customer | None = batch(
        load_customers, key="merged_into_id", by="id", one=True, description="The customer that it is part of by now."
    )
    merged: list[Customer] = batch(
        load_merged_customers, key="id", by="merged_into_id", description="The customers that are part of it by now."
    )
    possible_duplicates: list[Annotated[PossibleDuplicate, strawberry.lazy("quotaloom_graphql.duplicates")]] = batch(
        load_customer_duplicates,
        key="id",
        description="The customers that are the same by the company's rule.",
        directives=[together(10_000)],
    )
    viewer_can: ViewerCanOnCustomer = batch(load_customer_rights, key="id", description="What you may do with it.")


@strawberry.type(description="A share of the credit of a deal.")
class OpportunitySplit:
    """A split."""

    share: Decimal = column(
        shortest, of="share", description="From 0 to 1; direct shares make 1, overlay shares come on top."
    )
    credit: CreditKind = strawberry.field(description="Direct or overlay.")
    position: OrgUnit | None = batch(
        load_units, key="position_id", by="id", one=True, description="Whose it is; null where you may not see it."
    )
    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="The member credited.")


@strawberry.type(description="A change of stage.")
class StageMove:
    """A move."""

    moved_at: datetime = strawberry.field(description="When it was recorded.")
    moved_on: date | None = strawberry.field(description="The day on which it happened; null where it is not known.")
    actor: str = strawberry.field(description="Who recorded it.")
    reason: str | None = strawberry.field(description="Why.")
    from_stage: Stage | None = batch(
        load_stages, key="from_stage_id", by="id", one=True, description="The stage before; null for a new deal."
    )
    to_stage: Stage = batch(load_stages, key="to_stage_id", by="id", one=True, description="The stage after.")
    member: Member | None = batch(
        load_members, key="actor_member_id", by="id", one=True, description="The member who recorded it, if it was one."
    )


@strawberry.type(description="What you may do with a deal; the server checks again.")
class ViewerCanOnOpportunity:
    """Rights of the viewer on a deal."""

    edit: bool = strawberry.field(
        description="Change, move, close and reopen it, and set its attributes and documents."
    )
    decide: bool = batch(
        load_deciding, key="opportunity_id", description="Approve, or refuse, that it leaves its stage."
    )
    review: bool = batch(
        load_reviewing, key="opportunity_id", description="Review it: you lead its position, and it is not your own."
    )


@strawberry.type(description="A possible deal, in one stage of one funnel (商机).")
class Opportunity(Node):
    """An opportunity."""

    id: strawberry.ID = global_id("Opportunity")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    outcome: Outcome = strawberry.field(description="Open, won, lost or invalid.")
    amount: Decimal | None = strawberry.field(description="What it is worth in its currency; null where unknown.")
    currency: str = strawberry.field(description="ISO 4217 code.")
    amount_estimated: bool = strawberry.field(description="Nobody negotiated the amount yet; it may be a list price.")
    opened_on: date | None = strawberry.field(description="When it was opened; null where it is not known.")
    expected_close_on: date | None = strawberry.field(description="When it is expected to close.")
    closed_on: date | None = strawberry.field(description="When it was closed; null while it is open.")
    lost_reason: str | None = strawberry.field(description="Why it was lost, or is invalid, in words.")
    close_reason: CloseReason | None = batch(
        load_close_reasons_by_id,
        key="close_reason_id",
        by="id",
        one=True,
        description="The reason of its funnel with which it was closed.",
    )
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    funnel: Funnel = batch(load_funnels, key="funnel_id", by="id", one=True, description="The funnel it is in.")
    stage: Stage = batch(load_stages, key="stage_id", by="id", one=True, description="The stage it is in.")
    position: OrgUnit | None = batch(
        load_units, key="position_id", by="id", one=True, description="The position (岗位) that works on it."
    )
    member: Member | None = batch(
        load_members, key="member_id", by="id", one=True, description="Who held the position when the deal came to it."
    )
    customer: Customer | None = batch(
        load_customers, key="customer_id", by="id", one=True, description="Whom it is with."
    )
    product: Product | None = batch(load_products, key="product_id", by="id", one=True, description="What is sold.")
    source: str | None = strawberry.field(description="Where it came from.")
    forecast: ForecastCategory = column(
        ForecastCategory, of="forecast", description="What whoever works on it makes of it."
    )
    competitors: list[str] = strawberry.field(description="Who else would like to win it.")
    next_step: str | None = strawberry.field(description="What is to be done next.")
    next_step_on: date | None = strawberry.field(description="When that is to be done.")
    lines: list[OpportunityLine] = batch(
        load_lines,
        key="id",
        by="opportunity_id",
        description="The products that it is about, in the order named; their amounts, if told, make the deal's.",
    )
    splits: list[OpportunitySplit] = batch(
        load_splits,
        key="id",
        by="opportunity_id",
        description="Who shares its credit, in the order named; empty where all of it is the position's.",
    )
    moves: list[StageMove] = batch(
        load_moves, key="id", by="opportunity_id", description="Every change of stage, the earliest first."
    )
    documents: list[OpportunityDocument] = batch(
        load_documents, key="id", by="opportunity_id", description="Its documents, in the order in which they came."
    )
    decisions: list[StageDecision] = batch(
        load_decisions,
        key="id",
        by="opportunity_id",
        description="What managers decided about its stages, the earliest first.",
    )
    unmet_standards: list[UnmetStandard] | None = batch(
        load_unmet_standards,
        reads=("id", "stage_id"),
        description="What it lacks before it may go to a stage; empty where it may. Of the stages alone: gates of"
        " plugins are asked when it moves. Null for a closed deal, and for a stage that its version does not have.",
    )
    achievements: list[Annotated[Achievement, strawberry.lazy("quotaloom_graphql.achievements")]] = batch(
        load_opportunity_achievements,
        key="id",
        by="opportunity_id",
        description="What it has posted to the ledger, reversals included, as far as you may see it.",
    )
    creditings: list[Crediting] = batch(
        load_creditings,
        key="id",
        by="opportunity_id",
        description="How the company's crediting rule shared its credit, the earliest win first; empty where none did.",
    )
    leads: list[Annotated[Lead, strawberry.lazy("quotaloom_graphql.leads")]] = batch(
        load_opportunity_leads,
        key="id",
        by="opportunity_id",
        description="The leads it came of, as far as you may see them.",
    )
    attributes: list[AttributeValue] = batch(
        load_opportunity_attributes, key="id", by="subject_id", description="What the company notes of it."
    )
    ownership: Ownership | None = batch(
        load_opportunity_ownerships, key="id", by="record_id", one=True, description="Whose it is."
    )
    activities: Connection[Annotated[Activity, strawberry.lazy("quotaloom_graphql.activities")]] = batch(
        load_opportunity_activities,
        key="id",
        description="What is planned and done for it, the latest day first: a page.",
    )
    action_items: Connection[Annotated[ActionItem, strawberry.lazy("quotaloom_graphql.action_items")]] = batch(
        load_opportunity_items,
        key="id",
        description="What action plans that you may see have for it, what is due first.",
    )
    deal_reviews: list[Annotated[DealReview, strawberry.lazy("quotaloom_graphql.deal_reviews")]] = batch(
        load_deal_reviews,
        key="id",
        by="opportunity_id",
        description="How it was worked through with its owner (理单), the latest review first.",
    )
    viewer_can: ViewerCanOnOpportunity = batch(
        load_opportunity_rights, reads=("id", "position_id"), description="What you may do with it."
    )
