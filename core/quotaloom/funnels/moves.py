"""The record of every change of stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.platform.unit_of_work import Transaction


@dataclass(frozen=True, slots=True)
class Move:
    """A deal came from one stage (None: it is new) into another, on a day where that is known."""

    opportunity_id: int
    from_stage_id: int | None
    to_stage_id: int
    moved_on: date | None
    reason: str | None = None


async def insert_moves(transaction: Transaction, moves: Sequence[Move]) -> None:
    """Append moves as of now and of the transaction's writer, in one statement."""
    if not moves:
        return
    await transaction.execute(
        "INSERT INTO stage_move (company_id, moved_at, actor, actor_member_id, opportunity_id, from_stage_id,"
        " to_stage_id, moved_on, reason) SELECT $1, $2, $3, $4, given.* FROM unnest($5::bigint[], $6::bigint[],"
        " $7::bigint[], $8::date[], $9::text[]) AS given",
        transaction.company_id,
        transaction.now,
        transaction.writer.subject,
        transaction.writer.member_id,
        [move.opportunity_id for move in moves],
        [move.from_stage_id for move in moves],
        [move.to_stage_id for move in moves],
        [move.moved_on for move in moves],
        [move.reason for move in moves],
    )
