"""Disputes, what was said in them and what was granted, many at once. Amounts are minor units of their currency."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from asyncpg import Record

from quotaloom.incentives.reads import Page
from quotaloom.platform.unit_of_work import Snapshot, Transaction

# A dispute of a run that was given up has nothing to be decided about. Whoever approved a run last, or reviewed it, is
# its judge; 0 is somebody who is no member.
_DISPUTES: Final = """
    SELECT dispute.id, dispute.company_id, dispute.run_id, dispute.member_id, dispute.rule_key, dispute.line_key,
        dispute.title, dispute.contested, dispute.currency, dispute.text, dispute.claimed, dispute.opened_at,
        dispute.granted, dispute.reason, dispute.decided_at, dispute.decided_by, dispute.decided_by_id,
        dispute.version, run.label, run.status AS run_status, statement.id AS statement_id,
        CASE WHEN dispute.status = 'open' AND run.status = 'cancelled' THEN 'lapsed' ELSE dispute.status END AS status,
        coalesce((SELECT step.actor_member_id FROM incentive_run_step AS step WHERE step.company_id = run.company_id
            AND step.run_id = run.id AND step.step IN ('review', 'approve') ORDER BY step.id DESC LIMIT 1), 0)
            AS judge_id
    FROM dispute JOIN incentive_run AS run ON run.company_id = dispute.company_id AND run.id = dispute.run_id
    LEFT JOIN incentive_statement AS statement ON statement.company_id = dispute.company_id
        AND statement.run_id = dispute.run_id AND statement.member_id = dispute.member_id
        AND run.status <> 'cancelled'
"""

_SEEN = "($1::bigint[] IS NULL OR dispute.member_id = ANY ($1))"

_WHERE = (
    f"{_SEEN} AND ($2::bigint IS NULL OR dispute.member_id = $2) AND ($3::text[] IS NULL OR dispute.status = ANY ($3))"
    " AND ($4::bool IS NULL OR (dispute.status = 'open' AND dispute.member_id IS DISTINCT FROM $5"
    " AND ($6::bigint[] IS NULL OR dispute.judge_id = ANY ($6))) = $4)"
)

_CORRECTIONS = """
SELECT line.dispute_id, line.statement_id, line.ordinal FROM statement_line AS line
JOIN incentive_statement AS statement ON statement.company_id = line.company_id AND statement.id = line.statement_id
JOIN incentive_run AS run ON run.company_id = statement.company_id AND run.id = statement.run_id
    AND run.status <> 'cancelled'
WHERE line.dispute_id = ANY ($1::bigint[])
"""


@dataclass(frozen=True, slots=True)
class DisputeFilter:
    """Which disputes are asked for.

    With `waiting` only those that wait for a decision of `viewer_id`, or only the others: open ones of somebody else,
    whose judge is one of `judge_ids`, None for any.
    """

    member_id: int | None = None
    statuses: Sequence[str] | None = None
    waiting: bool | None = None
    viewer_id: int | None = None
    judge_ids: Sequence[int] | None = None


def _seen(members: Collection[int] | None) -> list[int] | None:
    return None if members is None else list(members)


async def disputes_page(
    snapshot: Snapshot, members: Collection[int] | None, wanted: DisputeFilter, offset: int, limit: int
) -> Page:
    """Disputes of these members, None for all, the latest first; two statements."""
    arguments = (
        _seen(members),
        wanted.member_id,
        None if wanted.statuses is None else list(wanted.statuses),
        wanted.waiting,
        wanted.viewer_id,
        None if wanted.judge_ids is None else list(wanted.judge_ids),
    )
    found = f"FROM ({_DISPUTES}) AS dispute WHERE {_WHERE}"
    rows = await snapshot.fetch(
        f"SELECT dispute.* {found} ORDER BY dispute.id DESC LIMIT $7 OFFSET $8",
        *arguments,
        limit,
        offset,
    )
    count = await snapshot.fetch_one(f"SELECT count(*) AS count {found}", *arguments)
    assert count is not None
    return Page(rows, count["count"])


async def judges_of_open(snapshot: Snapshot, members: Collection[int] | None) -> list[int]:
    """Who approved or reviewed the runs of open disputes of these members, None for all; 0 for who is no member."""
    rows = await snapshot.fetch(
        f"SELECT DISTINCT dispute.judge_id FROM ({_DISPUTES} WHERE dispute.status = 'open') AS dispute"  # noqa: S608
        f" WHERE {_SEEN}",
        _seen(members),
    )
    return [row["judge_id"] for row in rows]


async def disputes_by_id(snapshot: Snapshot, members: Collection[int] | None, ids: Sequence[int]) -> list[Record]:
    """Disputes by number, of these members, None for all; in no order."""
    return await snapshot.fetch(f"{_DISPUTES} WHERE {_SEEN} AND dispute.id = ANY ($2::bigint[])", _seen(members), ids)


async def disputes_of_statements(
    snapshot: Snapshot, members: Collection[int] | None, statement_ids: Sequence[int]
) -> list[Record]:
    """The disputes about statements, the earliest first."""
    return await snapshot.fetch(
        f"{_DISPUTES} WHERE {_SEEN} AND statement.id = ANY ($2::bigint[]) ORDER BY dispute.id",
        _seen(members),
        statement_ids,
    )


async def hold_dispute(
    transaction: Transaction, dispute_id: int, member_ids: Collection[int] | None = None
) -> Record | None:
    """A dispute that nobody else changes until the transaction ends; None where there is none of these members."""
    found = await transaction.fetch_one(
        "SELECT 1 FROM dispute WHERE id = $1 AND ($2::bigint[] IS NULL OR member_id = ANY ($2)) FOR UPDATE",
        dispute_id,
        None if member_ids is None else list(member_ids),
    )
    if found is None:
        return None
    return await transaction.fetch_one(f"{_DISPUTES} WHERE dispute.id = $1", dispute_id)


async def comments_of(snapshot: Snapshot, dispute_ids: Sequence[int]) -> list[Record]:
    """What was said in disputes, in the order in which it was."""
    return await snapshot.fetch(
        "SELECT id, dispute_id, text, at, author, author_id FROM dispute_comment WHERE dispute_id = ANY ($1::bigint[])"
        " ORDER BY dispute_id, id",
        list(dispute_ids),
    )


async def corrections_of(snapshot: Snapshot, dispute_ids: Sequence[int]) -> list[Record]:
    """In which statements, and at which place there, what was granted stands; at most one row for a dispute."""
    return await snapshot.fetch(_CORRECTIONS, list(dispute_ids))
