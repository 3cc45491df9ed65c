"""Deal reviews (理单): a head works through a deal with its owner, and comes back to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from asyncpg import Record

from quotaloom.activities.doers import doer, seat
from quotaloom.activities.facts import ActivityState, Moment, Particulars, Subjects, checked_particulars, due_day
from quotaloom.activities.kinds import ActivityKind
from quotaloom.activities.storing import ReadyActivity, insert_activities, tell_planned
from quotaloom.activities.subjects import hold_owners
from quotaloom.funnels.approving import approvable
from quotaloom.funnels.batches import of_row
from quotaloom.funnels.deals import check_day
from quotaloom.funnels.naming import may_be_id
from quotaloom.funnels.stored_deals import StoredDeal, hold_deal
from quotaloom.ownership.permission import require_seller, unknown, worked_positions
from quotaloom.platform.errors import AccessDenied, Conflict, InputError
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

MOST_STEPS = 50
"""How many steps a review may agree on."""

_WHO = "this takes a member who heads a unit above the deal's position, or an admin, and nobody reviews his own deal"


@dataclass(frozen=True, slots=True)
class AgreedStep:
    """Something that was agreed on: what, by when, and who does it; the deal's owner if nobody is named."""

    matter: str
    due: Moment
    member_id: int | None = None
    kind: ActivityKind = ActivityKind.TASK


@dataclass(frozen=True, slots=True)
class NewReview:
    """What a head advises, what he and the owner agreed on, and the business date on which he comes back to it."""

    advice: str
    steps: Sequence[AgreedStep] = ()
    follow_up_on: date | None = None


async def review_deal(work: Work, opportunity_id: int, review: NewReview) -> int:
    """Enter a review of a deal as of today; its steps become planned activities. Returns its id.

    Needs a member who heads a unit above the deal's position today, or who is an admin, and nobody reviews a deal of
    his own: `AccessDenied`. Raises `NotFound`, `InputError` ADVICE_MISSING, TOO_MANY_STEPS, IN_THE_PAST for the day of
    following up, VACANT for a step of nobody, and what planning an activity raises, at the step.
    """
    require_seller(work.viewer, "reviewing a deal")
    advice = checked_text(review.advice, ("advice",), "advice")
    if advice is None:
        raise InputError("ADVICE_MISSING", "say what you advise", ("advice",))
    _check_follow_up(work, review.follow_up_on)
    if len(review.steps) > MOST_STEPS:
        raise InputError("TOO_MANY_STEPS", f"a review agrees on {MOST_STEPS} steps at the most", ("steps",))

    async def apply(transaction: Transaction) -> int:
        if may_be_id(opportunity_id):
            await hold_owners(transaction, Subjects(opportunity_id=opportunity_id))
        deal = await hold_deal(transaction, work, opportunity_id, None)
        await _require_reviewer(transaction, work, deal.id)
        review_id = await _insert(transaction, work, deal.id, advice, review.follow_up_on)
        steps = [await _step(transaction, work, deal, step, n, review_id) for n, step in enumerate(review.steps)]
        for activity_id, step in zip(await insert_activities(transaction, steps), steps, strict=True):
            tell_planned(transaction, activity_id, step)
        transaction.record("deal_review.hold", "DealReview", review_id, after=asdict(review) | {"deal": deal.id})
        transaction.publish("deal_review.held", id=review_id, opportunity=deal.id)
        return review_id

    return await work.write(apply)


def _check_follow_up(work: Work, day: date | None) -> None:
    check_day(day, ("followUpOn",))
    if day is not None and day < work.today:
        raise InputError("IN_THE_PAST", f"{day} is before today, {work.today}: name a later day", ("followUpOn",))


async def _require_reviewer(transaction: Transaction, work: Work, deal_id: int) -> None:
    may = await approvable(transaction, work.viewer, [deal_id], work.today)
    if work.viewer.member_id is None or deal_id not in may:
        raise AccessDenied(_WHO)


async def _insert(transaction: Transaction, work: Work, deal_id: int, advice: str, follow_up_on: date | None) -> int:
    row = await transaction.fetch_one(
        "INSERT INTO deal_review (company_id, opportunity_id, reviewer_id, at, reviewed_on, advice, follow_up_on,"
        " version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1) RETURNING id",
        transaction.company_id,
        deal_id,
        work.viewer.member_id,
        transaction.now,
        work.today,
        advice,
        follow_up_on,
    )
    assert row is not None
    return int(row["id"])


async def _step(
    transaction: Transaction, work: Work, deal: StoredDeal, step: AgreedStep, number: int, review_id: int
) -> ReadyActivity:
    with of_row(number, "steps"):
        told = checked_particulars(Particulars(step.matter), work.company.currency)
        due_on = due_day(work, step.due)
        wanted = step.member_id if step.member_id is not None else await _owner(transaction, work, deal)
        member_id = await doer(transaction, work, wanted, work.today)
        position_id = await seat(transaction, work, member_id, work.today, preferred=(deal.position_id,))
    return ReadyActivity(
        step.kind,
        ActivityState.PLANNED,
        Subjects(customer_id=deal.customer_id, opportunity_id=deal.id),
        member_id,
        position_id,
        told,
        due_at=step.due.at,
        due_on=due_on,
        review_id=review_id,
    )


async def _owner(transaction: Transaction, work: Work, deal: StoredDeal) -> int:
    row = await transaction.fetch_one(
        "SELECT member_id FROM holding WHERE company_id = $1 AND position_id = $2"
        " AND daterange(valid_from, valid_to) @> $3::date",
        transaction.company_id,
        deal.position_id,
        work.today,
    )
    if row is None:
        raise InputError("VACANT", "nobody holds the deal's position today: name who does this", ("memberId",))
    return int(row["member_id"])


async def follow_up_deal_review(work: Work, review_id: int, result: str, expected_version: int | None = None) -> None:
    """Say what came of a review, as of today.

    Needs whoever may review its deal today, who need not be the reviewer. Raises `NotFound`, `AccessDenied`,
    `Conflict`, `InputError` RESULT_MISSING, FOLLOWED_UP for one that was followed up before.
    """
    require_seller(work.viewer, "following up a deal review")
    came_of_it = checked_text(result, ("result",), "a result")
    if came_of_it is None:
        raise InputError("RESULT_MISSING", "say what came of it", ("result",))

    async def apply(transaction: Transaction) -> None:
        review = await _hold_review(transaction, work, review_id)
        await _require_reviewer(transaction, work, review["opportunity_id"])
        if expected_version not in (None, review["version"]):
            raise Conflict("STALE", "this review was changed meanwhile: read it again", ("expectedVersion",))
        if review["followed_up_on"] is not None:
            raise InputError("FOLLOWED_UP", f"this review was followed up on {review['followed_up_on']}", ("id",))
        await transaction.execute(
            "UPDATE deal_review SET followed_up_on = $3, follow_up = $4, version = version + 1"
            " WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            review_id,
            work.today,
            came_of_it,
        )
        transaction.record("deal_review.follow_up", "DealReview", review_id, after={"result": came_of_it})
        transaction.publish("deal_review.followed_up", id=review_id, opportunity=review["opportunity_id"])

    await work.write(apply)


async def _hold_review(transaction: Transaction, work: Work, review_id: int) -> Record:
    if not may_be_id(review_id):
        raise unknown("review", review_id, ("id",))
    row = await transaction.fetch_one(
        "SELECT review.*, deal.position_id FROM deal_review AS review JOIN opportunity AS deal"
        " ON deal.company_id = review.company_id AND deal.id = review.opportunity_id"
        " WHERE review.company_id = $1 AND review.id = $2 FOR UPDATE OF review",
        transaction.company_id,
        review_id,
    )
    worked = await worked_positions(transaction, work.viewer, work.today)
    if row is None or (worked is not None and row["position_id"] not in worked):
        raise unknown("review", review_id, ("id",))
    return row
