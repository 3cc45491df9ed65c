"""Reviews (考核) and their cycles."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import orjson
import strawberry
from strawberry.scalars import JSON

from quotaloom.reviews.forms import PartKind
from quotaloom.reviews.steps import Step
from quotaloom_graphql.action_plan_loaders import load_action_plans, load_review_plans
from quotaloom_graphql.connections import Connection
from quotaloom_graphql.decimals import shortest
from quotaloom_graphql.field_costs import READING, WHOLE_LIST
from quotaloom_graphql.metrics import Metric, load_metrics
from quotaloom_graphql.nodes import Node, NodeLoader, encode_id, global_id
from quotaloom_graphql.objective_loaders import load_objectives
from quotaloom_graphql.objectives import Objective
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.review_forms import ReviewForm, ReviewFormVersion
from quotaloom_graphql.review_loaders import (
    load_cycles,
    load_follow_ups,
    load_forms,
    load_groups,
    load_part_attainment,
    load_parts,
    load_period_action_plans,
    load_previous,
    load_progress,
    load_review_rights,
    load_reviews,
    load_scoring,
    load_steps,
    load_versions,
    review_cycle,
    review_cycles,
    review_forms,
    reviews_page,
)
from quotaloom_graphql.rights import load_review_cycle_rights
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch, column

if TYPE_CHECKING:
    from quotaloom_graphql.action_plans import ActionPlan


@strawberry.type(description="What you may do with a review as it stands; the server checks again.")
class ViewerCanOnReview:
    """Rights of the viewer."""

    score_self: bool = strawberry.field(description="Give your own scores.")
    score: bool = strawberry.field(description="Give the manager's scores; nobody is his own manager.")
    confirm: bool = strawberry.field(description="Say that you have read it.")
    appeal: bool = strawberry.field(description="Appeal against your scores.")
    decide: bool = strawberry.field(description="Decide on the appeal; nobody does on scores that he gave.")
    calibrate: bool = strawberry.field(description="Give it another grade before it is filed.")
    cancel: bool = strawberry.field(description="End it before it is filed.")
    settle: bool = strawberry.field(description="Say what became of what was agreed on.")
    plan_follow_ups: bool = strawberry.field(description="Say in which action plan it is done.")


@strawberry.type(description="The attainment that a part counts; amounts have the metric's decimal places.")
class ReviewPartAttainment:
    """A line."""

    achieved: Decimal = strawberry.field(
        description="Credited amounts of all of the member's positions, or of the unit he heads."
    )
    target: Decimal | None = strawberry.field(description="What was aimed for.")
    assessment: Decimal | None = strawberry.field(description="What is assessed against.")
    stretch: Decimal | None = strawberry.field(description="Above the target.")
    rate: Decimal | None = strawberry.field(description="`achieved ÷ target`, six places; null without a target.")
    scored: bool = strawberry.field(description="Whether these are the figures that were scored, which stay.")


@strawberry.type(description="A part of a review. What somebody has not handed in yet, nobody else sees.")
class ReviewPart:
    """A part."""

    key: str = strawberry.field(description="Its name for arguments.")
    title: str = strawberry.field(description="Its name for people.")
    kind: PartKind = strawberry.field(description="Where its points come from.")
    weight: Decimal = column(shortest, of="weight", description="Its share of the whole.")
    most: Decimal = column(shortest, of="most", description="Its highest score.")
    self_score: Decimal | None = column(shortest, of="self_score", description="What the member gave himself.")
    self_comment: str | None = strawberry.field(description="What he said of it.")
    manager_score: Decimal | None = column(shortest, of="manager_score", description="What the manager gave.")
    comment: str | None = column(str, of="manager_comment", description="What the manager said of it.")
    points: Decimal | None = strawberry.field(description="What it counted as, two places; null before it was scored.")
    metric: Metric | None = batch(load_metrics, key="metric_id", by="id", one=True, description="Its metric, if any.")
    attainment: ReviewPartAttainment | None = batch(
        load_part_attainment, description="What was attained: as it was scored, else as it stands now."
    )


@strawberry.type(description="Something that happened to a review.")
class ReviewStepRecord:
    """A record."""

    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(description="Who did it; `quotaloom` where time had passed.")
    action: str = strawberry.field(description="What was done, such as `scored`, `appealed`, `self_skipped`.")
    from_step: Step | None = strawberry.field(description="The step before.")
    to_step: Step = strawberry.field(description="The step after.")
    before: JSON | None = strawberry.field(description="What was there before.")
    after: JSON | None = strawberry.field(description="What is there since.")
    reason: str | None = strawberry.field(description="Why.")
    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="Who did it.")


@strawberry.type(description="Something that was agreed on for the next period.")
class ReviewFollowUp:
    """An agreement."""

    id: strawberry.ID = column(
        lambda number: encode_id("ReviewFollowUp", number), of="id", description="Names it for `settleReviewFollowUp`."
    )
    text: str = strawberry.field(description="What.")
    due_on: date | None = strawberry.field(description="By when.")
    done: bool | None = column(
        {"open": None, "done": True, "missed": False}.get, of="state", description="Null while nobody has said."
    )
    note: str | None = strawberry.field(description="What was said of it.")
    settled_at: datetime | None = strawberry.field(description="When it was said whether it was done.")
    settled_by: str | None = strawberry.field(description="By whom.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    action_plan: Annotated[ActionPlan, strawberry.lazy("quotaloom_graphql.action_plans")] | None = batch(
        load_action_plans, key="action_plan_id", by="id", one=True, description="The action plan in which it is done."
    )
    review: Review | None = batch(
        load_reviews, key="review_id", by="id", one=True, description="Where it was agreed on."
    )
    metric: Metric | None = batch(
        load_metrics, key="metric_id", by="id", one=True, description="Which metric it serves."
    )
    objective: Objective | None = batch(
        load_objectives, key="objective_id", by="id", one=True, description="Which objective it serves."
    )


@strawberry.type(description="What scored a review.")
class ReviewScoring:
    """A stamp."""

    policy: str = strawberry.field(description="The policy's full key, such as `reviews.weighted_score`.")
    plugin: str = strawberry.field(description="Its plugin.")
    plugin_version: str | None = strawberry.field(description="The version of that plugin.")
    setting_revision: int | None = strawberry.field(description="The revision of the company's setting.")
    parameters: JSON = strawberry.field(description="The parameters in force.")


@strawberry.type(description="How many reviews are at a step, of those that you may see.")
class ReviewProgress:
    """A count."""

    step: Step = strawberry.field(description="The step.")
    count: int = column(int, of="number", description="How many.")
    overdue: int = strawberry.field(description="How many of them are late.")


@strawberry.type(description="A grade of which there are not enough for everybody.")
class ReviewPlaces:
    """Places."""

    grade: str = strawberry.field(description="The grade.")
    taken: int = strawberry.field(description="How many of the group have it.")
    most: int = strawberry.field(description="How many may: its own places, and those of better grades that are free.")


@strawberry.type(description="A grade that fits into the limits.")
class ReviewProposal:
    """A proposal; it changes nothing."""

    grade: str = strawberry.field(description="The grade that it could have.")
    tied: bool = strawberry.field(description="Whether one with the same score is proposed another: people decide.")
    review: Review | None = batch(load_reviews, key="review_id", by="id", one=True, description="The review.")


@strawberry.type(description="Peers among whom grades are limited.")
class ReviewGroup:
    """A group."""

    count: int = strawberry.field(description="How many they are, so far.")
    org_unit: OrgUnit | None = batch(
        load_units, key="unit_id", by="id", one=True, description="The unit above them; null for the whole cycle."
    )
    places: list[ReviewPlaces] = strawberry.field(description="The limited grades, the best first.")
    proposed: list[ReviewProposal] = strawberry.field(description="Grades that would fit, by score.")


@strawberry.type(description="What you may do with a cycle; the server checks again.")
class ViewerCanOnReviewCycle:
    """Rights of the viewer."""

    file: bool = strawberry.field(description="File its reviews together, where grades are limited.")


@strawberry.type(description="The reviews of a period.")
class ReviewCycle(Node):
    """A cycle."""

    id: strawberry.ID = global_id("ReviewCycle")
    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="Its first day.")
    ends_on: date = strawberry.field(description="The day after its last.")
    opened_on: date = strawberry.field(description="When it was opened; the scorer is the one in force on that day.")
    opened_by: str = strawberry.field(description="By whom.")
    form: ReviewForm = batch(load_forms, key="form_id", by="id", one=True, description="The form.")
    form_version: ReviewFormVersion = batch(
        load_versions, key="form_version_id", by="id", one=True, description="The version that its reviews are on."
    )
    org_unit: OrgUnit | None = batch(
        load_units, key="unit_id", by="id", one=True, description="The unit whose subtree is reviewed."
    )
    progress: list[ReviewProgress] = batch(
        load_progress, key="id", by="cycle_id", description="How far its reviews are, step by step."
    )
    groups: list[ReviewGroup] = batch(
        load_groups, key="id", by="cycle_id", description="Among whom grades are limited; admins see it."
    )
    viewer_can: ViewerCanOnReviewCycle = batch(
        load_review_cycle_rights, key="id", description="What you may do with it."
    )


@strawberry.type(description="A member judged for a period (考核). Once filed it never changes.")
class Review(Node):
    """A review."""

    id: strawberry.ID = global_id("Review")
    period: str = strawberry.field(description="The period's label.")
    starts_on: date = strawberry.field(description="Its first day.")
    ends_on: date = strawberry.field(description="The day after its last.")
    step: Step = strawberry.field(description="What it waits for.")
    due_on: date | None = strawberry.field(description="The last day of that; null where it has no time.")
    escalated_on: date | None = strawberry.field(
        description="Since when heads above the manager may score, his time having passed."
    )
    self_scored_at: datetime | None = strawberry.field(description="When the member scored himself.")
    self_comment: str | None = strawberry.field(description="What the member says of the whole.")
    scored_at: datetime | None = strawberry.field(description="When the manager scored it.")
    comment: str | None = column(str, of="manager_comment", description="What the manager says of the whole.")
    appeal: str | None = strawberry.field(description="What the member appeals against.")
    score: Decimal | None = strawberry.field(description="The score of the whole, two places.")
    grade: str | None = strawberry.field(description="Its grade; null where the form has none.")
    explanation: JSON | None = column(
        orjson.loads, of="explanation", description="The scorer's own explanation: text, values and items."
    )
    filed_at: datetime | None = strawberry.field(description="When it was filed.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    scoring: ReviewScoring | None = batch(load_scoring, description="What scored it; null while nobody has.")
    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="Who is judged.")
    reviewer: Member | None = batch(
        load_members, key="reviewer_id", by="id", one=True, description="Who gave the manager's scores, if a member."
    )
    position: OrgUnit | None = batch(
        load_units,
        key="position_id",
        by="id",
        one=True,
        description="His position, or the unit that he is judged as the head of.",
    )
    cycle: ReviewCycle = batch(load_cycles, key="cycle_id", by="id", one=True, description="The cycle.")
    form: ReviewForm = batch(load_forms, key="form_id", by="id", one=True, description="The form.")
    form_version: ReviewFormVersion = batch(
        load_versions, key="form_version_id", by="id", one=True, description="The version of it that it is on."
    )
    parts: list[ReviewPart] = batch(load_parts, key="id", by="review_id", description="What is judged, in order.")
    steps: list[ReviewStepRecord] = batch(
        load_steps, key="id", by="review_id", description="All that happened to it, the earliest first."
    )
    follow_ups: list[ReviewFollowUp] = batch(
        load_follow_ups, key="id", by="review_id", description="What was agreed on for the next period."
    )
    period_action_plans: list[Annotated[ActionPlan, strawberry.lazy("quotaloom_graphql.action_plans")]] = batch(
        load_period_action_plans,
        key="id",
        by="review_id",
        description="What the member planned and did in the period: his action plans with days in it.",
    )
    previous: Review | None = batch(
        load_previous,
        key="id",
        description="His last filed review by the same form before, with what was agreed on then.",
    )
    next_plans: list[Annotated[ActionPlan, strawberry.lazy("quotaloom_graphql.action_plans")]] = batch(
        load_review_plans,
        key="id",
        by="review_id",
        description="The action plans that take up its outcome, as far as you may see them.",
    )
    viewer_can: ViewerCanOnReview = batch(load_review_rights, description="What you may do with it.")


NODE_LOADERS: dict[str, NodeLoader] = {"Review": load_reviews, "ReviewForm": load_forms, "ReviewCycle": load_cycles}
"""How `node(id:)` finds what these types name."""


@strawberry.type
class ReviewQuery:
    """Root fields of reviews."""

    reviews: Connection[Review] = root_field(
        reviews_page, weight=WHOLE_LIST, description="Reviews that you may see, the latest period first: a page."
    )
    review_forms: list[ReviewForm] = root_field(
        review_forms, weight=READING, description="Every form, in the order of their making."
    )
    review_cycles: list[ReviewCycle] = root_field(
        review_cycles, weight=READING, description="Every cycle, the latest period first."
    )
    review_cycle: ReviewCycle | None = root_field(review_cycle, weight=READING, description="One cycle.")
