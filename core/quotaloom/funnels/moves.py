"""The record of every change of stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from quotaloom.platform.unit_of_work import Transaction

MOVED_AT: Final = """
greatest($2::timestamptz, (SELECT max(moved_at) FROM stage_move AS earlier
    WHERE earlier.company_id = $1 AND earlier.opportunity_id = {deal}))
"""
"""When a move of a `deal` was recorded, never before its earlier ones.

Of two at once the one that began first may be written last; moves are read in the order of their moments.
"""


@dataclass(frozen=True, slots=True)
class Move:
    """A deal came from one stage (None: it is new) into another, on a day where that is known."""

    opportunity_id: int
    from_stage_id: int | None
    to_stage_id: int
    moved_on: date | None
    reason: str | None = None


_INSERT = f"""
INSERT INTO stage_move (company_id, moved_at, actor, actor_member_id, opportunity_id, from_stage_id, to_stage_id,
    moved_on, reason)
SELECT $1, {MOVED_AT.format(deal="given.opportunity_id")}, $3, $4, given.* FROM unnest($5::bigint[], $6::bigint[],
    $7::bigint[], $8::date[], $9::text[]) AS given (opportunity_id, from_stage_id, to_stage_id, moved_on, reason)
"""  # noqa: S608 (constants)


async def insert_moves(transaction: Transaction, moves: Sequence[Move]) -> None:
    """Append moves as of now and of the transaction's writer, in one statement."""
    if not moves:
        return
    await transaction.execute(
        _INSERT,
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
