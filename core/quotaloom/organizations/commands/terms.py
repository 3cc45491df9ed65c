"""Appointing holders of positions and heads of units, and ending them; each needs an admin."""

from __future__ import annotations

from datetime import date

from quotaloom.organizations.stored import only_row
from quotaloom.organizations.terms import HEADSHIP, HOLDING, NewTerm, Term, TermKind, appoint, end_term
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import AccessDenied
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


async def end_holding(work: Work, holding_id: int, on: date) -> Term:
    """Let a holding end on `on`, the first day without the holder; returns it as it was; see `end_term`."""
    return await _end(work, HOLDING, holding_id, on)


async def end_headship(work: Work, headship_id: int, on: date) -> Term:
    """Let a headship end on `on`, the first day without the head; returns it as it was; see `end_term`."""
    return await _end(work, HEADSHIP, headship_id, on)


async def _appoint(work: Work, kind: TermKind, term: NewTerm, replace: bool) -> int:
    work.viewer.require(Scope.ORGANIZATION, f"entering a {kind.table}")

    async def apply(transaction: Transaction) -> int:
        if kind is HEADSHIP:
            await _require_admin_for_root(transaction, work, term.unit_id)
        with only_row():
            return (await appoint(transaction, kind, [term], replace=replace))[0]

    return await work.write(apply)


async def _end(work: Work, kind: TermKind, term_id: int, on: date) -> Term:
    work.viewer.require(Scope.ORGANIZATION, f"ending a {kind.table}")

    return await work.write(lambda transaction: end_term(transaction, kind, term_id, on))


async def _require_admin_for_root(transaction: Transaction, work: Work, unit_id: int | None) -> None:
    """Whoever heads the root sees and plans everything: that is for an admin to give, not for a service."""
    row = await transaction.fetch_one("SELECT kind FROM org_unit WHERE id = $1", unit_id)
    if row is not None and row["kind"] == "company" and not work.viewer.is_admin:
        raise AccessDenied("appointing or ending the head of the company needs an admin")


async def _unit_of(transaction: Transaction, headship_id: int) -> int | None:
    row = await transaction.fetch_one("SELECT unit_id FROM headship WHERE id = $1", headship_id)
    return None if row is None else int(row["unit_id"])
