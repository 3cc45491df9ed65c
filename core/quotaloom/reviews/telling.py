"""Telling members of reviews: whoever's turn it is, who forgets it, and whose review is filed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from asyncpg import Record

from quotaloom.notifications.telling import Note, notify
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.reviews.people import Heads, admin_may, heads_above, waits_for
from quotaloom.reviews.steps import Step

WORDS: Final[Mapping[Step, str]] = {
    Step.SELF: "self score",
    Step.MANAGER: "manager's score",
    Step.CONFIRMATION: "confirmation",
    Step.DECISION: "decision on the appeal",
    Step.CALIBRATION: "calibration",
}
"""What a review waits for, in words for people."""

_NAMED = """
SELECT review.id, review.step, review.due_on, review.escalated_on, review.member_id, review.reviewer_id, review.period,
    review.cycle_id, form.name AS form, member.name AS member
FROM review
JOIN review_form AS form ON form.company_id = review.company_id AND form.id = review.form_id
JOIN member ON member.company_id = review.company_id AND member.id = review.member_id
WHERE review.company_id = $1 AND review.id = ANY ($2::bigint[]) ORDER BY review.id
"""


async def tell(transaction: Transaction, review_ids: Sequence[int], today: date, topic: str = "review.waiting") -> int:
    """Tell those whose turn it is at each review, or that it is filed; how many notes were new.

    The same is told once for each step, topic and due day. Calibration is told once a cycle, not for each review of it.
    """
    if not review_ids:
        return 0
    rows = await transaction.fetch(_NAMED, transaction.company_id, list(review_ids))
    heads = await heads_above(transaction, [row["id"] for row in rows], today)
    admins = await _admins(transaction, today)
    notes = [note for row in rows for note in _notes(row, heads[row["id"]], admins, topic)]
    return await notify(transaction, notes)


async def _admins(transaction: Transaction, today: date) -> Heads:
    rows = await transaction.fetch(
        "SELECT id FROM member WHERE company_id = $1 AND role = 'admin' AND (left_on IS NULL OR left_on > $2)"
        " ORDER BY id",
        transaction.company_id,
        today,
    )
    return tuple(row["id"] for row in rows)


def _notes(row: Record, heads: Heads, admins: Heads, topic: str) -> list[Note]:
    told = {"form": row["form"], "period": row["period"], "member": row["member"]}
    step = Step(row["step"])
    if step is Step.FILED:
        return [_note(row, row["member_id"], "review.filed", told)]
    if step not in WORDS:
        return []
    told |= {"step": WORDS[step], "on": "—" if row["due_on"] is None else row["due_on"].isoformat()}
    waiting = waits_for(row, heads)
    people = [one for one in admins if admin_may(row, one)] if waiting is None else waiting
    return [_note(row, member_id, topic, told) for member_id in people]


def _note(row: Record, member_id: int, topic: str, told: Mapping[str, Any]) -> Note:
    about = f"cycle:{row['cycle_id']}" if row["step"] == Step.CALIBRATION else str(row["id"])
    escalated = "up" if row["escalated_on"] is not None else ""
    once = f"{topic}:{about}:{row['step']}:{row['due_on']}:{escalated}"
    return Note(member_id, topic, told, "Review", row["id"], once)
