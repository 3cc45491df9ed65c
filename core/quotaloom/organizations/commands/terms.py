"""Appointing holders of positions and heads of units, and ending them; each needs an admin."""

from __future__ import annotations

from datetime import date

from quotaloom.organizations.stored import only_row
from quotaloom.organizations.terms import HEADSHIP, HOLDING, NewTerm, TermKind, appoint, end_term
from quotaloom.platform.access import Scope
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


async def appoint_holder(
    work: Work,
    position_id: int,
    member_id: int,
    valid_from: date | None,
    valid_to: date | None = None,
    *,
    replace: bool = False,
) -> int:
    """Let a member hold a position on [valid_from, valid_to); returns the holding's id; see `appoint`."""
    return await _appoint(work, HOLDING, NewTerm(position_id, member_id, valid_from, valid_to), replace)


async def appoint_head(
    work: Work,
    unit_id: int,
    member_id: int,
    valid_from: date | None,
    valid_to: date | None = None,
    *,
    replace: bool = False,
) -> int:
    """Let a member lead a company, department or team on [valid_from, valid_to); he needs no position.

    Returns the headship's id; see `appoint`.
    """
    return await _appoint(work, HEADSHIP, NewTerm(unit_id, member_id, valid_from, valid_to), replace)


async def end_holding(work: Work, holding_id: int, on: date) -> None:
    """Let a holding end on `on`, the first day without the holder; see `end_term`."""
    await _end(work, HOLDING, holding_id, on)


async def end_headship(work: Work, headship_id: int, on: date) -> None:
    """Let a headship end on `on`, the first day without the head; see `end_term`."""
    await _end(work, HEADSHIP, headship_id, on)


async def _appoint(work: Work, kind: TermKind, term: NewTerm, replace: bool) -> int:
    work.viewer.require(Scope.ORGANIZATION, f"entering a {kind.table}")

    async def apply(transaction: Transaction) -> int:
        with only_row():
            return (await appoint(transaction, kind, [term], replace=replace))[0]

    return await work.write(apply)


async def _end(work: Work, kind: TermKind, term_id: int, on: date) -> None:
    work.viewer.require(Scope.ORGANIZATION, f"ending a {kind.table}")

    async def apply(transaction: Transaction) -> None:
        await end_term(transaction, kind, term_id, on)

    await work.write(apply)
