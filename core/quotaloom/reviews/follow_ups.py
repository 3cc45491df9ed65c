"""What is agreed on for the next period, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from asyncpg import Record

from quotaloom.action_plans.storing import load_rights
from quotaloom.calendars.periods import known_day
from quotaloom.funnels.naming import NO_ROW
from quotaloom.metrics.commands import refuse_stale
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.organizations.sight import load_sight
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.reviews.stored import HeldReview, find_review, record_steps
from quotaloom.strategy.reads import seen_objectives

MOST_FOLLOW_UPS: Final = 30
"""How many things a review may agree on."""


@dataclass(frozen=True, slots=True)
class NewFollowUp:
    """Something to be done: by when, and for which metric, by its key, or objective, if any."""

    text: str
    due_on: date | None = None
    metric: str | None = None
    objective_id: int | None = None


def check_follow_ups(follow_ups: Sequence[NewFollowUp]) -> None:
    """Raise `InputError` TOO_MANY_FOLLOW_UPS, TEXT_MISSING, TOO_LONG, BAD_TEXT or BAD_PERIOD at the place of it."""
    if len(follow_ups) > MOST_FOLLOW_UPS:
        message = f"a review agrees on {MOST_FOLLOW_UPS} things at the most, not {len(follow_ups)}"
        raise InputError("TOO_MANY_FOLLOW_UPS", message, ("followUps",))
    for place, one in enumerate(follow_ups):
        path = ("followUps", place)
        if checked_text(one.text, (*path, "text")) is None:
            raise InputError("TEXT_MISSING", "say what was agreed on", (*path, "text"))
        if one.due_on is not None:
            try:
                known_day(one.due_on)
            except InputError as error:
                raise error.at(*path, "dueOn") from None


async def replace_follow_ups(
    transaction: Transaction, work: Work, review_id: int, follow_ups: Sequence[NewFollowUp]
) -> None:
    """Put these in the place of what was agreed on. Raises `NotFound` for metric and objective."""
    metrics = await _metrics(transaction, follow_ups)
    await _require_objectives(transaction, work, follow_ups)
    await transaction.execute(
        "DELETE FROM review_follow_up WHERE company_id = $1 AND review_id = $2", transaction.company_id, review_id
    )
    await transaction.execute(
        "INSERT INTO review_follow_up (company_id, review_id, state, version, text, due_on, metric_id, objective_id,"
        " ordinal) SELECT $1, $2, 'open', 1, agreed.* FROM unnest($3::text[], $4::date[], $5::bigint[], $6::bigint[])"
        " WITH ORDINALITY AS agreed",
        transaction.company_id,
        review_id,
        [one.text.strip() for one in follow_ups],
        [one.due_on for one in follow_ups],
        metrics,
        [one.objective_id for one in follow_ups],
    )


async def _metrics(transaction: Transaction, follow_ups: Sequence[NewFollowUp]) -> list[Any]:
    keys = [one.metric for one in follow_ups if one.metric is not None and "\0" not in one.metric]
    found = {row["key"]: row["id"] for row in await metrics_by_key(transaction, keys)}
    for place, one in enumerate(follow_ups):
        if one.metric is not None and one.metric not in found:
            message = f"there is no metric {one.metric[:60]!r}"
            raise NotFound("UNKNOWN_METRIC", message, ("followUps", place, "metric"))
    return [None if one.metric is None else found[one.metric] for one in follow_ups]


async def _require_objectives(transaction: Transaction, work: Work, follow_ups: Sequence[NewFollowUp]) -> None:
    ids = [one.objective_id for one in follow_ups if one.objective_id is not None]
    if not ids:
        return
    rows = await transaction.fetch(
        "SELECT id FROM objective WHERE company_id = $1 AND id = ANY ($2::bigint[])", transaction.company_id, ids
    )
    found = {row["id"] for row in rows}
    sight = await load_sight(transaction, work.viewer, work.company, work.today)
    named = sight.units_with_names
    if named is not None:
        found &= await seen_objectives(transaction, named, drafts=sight.plans)
    for place, one in enumerate(follow_ups):
        if one.objective_id is not None and one.objective_id not in found:
            message = "there is no such objective that you can see"
            raise NotFound("NOT_FOUND", message, ("followUps", place, "objectiveId"))


async def settle_follow_up(
    work: Work, follow_up_id: int, *, done: bool, note: str | None = None, expected_version: int | None = None
) -> int:
    """Say whether something agreed on was done, also after its review was filed; returns the review's id.

    Heads above the member and admins say it, nobody of his own review. It may be said again. Raises `NotFound`,
    `AccessDenied`, `Conflict` STALE, WRONG_STEP while it is a draft, `InputError` TOO_LONG, BAD_TEXT.
    """
    said = checked_text(note, ("note",), "a note")

    async def apply(transaction: Transaction) -> int:
        held, before = await _hold(transaction, work, follow_up_id)
        if not held.rights.settle:
            raise AccessDenied("whether it was done is said by a head above the member, or an admin")
        refuse_stale("agreement", before["version"], expected_version)
        state = "done" if done else "missed"
        await transaction.execute(
            "UPDATE review_follow_up SET state = $3, note = $4, settled_at = $5, settled_by = $6, version = version + 1"
            " WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            follow_up_id,
            state,
            said,
            transaction.now,
            transaction.writer.subject,
        )
        was, now = {"state": before["state"]}, {"state": state}
        await _record(transaction, held, follow_up_id, "settle", was, now, said)
        transaction.publish("review.follow_up_settled", id=held.id, follow_up=follow_up_id)
        return held.id

    return await work.write(apply)


async def plan_follow_up(
    work: Work, follow_up_id: int, action_plan_id: int | None, expected_version: int | None = None
) -> int:
    """Name the action plan of the member in which something agreed on is done, or none; returns the review's id.

    The member himself does it once he sees his review, heads above him, and admins. Raises `NotFound`, also for an
    action plan of somebody else, or one that the viewer does not see, `Conflict` STALE, WRONG_STEP.
    """

    async def apply(transaction: Transaction) -> int:
        held, before = await _hold(transaction, work, follow_up_id)
        refuse_stale("agreement", before["version"], expected_version)
        if action_plan_id is not None:
            await _require_plan(transaction, work, held.row["member_id"], action_plan_id)
        await transaction.execute(
            "UPDATE review_follow_up SET action_plan_id = $3, version = version + 1 WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            follow_up_id,
            action_plan_id,
        )
        was, now = {"actionPlan": before["action_plan_id"]}, {"actionPlan": action_plan_id}
        await _record(transaction, held, follow_up_id, "plan", was, now, None)
        transaction.publish("review.follow_up_planned", id=held.id, follow_up=follow_up_id)
        return held.id

    return await work.write(apply)


async def _hold(transaction: Transaction, work: Work, follow_up_id: int) -> tuple[HeldReview, Record]:
    """Lock something agreed on that the viewer plans, with its review; `Conflict` WRONG_STEP while that is a draft.

    Whoever settles it plans it, too. What he may do is read once it is held: he may have lost it while he waited.
    """
    row = await transaction.fetch_one(
        "SELECT * FROM review_follow_up WHERE company_id = $1 AND id = $2 FOR UPDATE",
        transaction.company_id,
        follow_up_id,
    )
    try:
        held = await find_review(transaction, work, NO_ROW if row is None else row["review_id"])
    except NotFound:
        raise _unknown() from None
    if held.row["scored_at"] is None and held.row["member_id"] != work.viewer.member_id:
        message = "this is a draft: it is agreed on once the manager's scores are handed in"
        raise Conflict("WRONG_STEP", message, ("id",))
    if not held.rights.plan_follow_ups:
        raise _unknown()
    assert row is not None
    return held, row


async def _require_plan(transaction: Transaction, work: Work, member_id: int, action_plan_id: int) -> None:
    row = await transaction.fetch_one(
        "SELECT unit_id FROM action_plan WHERE company_id = $1 AND id = $2 AND member_id = $3",
        transaction.company_id,
        action_plan_id,
        member_id,
    )
    rights = await load_rights(transaction, work)
    if row is None or not rights.sees(member_id, row["unit_id"]):
        raise NotFound("NOT_FOUND", "the member has no such action plan that you can see", ("actionPlanId",))


async def _record(
    transaction: Transaction,
    held: HeldReview,
    follow_up_id: int,
    verb: str,
    was: dict[str, Any],
    now: dict[str, Any],
    reason: str | None,
) -> None:
    """Among the steps of the review, which stays at its own, and in the audit."""
    before, after = {"followUp": follow_up_id, **was}, {"followUp": follow_up_id, **now}
    step, action = held.step.value, f"follow_up_{verb}"
    await record_steps(transaction, [(held.id, action, step, step, before, after, reason)])
    transaction.record(f"review.{action}", "Review", held.id, before=before, after=after, reason=reason)


def _unknown() -> NotFound:
    return NotFound("NOT_FOUND", "there is no such agreement that you can see", ("id",))
