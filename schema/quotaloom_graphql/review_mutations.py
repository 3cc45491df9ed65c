"""Mutations that open reviews and take their steps."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.platform.work import Work
from quotaloom.reviews.closing import appeal_review, calibrate_review, cancel_review, confirm_review, decide_appeal
from quotaloom.reviews.cycles import file_cycle, open_cycle
from quotaloom.reviews.follow_ups import NewFollowUp, plan_follow_up, settle_follow_up
from quotaloom.reviews.parts import GivenScore, Scoring
from quotaloom.reviews.scoring import score_review, score_self
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.metrics import EXPECTED
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from quotaloom_graphql.review_loaders import load_cycles, load_reviews
from quotaloom_graphql.reviews import Review, ReviewCycle
from strawberry_breadth import batch


@strawberry.input(description="The reviews of a period to open.")
class OpenReviewCycleInput:
    """A cycle."""

    form_id: strawberry.ID = strawberry.field(description="The form.")
    period: str = strawberry.field(description="A period that is over, such as `2017-06`, of the form's grain.")
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="The unit whose subtree is reviewed; all that the form is for if not given."
    )


@strawberry.input(description="A cycle whose reviews are to be filed together.")
class FileReviewCycleInput:
    """A filing."""

    id: strawberry.ID = strawberry.field(description="The cycle.")


@strawberry.input(description="What is given for a part of a review; what is left out stays.")
class ReviewScoreInput:
    """A score."""

    part: str = strawberry.field(description="The part's key.")
    score: Decimal | None = strawberry.field(
        default=None, description="From 0 to the part's highest score, two places; none for a part with a metric."
    )
    comment: str | None = strawberry.field(default=None, description="What you say of it.")


@strawberry.input(description="The member's own scores.")
class ScoreOwnReviewInput:
    """A self score."""

    id: strawberry.ID = strawberry.field(description="The review.")
    scores: list[ReviewScoreInput] = strawberry.field(default_factory=list, description="By part.")
    comment: str | None = strawberry.field(default=None, description="What you say of the whole.")
    submit: bool = strawberry.field(default=True, description="False keeps it as a draft that nobody else sees.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="Something agreed on for the next period.")
class ReviewFollowUpInput:
    """An agreement."""

    text: str = strawberry.field(description="What, in 2,000 characters at the most.")
    due_on: date | None = strawberry.field(default=None, description="By when.")
    metric: str | None = strawberry.field(default=None, description="The key of the metric that it serves.")
    objective_id: strawberry.ID | None = strawberry.field(default=None, description="The objective that it serves.")


@strawberry.input(description="The manager's scores, and what he and the member agreed on.")
class ScoreReviewInput:
    """A manager's score."""

    id: strawberry.ID = strawberry.field(description="The review.")
    scores: list[ReviewScoreInput] = strawberry.field(default_factory=list, description="By part.")
    comment: str | None = strawberry.field(default=None, description="What you say of the whole.")
    follow_ups: list[ReviewFollowUpInput] | None = strawberry.field(
        default=None, description="All that was agreed on, in the place of what stands there; 30 at the most."
    )
    submit: bool = strawberry.field(default=True, description="False keeps it as a draft that the member does not see.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="That you have read your review.")
class ConfirmReviewInput:
    """A confirmation."""

    id: strawberry.ID = strawberry.field(description="The review.")
    agrees: bool = strawberry.field(default=False, description="You agree, and waive your appeal.")
    comment: str | None = strawberry.field(default=None, description="What you say of it.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An appeal against your scores.")
class AppealReviewInput:
    """An appeal."""

    id: strawberry.ID = strawberry.field(description="The review.")
    reason: str = strawberry.field(description="What you appeal against.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A decision on an appeal.")
class DecideReviewAppealInput:
    """A decision."""

    id: strawberry.ID = strawberry.field(description="The review.")
    granted: bool = strawberry.field(
        description="True: with the scores given here all is counted anew, attainment too. False: the scores stand."
    )
    reason: str = strawberry.field(description="Why.")
    scores: list[ReviewScoreInput] = strawberry.field(default_factory=list, description="What changes, by part.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="Another grade of a review that waits to be filed.")
class CalibrateReviewInput:
    """A calibration."""

    id: strawberry.ID = strawberry.field(description="The review.")
    grade: str = strawberry.field(description="The grade.")
    reason: str = strawberry.field(description="Why.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A review to end before it is filed.")
class CancelReviewInput:
    """A cancellation."""

    id: strawberry.ID = strawberry.field(description="The review.")
    reason: str = strawberry.field(description="Why.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="What became of something that was agreed on.")
class SettleReviewFollowUpInput:
    """An outcome."""

    id: strawberry.ID = strawberry.field(description="What was agreed on.")
    done: bool = strawberry.field(description="Whether it was done.")
    note: str | None = strawberry.field(default=None, description="What you say of it.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="The action plan in which something that was agreed on is done.")
class PlanReviewFollowUpInput:
    """A link."""

    id: strawberry.ID = strawberry.field(description="What was agreed on.")
    action_plan_id: strawberry.ID | None = strawberry.field(
        default=None, description="An action plan of the member; none takes the link back."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The cycle as it stands now.")
class ReviewCyclePayload:
    """A cycle, or what was wrong."""

    cycle: ReviewCycle | None = batch(load_cycles, key="cycle_id", by="id", one=True, description="The cycle.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.type(description="The review as it stands now.")
class ReviewPayload:
    """A review, or what was wrong."""

    review: Review | None = batch(load_reviews, key="review_id", by="id", one=True, description="The review.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _open(work: Work, input: OpenReviewCycleInput, services: Services) -> dict[str, Any]:
    form_id = decode_id(input.form_id, "ReviewForm", ("formId",))
    unit_id = optional_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    return {"cycle_id": await open_cycle(work, services.policies.registry, form_id, input.period, unit_id)}


async def _file(work: Work, input: FileReviewCycleInput, _: Services) -> dict[str, Any]:
    cycle_id = decode_id(input.id, "ReviewCycle", ("id",))
    await file_cycle(work, cycle_id)
    return {"cycle_id": cycle_id}


async def _score_own(work: Work, input: ScoreOwnReviewInput, _: Services) -> dict[str, Any]:
    review_id = _number(input.id)
    scoring = Scoring(_scores(input.scores), input.comment, input.submit)
    await score_self(work, review_id, scoring, input.expected_version)
    return {"review_id": review_id}


async def _score(work: Work, input: ScoreReviewInput, services: Services) -> dict[str, Any]:
    review_id = _number(input.id)
    scoring = Scoring(_scores(input.scores), input.comment, input.submit)
    agreed = None
    if input.follow_ups is not None:
        agreed = [
            NewFollowUp(
                one.text,
                one.due_on,
                one.metric,
                optional_id(one.objective_id, "Objective", ("followUps", place, "objectiveId")),
            )
            for place, one in enumerate(input.follow_ups)
        ]
    await score_review(work, services.policies, review_id, scoring, agreed, input.expected_version)
    return {"review_id": review_id}


async def _confirm(work: Work, input: ConfirmReviewInput, _: Services) -> dict[str, Any]:
    review_id = _number(input.id)
    await confirm_review(
        work, review_id, agrees=input.agrees, comment=input.comment, expected_version=input.expected_version
    )
    return {"review_id": review_id}


async def _appeal(work: Work, input: AppealReviewInput, _: Services) -> dict[str, Any]:
    review_id = _number(input.id)
    await appeal_review(work, review_id, input.reason, input.expected_version)
    return {"review_id": review_id}


async def _decide(work: Work, input: DecideReviewAppealInput, services: Services) -> dict[str, Any]:
    review_id = _number(input.id)
    await decide_appeal(
        work,
        services.policies,
        review_id,
        input.reason,
        granted=input.granted,
        scores=_scores(input.scores),
        expected_version=input.expected_version,
    )
    return {"review_id": review_id}


async def _calibrate(work: Work, input: CalibrateReviewInput, _: Services) -> dict[str, Any]:
    review_id = _number(input.id)
    await calibrate_review(work, review_id, input.grade, input.reason, input.expected_version)
    return {"review_id": review_id}


async def _cancel(work: Work, input: CancelReviewInput, _: Services) -> dict[str, Any]:
    review_id = _number(input.id)
    await cancel_review(work, review_id, input.reason, input.expected_version)
    return {"review_id": review_id}


async def _settle(work: Work, input: SettleReviewFollowUpInput, _: Services) -> dict[str, Any]:
    number = decode_id(input.id, "ReviewFollowUp", ("id",))
    review_id = await settle_follow_up(
        work, number, done=input.done, note=input.note, expected_version=input.expected_version
    )
    return {"review_id": review_id}


async def _plan(work: Work, input: PlanReviewFollowUpInput, _: Services) -> dict[str, Any]:
    number = decode_id(input.id, "ReviewFollowUp", ("id",))
    plan_id = optional_id(input.action_plan_id, "ActionPlan", ("actionPlanId",))
    return {"review_id": await plan_follow_up(work, number, plan_id, input.expected_version)}


def _scores(given: list[ReviewScoreInput]) -> list[GivenScore]:
    return [GivenScore(one.part, one.score, one.comment) for one in given]


def _number(global_id: str) -> int:
    return decode_id(global_id, "Review", ("id",))


@strawberry.type
class ReviewMutation:
    """Mutations of reviews."""

    open_review_cycle: ReviewCyclePayload = mutation(
        _open,
        weight=WHOLE_PLAN,
        description="Open the reviews of a period that is over; doing it again adds who has none yet.",
    )
    file_review_cycle: ReviewCyclePayload = mutation(
        _file,
        weight=WHOLE_PLAN,
        description="File the reviews of a cycle together, where grades are limited and nobody is beyond.",
    )
    score_own_review: ReviewPayload = mutation(_score_own, description="Give your own scores.")
    score_review: ReviewPayload = mutation(
        _score, description="Give the manager's scores; the company's scorer is asked, and the member confirms."
    )
    confirm_review: ReviewPayload = mutation(_confirm, description="Say that you have read your review.")
    appeal_review: ReviewPayload = mutation(_appeal, description="Appeal against your scores.")
    decide_review_appeal: ReviewPayload = mutation(_decide, description="Decide on an appeal.")
    calibrate_review: ReviewPayload = mutation(
        _calibrate, description="Give a review another grade before it is filed, with a reason."
    )
    cancel_review: ReviewPayload = mutation(_cancel, description="End a review before it is filed, with a reason.")
    plan_review_follow_up: ReviewPayload = mutation(
        _plan, description="Say in which action plan of the member something that was agreed on is done."
    )
    settle_review_follow_up: ReviewPayload = mutation(
        _settle, description="Say whether something that was agreed on was done."
    )
