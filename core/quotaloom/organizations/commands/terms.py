"""Appointing holders of positions and heads of units, and ending them; each needs an admin."""

from __future__ import annotations

from datetime import date

from quotaloom.organizations.stored import load_units, only_row
from quotaloom.organizations.terms import HEADSHIP, HOLDING, NewTerm, Term, TermKind, appoint, end_term
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

    Returns the headship's id; see `appoint`. Only an admin appoints who heads the root unit.
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

    async def apply(transaction: Transaction) -> Term:
        if kind is HEADSHIP:
            await _require_admin_for_root(transaction, work, await _unit_of(transaction, term_id))
        return await end_term(transaction, kind, term_id, on)

    return await work.write(apply)


async def require_admin_for_heads_of_root(transaction: Transaction, work: Work, member_id: int, on: date) -> None:
    """Raise `AccessDenied` where who is no admin lets somebody leave on a day that ends a headship of the root."""
    row = await transaction.fetch_one(
        "SELECT unit_id FROM headship JOIN org_unit ON org_unit.company_id = headship.company_id"
        " AND org_unit.id = headship.unit_id AND org_unit.kind = 'company'"
        " WHERE headship.member_id = $1 AND (headship.valid_to IS NULL OR headship.valid_to > $2) LIMIT 1",
        member_id,
        on,
    )
    await _require_admin_for_root(transaction, work, None if row is None else row["unit_id"])


async def _require_admin_for_root(transaction: Transaction, work: Work, unit_id: int | None) -> None:
    """Whoever heads the root sees and plans everything: that is for an admin to give, not for a service."""
    units = await load_units(transaction, [] if unit_id is None else [unit_id])
    if any(unit.kind == "company" for unit in units.values()):
        work.viewer.require_admin("appointing or ending the head of the company")


async def _unit_of(transaction: Transaction, headship_id: int) -> int | None:
    if not 0 < headship_id < 2**63:
        return None
    row = await transaction.fetch_one("SELECT unit_id FROM headship WHERE id = $1", headship_id)
    return None if row is None else int(row["unit_id"])
