"""What is done every night for reviews: steps whose time has passed go on, and those are reminded whose turn it is.

It may be run as often as one likes, and by several at once: nothing is done twice, and what was missed is caught up.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Final

import orjson
from asyncpg import Record

from quotaloom.notifications.telling import record_reminders
from quotaloom.platform.jobs.handlers import Job, Nightly
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.reviews.forms import layout_of
from quotaloom.reviews.steps import TIMED, Overdue, Step, next_step
from quotaloom.reviews.stored import Move, hold_reviews, move
from quotaloom.reviews.telling import tell

BATCH: Final = 500
"""How many reviews are moved on at a time."""

_OVERDUE: Final = """
SELECT id FROM review WHERE company_id = $1 AND step = ANY ($2::text[]) AND due_on < $3 AND escalated_on IS NULL
    AND id > $4 ORDER BY id LIMIT $5
"""

_SOON: Final = """
SELECT review.id FROM review
JOIN review_cycle AS cycle ON cycle.company_id = review.company_id AND cycle.id = review.cycle_id
JOIN review_form_version AS made ON made.company_id = cycle.company_id AND made.id = cycle.form_version_id
WHERE review.company_id = $1 AND review.step = ANY ($2::text[]) AND review.due_on >= $3 AND review.id > $4
    AND review.due_on - $3 <= (made.layout #>> ARRAY['steps', review.step, 'remind'])::int
    AND (made.layout #>> ARRAY['steps', review.step, 'remind'])::int > 0
ORDER BY review.id LIMIT $5
"""

_WITHOUT: Final = {
    Step.SELF: "self_skipped",
    Step.MANAGER: "escalated",
    Step.CONFIRMATION: "confirmation_presumed",
    Step.APPEAL: "appeal_closed",
    Step.DECISION: "appeal_lapsed",
}
"""What is recorded where a step's time passes and its review goes on."""

_log = logging.getLogger(__name__)


async def go_on(work: Work, batch: int = BATCH) -> int:
    """Let reviews go on whose time has passed, as their forms say; how many did.

    A self score is skipped, a confirmation counts as given, an appeal window closes, the scores stand that nobody
    decided on; the manager's score waits on, and heads above him may give it. Only the company and the moment of `work`
    matter, not who it is. Each batch is a transaction of its own, in which reviews are held and looked at again.
    """
    moved = last = 0
    while ids := await _page(work, _OVERDUE, last, batch):
        moved += await work.write(partial(_go_on, work=work, ids=ids))
        last = ids[-1]
    return moved


async def remind(work: Work, batch: int = BATCH) -> int:
    """Remind those whose turn it is, so many days before the time is up as the form says; how many were told."""
    told = last = 0
    while ids := await _page(work, _SOON, last, batch):
        told += await work.write(partial(_tell, review_ids=ids, work=work, topic="review.due_soon"))
        last = ids[-1]
    return told


async def _page(work: Work, sql: str, last: int, batch: int) -> list[int]:
    async with work.snapshot() as snapshot:
        rows = await snapshot.fetch(sql, snapshot.company_id, [step.value for step in TIMED], work.today, last, batch)
    return [row["id"] for row in rows]


async def _go_on(transaction: Transaction, work: Work, ids: Sequence[int]) -> int:
    rows = await hold_reviews(transaction, ids)
    due = [row for row in rows if row["due_on"] is not None and row["due_on"] < work.today and not row["escalated_on"]]
    moves = [found for row in due if (found := _move(row, work)) is not None]
    await move(transaction, work, moves)
    gone_on = {one.review["id"] for one in moves if not one.stays}
    waiting = [row["id"] for row in due if row["id"] not in gone_on]
    await _tell(transaction, waiting, work, "review.overdue")
    return len(moves)


async def _tell(transaction: Transaction, review_ids: Sequence[int], work: Work, topic: str) -> int:
    told = await tell(transaction, review_ids, work.today, topic)
    record_reminders(transaction, [topic], told)
    return told


def _move(row: Record, work: Work) -> Move | None:
    """What becomes of a review whose time has passed; None where it waits on."""
    step, layout = Step(row["step"]), layout_of(orjson.loads(row["layout"]))
    if step not in _WITHOUT or layout.rules[step].overdue is Overdue.WAIT:
        return None
    after = {"due": row["due_on"].isoformat()}
    if step is Step.MANAGER:
        return Move(row, layout, _WITHOUT[step], step, after=after, escalated_on=work.today)
    to = next_step(step, layout.rules, calibrated=layout.calibrated)
    return Move(row, layout, _WITHOUT[step], to, after=after)


async def _every_night(job: Job) -> None:
    work = await job.work()
    moved = await go_on(work)
    if moved:
        _log.info("%d reviews of %s went on, their time being up", moved, work.company.key)
    await remind(work)


DEADLINES: Final = Nightly("review.deadlines", _every_night)
