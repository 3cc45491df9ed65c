"""From the manager's scores to the file: confirmation, appeal, decision, calibration, or an early end."""

from __future__ import annotations

from collections.abc import Sequence

from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.texts import checked_reason, checked_text
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost
from quotaloom.reviews.asking import ask, read_question, store_scored
from quotaloom.reviews.parts import MANAGERS, GivenScore, parts_of, store_given, with_given
from quotaloom.reviews.scoring import again_if_stale, told
from quotaloom.reviews.steps import ENDED, Step, next_step
from quotaloom.reviews.stored import HeldReview, Move, find_review, hold_review, move, require_step

_NOT_HIS = "an appeal is decided by a head above whoever scored, or by an admin; nobody decides on his own scores"

_OPEN = tuple(step for step in Step if step not in ENDED)


async def confirm_review(
    work: Work, review_id: int, *, agrees: bool = False, comment: str | None = None, expected_version: int | None = None
) -> None:
    """The member has read his scores; where he `agrees`, he waives his appeal.

    Raises `NotFound`, `AccessDenied`, `Conflict` STALE, WRONG_STEP, `InputError` TOO_LONG, BAD_TEXT.
    """
    said = checked_text(comment, ("comment",), "a comment")

    async def apply(transaction: Transaction) -> None:
        held = await hold_review(transaction, work, review_id, expected_version, Step.CONFIRMATION)
        if not held.rights.confirm:
            raise AccessDenied("a review is confirmed by the member himself")
        after = Step.APPEAL if agrees else Step.CONFIRMATION
        to = next_step(after, held.layout.rules, calibrated=held.layout.calibrated)
        confirmed = Move(held.row, held.layout, "confirmed", to, after={"agrees": agrees}, reason=said)
        await move(transaction, work, [confirmed])

    await work.write(apply)


async def appeal_review(work: Work, review_id: int, reason: str, expected_version: int | None = None) -> None:
    """The member appeals against his scores, with a reason.

    Raises `NotFound`, `AccessDenied`, `Conflict` STALE, WRONG_STEP, `InputError` REASON_MISSING, NO_APPEAL where the
    form knows none.
    """
    why = _required(reason, "say what you appeal against")

    async def apply(transaction: Transaction) -> None:
        held = await hold_review(transaction, work, review_id, expected_version, Step.CONFIRMATION, Step.APPEAL)
        if held.row["member_id"] != work.viewer.member_id:
            raise AccessDenied("an appeal is made by the member himself")
        if not held.rights.appeal:
            raise InputError("NO_APPEAL", "this form knows no appeal", ("id",))
        await transaction.execute(
            "UPDATE review SET appeal = $3 WHERE company_id = $1 AND id = $2", transaction.company_id, held.id, why
        )
        await move(transaction, work, [Move(held.row, held.layout, "appealed", Step.DECISION, reason=why)])

    await work.write(apply)


async def decide_appeal(
    work: Work,
    host: PolicyHost,
    review_id: int,
    reason: str,
    *,
    granted: bool,
    scores: Sequence[GivenScore] = (),
    expected_version: int | None = None,
) -> None:
    """Decide on an appeal: the scores stand, or others are given and everything is counted anew, attainment too.

    A head above whoever scored decides, or an admin who did not. Raises `NotFound`, `AccessDenied`, `Conflict`,
    `InputError` REASON_MISSING, SCORES_UNEXPECTED where they stand, and what `with_given`, `read_question` and `ask`
    raise.
    """
    why = _required(reason, "say why you decide so")
    if scores and not granted:
        raise InputError("SCORES_UNEXPECTED", "scores are changed only where the appeal is granted", ("scores",))

    async def attempt() -> None:
        scored, version = None, expected_version
        if granted:
            async with work.snapshot() as snapshot:
                held = await find_review(snapshot, work, review_id)
                _require_decider(held)
                parts = with_given(await parts_of(snapshot, held.id), MANAGERS, scores, whole=True)
                question = await read_question(snapshot, work, host, held, parts)
            scored = await ask(host, question)
            version = held.row["version"] if version is None else version

        async def apply(transaction: Transaction) -> None:
            held = await hold_review(transaction, work, review_id, version, Step.DECISION)
            _require_decider(held)
            before = await parts_of(transaction, held.id)
            was = {"scores": MANAGERS.scores(before), "score": str(held.row["score"]), "grade": held.row["grade"]}
            after = was
            if scored is not None:
                parts = with_given(before, MANAGERS, scores, whole=True)
                await store_given(transaction, held.id, MANAGERS, parts)
                await store_scored(transaction, held, scored)
                after = told(MANAGERS, parts, scored)
            to = next_step(Step.DECISION, held.layout.rules, calibrated=held.layout.calibrated)
            action = "appeal_granted" if granted else "appeal_rejected"
            await move(transaction, work, [Move(held.row, held.layout, action, to, was, after, why)])

        await work.write(apply)

    await again_if_stale(attempt, expected_version)


def _require_decider(held: HeldReview) -> None:
    require_step(held, Step.DECISION)
    if not held.rights.decide:
        raise AccessDenied(_NOT_HIS)


async def calibrate_review(
    work: Work, review_id: int, grade: str, reason: str, expected_version: int | None = None
) -> None:
    """Give a review that waits to be filed another grade, with a reason; its score stays.

    Admins do it, nobody for himself. Raises `NotFound`, `AccessDenied`, `Conflict` STALE, WRONG_STEP, `InputError`
    REASON_MISSING, UNKNOWN_GRADE.
    """
    why = _required(reason, "say why it gets another grade")

    async def apply(transaction: Transaction) -> None:
        held = await hold_review(transaction, work, review_id, expected_version, Step.CALIBRATION)
        if not held.rights.calibrate:
            raise AccessDenied("grades are calibrated by an admin, and nobody calibrates his own")
        names = [one.name for one in held.layout.grades]
        if grade not in names:
            message = f"there is no grade {grade[:40]!r}; there are {', '.join(names)}"
            raise InputError("UNKNOWN_GRADE", message, ("grade",))
        await transaction.execute(
            "UPDATE review SET grade = $3 WHERE company_id = $1 AND id = $2", transaction.company_id, held.id, grade
        )
        was, now = {"grade": held.row["grade"]}, {"grade": grade}
        await move(transaction, work, [Move(held.row, held.layout, "calibrated", Step.CALIBRATION, was, now, why)])

    await work.write(apply)


async def cancel_review(work: Work, review_id: int, reason: str, expected_version: int | None = None) -> None:
    """End a review that is not filed, such as that of a member who has left; with a reason. Admins do it.

    Raises `NotFound`, `AccessDenied`, `Conflict` STALE, WRONG_STEP, `InputError` REASON_MISSING.
    """
    why = _required(reason, "say why it is cancelled")

    async def apply(transaction: Transaction) -> None:
        held = await hold_review(transaction, work, review_id, expected_version, *_OPEN)
        if not held.rights.cancel:
            raise AccessDenied("a review is cancelled by an admin, and nobody cancels his own")
        await move(transaction, work, [Move(held.row, held.layout, "cancelled", Step.CANCELLED, reason=why)])

    await work.write(apply)


def _required(reason: str, message: str) -> str:
    text = checked_reason(reason)
    if text is None:
        raise InputError("REASON_MISSING", message, ("reason",))
    return text
