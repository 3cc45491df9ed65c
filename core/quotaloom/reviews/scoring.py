"""Scoring: the member himself, then his manager, with whom he agrees on what follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from quotaloom.platform.errors import AccessDenied, Conflict
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost
from quotaloom.reviews.asking import Scored, ask, read_question, store_scored
from quotaloom.reviews.follow_ups import NewFollowUp, check_follow_ups, replace_follow_ups
from quotaloom.reviews.parts import MANAGERS, OWN, Scoring, Side, parts_of, store_given, with_given
from quotaloom.reviews.steps import Step, next_step
from quotaloom.reviews.stored import HeldReview, Move, find_review, hold_review, move, require_step

ATTEMPTS: Final = 3
"""How often a review is scored anew that somebody changes meanwhile, where the caller names no version of it."""

_NOT_HIS: Final = (
    "a review is scored by whoever heads the nearest unit above, by heads further up once his time has passed, or by an"
    " admin; nobody scores himself as his manager"
)


async def score_self(work: Work, review_id: int, scoring: Scoring, expected_version: int | None = None) -> None:
    """Give the member's own scores, as a draft or for good.

    Raises `NotFound`, `AccessDenied` for whose review it is not, `Conflict` STALE, WRONG_STEP, and what `with_given`
    raises.
    """
    comment = checked_text(scoring.comment, ("comment",), "a comment")

    async def apply(transaction: Transaction) -> None:
        held = await hold_review(transaction, work, review_id, expected_version, Step.SELF)
        if not held.rights.score_self:
            raise AccessDenied("a self score is given by the member himself")
        before = await parts_of(transaction, held.id)
        parts = with_given(before, OWN, scoring.scores, whole=scoring.submit)
        await store_given(transaction, held.id, OWN, parts)
        await transaction.execute(
            "UPDATE review SET self_comment = coalesce($3, self_comment),"
            " self_scored_at = CASE WHEN $4 THEN $5::timestamptz END WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            held.id,
            comment,
            scoring.submit,
            transaction.now,
        )
        if not scoring.submit:
            await _saved(transaction, held)
            return
        to = next_step(Step.SELF, held.layout.rules, calibrated=held.layout.calibrated)
        done = Move(held.row, held.layout, "self_scored", to, after=OWN.scores(parts), reason=comment)
        await move(transaction, work, [done])

    await work.write(apply)


async def score_review(
    work: Work,
    host: PolicyHost,
    review_id: int,
    scoring: Scoring,
    follow_ups: Sequence[NewFollowUp] | None = None,
    expected_version: int | None = None,
) -> None:
    """Give the manager's scores and what was agreed on, as a draft or for good; then the company's scorer is asked.

    Score, grade and the figures of quantitative parts are those of this moment; the member confirms them. Raises
    `NotFound`, `AccessDenied`, `Conflict` STALE, WRONG_STEP, POLICY_CHANGED, what `with_given`, `check_follow_ups`,
    `replace_follow_ups`, `read_question` and `ask` raise.
    """
    comment = checked_text(scoring.comment, ("comment",), "a comment")
    check_follow_ups(follow_ups or ())

    async def attempt() -> None:
        scored, version = None, expected_version
        if scoring.submit:
            async with work.snapshot() as snapshot:
                held = await find_review(snapshot, work, review_id)
                _require_scorer(held)
                parts = with_given(await parts_of(snapshot, held.id), MANAGERS, scoring.scores, whole=True)
                question = await read_question(snapshot, work, host, held, parts)
            scored = await ask(host, question)
            version = held.row["version"] if version is None else version

        async def apply(transaction: Transaction) -> None:
            held = await hold_review(transaction, work, review_id, version, Step.MANAGER)
            _require_scorer(held)
            before = await parts_of(transaction, held.id)
            parts = with_given(before, MANAGERS, scoring.scores, whole=scoring.submit)
            await store_given(transaction, held.id, MANAGERS, parts)
            if follow_ups is not None:
                await replace_follow_ups(transaction, work, held.id, follow_ups)
            await _store_comment(transaction, held, comment, submitted=scored is not None)
            if scored is None:
                await _saved(transaction, held)
                return
            await store_scored(transaction, held, scored)
            to = next_step(Step.MANAGER, held.layout.rules, calibrated=held.layout.calibrated)
            after = told(MANAGERS, parts, scored)
            await move(transaction, work, [Move(held.row, held.layout, "scored", to, after=after, reason=comment)])

        await work.write(apply)

    await again_if_stale(attempt, expected_version)


async def again_if_stale(attempt: Callable[[], Awaitable[None]], expected_version: int | None) -> None:
    """Try again where a review changed between reading and writing, unless the caller named the version he wants."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await attempt()
        except Conflict as conflict:
            if conflict.code != "STALE" or expected_version is not None:
                raise
    return await attempt()


def told(side: Side, parts: Sequence[Any], scored: Scored) -> dict[str, Any]:
    """Scores as the record of steps keeps them."""
    return {"scores": side.scores(parts), "score": str(scored.score), "grade": scored.grade}


def _require_scorer(held: HeldReview) -> None:
    require_step(held, Step.MANAGER)
    if not held.rights.score:
        raise AccessDenied(_NOT_HIS)


async def _store_comment(transaction: Transaction, held: HeldReview, comment: str | None, *, submitted: bool) -> None:
    await transaction.execute(
        "UPDATE review SET manager_comment = coalesce($3, manager_comment), reviewer_id = $4, reviewer = $5,"
        " scored_at = CASE WHEN $6 THEN $7::timestamptz END WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        held.id,
        comment,
        transaction.writer.member_id,
        transaction.writer.subject,
        submitted,
        transaction.now,
    )


async def _saved(transaction: Transaction, held: HeldReview) -> None:
    """A draft is no step: it is audited, and only its author sees what is in it."""
    await transaction.execute(
        "UPDATE review SET version = version + 1 WHERE company_id = $1 AND id = $2", transaction.company_id, held.id
    )
    transaction.record("review.save", "Review", held.id, after={"step": held.step.value})
    transaction.publish("review.saved", id=held.id, cycle=held.row["cycle_id"])
