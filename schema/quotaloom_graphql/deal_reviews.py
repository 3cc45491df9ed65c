"""Deal reviews: what a head advised and agreed on, and what came of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import strawberry

from quotaloom.activities.facts import Moment
from quotaloom.activities.kinds import ActivityKind
from quotaloom.funnels.commands.deal_reviews import AgreedStep, NewReview, follow_up_deal_review, review_deal
from quotaloom.platform.work import Work
from quotaloom_graphql.activities import Activity
from quotaloom_graphql.activity_loaders import load_review_steps
from quotaloom_graphql.connections import Connection
from quotaloom_graphql.context import Services
from quotaloom_graphql.deal_review_loaders import deal_reviews_due, load_review_rights, load_reviews
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_LIST
from quotaloom_graphql.funnel_loaders import load_opportunities
from quotaloom_graphql.funnels import Opportunity
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import Node, NodeLoader, decode_id, global_id, optional_id
from quotaloom_graphql.organization_loaders import load_members
from quotaloom_graphql.organizations import Member
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch


@strawberry.type(description="What you may do with a deal review; the server checks again.")
class ViewerCanOnDealReview:
    """Rights of the viewer on a review."""

    follow_up: bool = strawberry.field(description="Say what came of it.")


@strawberry.type(description="A head worked through a deal with its owner (理单).")
class DealReview(Node):
    """A review."""

    id: strawberry.ID = global_id("DealReview")
    reviewed_on: date = strawberry.field(description="The day of it.")
    at: datetime = strawberry.field(description="When it was entered.")
    advice: str = strawberry.field(description="What he advised.")
    follow_up_on: date | None = strawberry.field(description="When he comes back to it; null where he need not.")
    followed_up_on: date | None = strawberry.field(description="When he did; null while he has not.")
    result: str | None = strawberry.field(description="What came of it.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    reviewer: Member | None = batch(
        load_members,
        key="reviewer_id",
        by="id",
        one=True,
        description="Whoever held it.",
    )
    opportunity: Opportunity | None = batch(
        load_opportunities, key="opportunity_id", by="id", one=True, description="The deal."
    )
    steps: list[Activity] = batch(
        load_review_steps, key="id", by="deal_review_id", description="What was agreed on, in the order named."
    )
    viewer_can: ViewerCanOnDealReview = batch(load_review_rights, description="What you may do with it.")


@strawberry.input(description="Something that was agreed on.")
class AgreedStepInput:
    """A step."""

    matter: str = strawberry.field(description="What is to be done, in 200 characters at the most.")
    kind: ActivityKind = strawberry.field(default=ActivityKind.TASK, description="A task, if nothing else is named.")
    due_on: date | None = strawberry.field(default=None, description="The day on which it is due.")
    due_at: datetime | None = strawberry.field(
        default=None, description="Or the moment, with its offset; the company's time zone makes the day of it."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who does it; who holds the deal's position if not given."
    )


@strawberry.input(description="A review of a deal, as of today.")
class ReviewDealInput:
    """A review."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    advice: str = strawberry.field(description="What you advise, in 2,000 characters at the most.")
    steps: list[AgreedStepInput] = strawberry.field(
        default_factory=list, description="What you agreed on: each becomes a planned activity; 50 at the most."
    )
    follow_up_on: date | None = strawberry.field(default=None, description="When you come back to it, if you do.")


@strawberry.input(description="What came of a review, as of today.")
class FollowUpDealReviewInput:
    """A follow-up."""

    id: strawberry.ID = strawberry.field(description="The review.")
    result: str = strawberry.field(description="What came of it, in 2,000 characters at the most.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version you saw; refused where it has changed meanwhile."
    )


@strawberry.type(description="The review as it stands now.")
class DealReviewPayload:
    """A review, or what was wrong."""

    review: DealReview | None = batch(load_reviews, key="review_id", by="id", one=True, description="The review.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _review(work: Work, input: ReviewDealInput, _: Services) -> dict[str, Any]:
    steps = [
        AgreedStep(
            step.matter,
            Moment(step.due_at, step.due_on),
            optional_id(step.member_id, "Member", ("steps", number, "memberId")),
            step.kind,
        )
        for number, step in enumerate(input.steps)
    ]
    deal_id = decode_id(input.id, "Opportunity", ("id",))
    return {"review_id": await review_deal(work, deal_id, NewReview(input.advice, steps, input.follow_up_on))}


async def _follow_up(work: Work, input: FollowUpDealReviewInput, _: Services) -> dict[str, Any]:
    review_id = decode_id(input.id, "DealReview", ("id",))
    await follow_up_deal_review(work, review_id, input.result, input.expected_version)
    return {"review_id": review_id}


NODE_LOADERS: dict[str, NodeLoader] = {"DealReview": load_reviews}
"""How `node(id:)` finds what these types name."""


@strawberry.type
class DealReviewQuery:
    """Root fields of deal reviews."""

    deal_reviews_due: Connection[DealReview] = root_field(
        deal_reviews_due,
        weight=WHOLE_LIST,
        description="Reviews that wait to be followed up, of deals of positions you lead, what is due first: a page.",
    )


@strawberry.type
class DealReviewMutation:
    """Mutations of deal reviews."""

    review_deal: DealReviewPayload = mutation(
        _review, description="Work through a deal with its owner: advice, agreed steps, and when you come back to it."
    )
    follow_up_deal_review: DealReviewPayload = mutation(_follow_up, description="Say what came of a deal review.")
