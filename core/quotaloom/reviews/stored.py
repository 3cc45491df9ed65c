"""Reviews as they are held, moved on, and recorded: the one place that changes their step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson
from asyncpg import Record

from quotaloom.metrics.commands import refuse_stale
from quotaloom.organizations.sight import load_sight
from quotaloom.platform.errors import Conflict, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.reviews.forms import Layout, layout_of
from quotaloom.reviews.people import Heads, Rights, heads_above, rights_on, sees
from quotaloom.reviews.steps import Step, due_on
from quotaloom.reviews.telling import tell

_HELD: Final = """
SELECT review.*, place.kind <> 'position' AS as_head, cycle.form_version_id, cycle.opened_on, cycle.scorer, made.layout,
    (made.layout #>> '{steps,appeal,days}')::int > 0 AS appeals, form.name AS form_name, form.key AS form_key,
    member.name AS member_name
FROM review
JOIN review_cycle AS cycle ON cycle.company_id = review.company_id AND cycle.id = review.cycle_id
JOIN review_form_version AS made ON made.company_id = review.company_id AND made.id = cycle.form_version_id
JOIN review_form AS form ON form.company_id = review.company_id AND form.id = review.form_id
JOIN member ON member.company_id = review.company_id AND member.id = review.member_id
JOIN org_unit AS place ON place.company_id = review.company_id AND place.id = review.position_id
WHERE review.company_id = $1 AND review.id = ANY ($2::bigint[])
"""

_MOVED: Final = """
UPDATE review SET step = moved.step, due_on = moved.due_on, escalated_on = moved.escalated_on, version = version + 1,
    filed_at = CASE WHEN moved.step = 'filed' THEN $2::timestamptz END
FROM unnest($3::bigint[], $4::text[], $5::date[], $6::date[]) AS moved (id, step, due_on, escalated_on)
WHERE review.company_id = $1 AND review.id = moved.id
"""

_RECORDED: Final = """
INSERT INTO review_step (company_id, at, actor, member_id, review_id, action, from_step, to_step, before, after, reason)
SELECT $1, $2, $3, $4, step.review_id, step.action, step.from_step, step.to_step, step.before::jsonb,
    step.after::jsonb, step.reason
FROM unnest($5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
    AS step (review_id, action, from_step, to_step, before, after, reason)
"""


@dataclass(frozen=True, slots=True)
class HeldReview:
    """A review with what its form asks for, who heads the units above, and what the viewer may do with it."""

    row: Record
    layout: Layout
    heads: Heads
    rights: Rights

    @property
    def id(self) -> int:
        """Its number."""
        return int(self.row["id"])

    @property
    def step(self) -> Step:
        """What it waits for."""
        return Step(self.row["step"])


@dataclass(frozen=True, slots=True)
class Move:
    """A review goes from its step to another one, or stays: what was done, and what it was before and after."""

    review: Record
    layout: Layout
    action: str
    to: Step
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str | None = None
    escalated_on: date | None = None

    @property
    def stays(self) -> bool:
        """Whether the step is the same as before, and so is its time."""
        return bool(self.review["step"] == self.to)


async def find_review(source: Snapshot | Transaction, work: Work, review_id: int) -> HeldReview:
    """A review that the viewer may see. Raises `NotFound`."""
    return await _held(source, work, review_id, _HELD)


async def hold_review(
    transaction: Transaction, work: Work, review_id: int, expected_version: int | None, *steps: Step
) -> HeldReview:
    """Lock a review that the viewer may see, in one of these steps.

    Whoever comes second waits and finds what the first has made of it. Raises `NotFound`, `Conflict` STALE, WRONG_STEP.
    """
    held = await _held(transaction, work, review_id, f"{_HELD} FOR UPDATE OF review")
    refuse_stale("review", held.row["version"], expected_version)
    require_step(held, *steps)
    return held


def require_step(held: HeldReview, *steps: Step) -> None:
    """Raise `Conflict` WRONG_STEP unless the review is in one of these steps."""
    if held.step not in steps:
        message = f"this review is at the step {held.step.value} by now; this takes {' or '.join(steps)}"
        raise Conflict("WRONG_STEP", message, ("id",))


async def _held(source: Snapshot | Transaction, work: Work, review_id: int, sql: str) -> HeldReview:
    rows = await source.fetch(sql, source.company_id, [review_id]) if 0 < review_id < 2**63 else []
    sight = await load_sight(source, work.viewer, work.company, work.today)
    if not rows or not sees(sight, rows[0]):
        raise NotFound("NOT_FOUND", "there is no such review that you can see", ("id",))
    heads = (await heads_above(source, [review_id], work.today))[review_id]
    return HeldReview(
        rows[0], layout_of(orjson.loads(rows[0]["layout"])), heads, rights_on(rows[0], heads, work.viewer)
    )


async def hold_reviews(transaction: Transaction, ids: Sequence[int]) -> list[Record]:
    """Lock reviews, in the order of their numbers, and read them as they are by then."""
    return await transaction.fetch(
        f"{_HELD} ORDER BY review.id FOR UPDATE OF review", transaction.company_id, list(ids)
    )


async def move(transaction: Transaction, work: Work, moves: Sequence[Move]) -> None:
    """Move reviews on: their step and its time, the record of it, events, and whoever's turn it is now is told."""
    if not moves:
        return
    due = [one.review["due_on"] if one.stays else due_on(one.to, one.layout.rules, work.today) for one in moves]
    await transaction.execute(
        _MOVED,
        transaction.company_id,
        transaction.now,
        [one.review["id"] for one in moves],
        [one.to.value for one in moves],
        due,
        [one.escalated_on for one in moves],
    )
    await record_steps(
        transaction,
        [
            (one.review["id"], one.action, one.review["step"], one.to.value, one.before, one.after, one.reason)
            for one in moves
        ],
    )
    for one in moves:
        before = {"step": one.review["step"], **(one.before or {})}
        after = {"step": one.to.value, **(one.after or {})}
        transaction.record(
            f"review.{one.action}", "Review", one.review["id"], before=before, after=after, reason=one.reason
        )
        transaction.publish(
            "review.moved", id=one.review["id"], cycle=one.review["cycle_id"], action=one.action, step=one.to.value
        )
    await tell(transaction, [one.review["id"] for one in moves if not one.stays], work.today)


Recorded = tuple[int, str, str | None, str, Mapping[str, Any] | None, Mapping[str, Any] | None, str | None]
"""Review, action, step before and after, values before and after, reason."""


async def record_steps(transaction: Transaction, steps: Sequence[Recorded]) -> None:
    """Append what happened to reviews; who did it is the writer, at the moment of the write."""
    columns = [list(column) for column in zip(*steps, strict=True)]
    for place in (4, 5):
        columns[place] = [None if one is None else orjson.dumps(one, default=str).decode() for one in columns[place]]
    await transaction.execute(
        _RECORDED,
        transaction.company_id,
        transaction.now,
        transaction.writer.subject,
        transaction.writer.member_id,
        *columns,
    )
