"""Closing a unit on a day, and opening it again."""

from __future__ import annotations

from datetime import date

from quotaloom.organizations.naming import listed
from quotaloom.organizations.spans import Span, refuse_unknown_day
from quotaloom.organizations.stored import LOCK, StoredUnit, load_unit
from quotaloom.organizations.terms import HEADSHIP, HOLDING, end_terms_of_unit
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction


async def close(transaction: Transaction, unit_id: int, on: date, expected_version: int | None = None) -> None:
    """Close a unit on `on`, its first day closed; its holders and heads end on that day, its place in the tree stays.

    Raises `InputError` ROOT_STAYS, ALREADY_CLOSED, BAD_PERIOD (a day out of reach), BAD_RANGE (not after its first
    day), OPEN_CHILDREN (naming those that are open on that day or later); `NotFound`; `Conflict` STALE.
    """
    await transaction.lock(LOCK)
    unit = await load_unit(transaction, unit_id, expected_version)
    _check(unit, on)
    await _refuse_open_children(transaction, unit, on)
    for kind in (HOLDING, HEADSHIP):
        await end_terms_of_unit(transaction, kind, unit_id, on)
    await _set_closing(transaction, unit, on)
    transaction.publish("unit.closed", id=unit_id, on=on)
    transaction.attainment_changed()


async def reopen(transaction: Transaction, unit_id: int, expected_version: int | None = None) -> None:
    """Take a unit's closing back, as if it had never been; those who ended with it are to be appointed anew.

    Raises `InputError` NOT_CLOSED, PARENT_NOT_OPEN (naming the unit to reopen first); `NotFound`; `Conflict` STALE.
    """
    await transaction.lock(LOCK)
    unit = await load_unit(transaction, unit_id, expected_version)
    if unit.closed_on is None:
        raise InputError("NOT_CLOSED", f"{unit.name} is open: there is no closing to take back", ("id",))
    await _refuse_closed_parents(transaction, unit, Span.of(unit.closed_on, None))
    await _set_closing(transaction, unit, None)
    transaction.publish("unit.reopened", id=unit_id)
    transaction.attainment_changed()


def _check(unit: StoredUnit, on: date) -> None:
    if unit.kind == "company":
        raise InputError("ROOT_STAYS", f"{unit.name} is the root of the tree: it cannot be closed", ("id",))
    if unit.closed_on is not None:
        raise InputError(
            "ALREADY_CLOSED",
            f"{unit.name} closes on {unit.closed_on} already: reopen it to close it on another day",
            ("id",),
        )
    refuse_unknown_day(on, "on")
    if unit.opened_on is not None and on <= unit.opened_on:
        raise InputError(
            "BAD_RANGE", f"{unit.name} opens on {unit.opened_on}: close it on a later day than that", ("on",)
        )


async def _refuse_open_children(transaction: Transaction, unit: StoredUnit, on: date) -> None:
    children = await transaction.fetch(
        "SELECT DISTINCT u.name, u.id FROM placement p"
        " JOIN org_unit u ON u.company_id = p.company_id AND u.id = p.unit_id"
        " WHERE p.parent_id = $1"
        " AND NOT isempty(daterange(p.valid_from, p.valid_to) * daterange(u.opened_on, u.closed_on)"
        " * daterange($2, NULL)) ORDER BY u.name, u.id",
        unit.id,
        on,
    )
    if children:
        raise InputError(
            "OPEN_CHILDREN",
            f"{unit.name} cannot close on {on}: {listed(row['name'] for row in children)} would still lie under it;"
            " close or move them first",
            ("on",),
        )


async def _refuse_closed_parents(transaction: Transaction, unit: StoredUnit, days: Span) -> None:
    parent = await transaction.fetch_one(
        "SELECT u.name, u.closed_on FROM placement p"
        " JOIN org_unit u ON u.company_id = p.company_id AND u.id = p.parent_id"
        " WHERE p.unit_id = $1 AND u.closed_on IS NOT NULL"
        " AND daterange(p.valid_from, p.valid_to) && daterange(greatest(u.closed_on, $2), NULL)"
        " ORDER BY p.valid_from NULLS FIRST LIMIT 1",
        unit.id,
        days.start,
    )
    if parent is not None:
        raise InputError(
            "PARENT_NOT_OPEN",
            f"{unit.name} lies under {parent['name']}, which closes on {parent['closed_on']}:"
            f" reopen {parent['name']} first, or move {unit.name}",
            ("id",),
        )


async def _set_closing(transaction: Transaction, unit: StoredUnit, on: date | None) -> None:
    await transaction.execute("UPDATE org_unit SET closed_on = $2, version = version + 1 WHERE id = $1", unit.id, on)
    transaction.record(
        "unit.close" if on else "unit.reopen",
        "OrgUnit",
        unit.id,
        before={"closed_on": unit.closed_on},
        after={"closed_on": on},
    )
