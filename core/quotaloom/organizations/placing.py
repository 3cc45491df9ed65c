"""Moving a unit to another parent from a day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from quotaloom.organizations.paths import rebuild_paths
from quotaloom.organizations.planting import refuse_closed_parent, refuse_position
from quotaloom.organizations.spans import Span, refuse_unknown_day
from quotaloom.organizations.stored import LOCK, StoredUnit, load_units, refuse_stale, the_unit
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction


@dataclass(frozen=True, slots=True)
class _Placement:
    id: int
    parent_id: int
    ordinal: int
    span: Span


async def place_unit(
    transaction: Transaction,
    unit_id: int,
    parent_id: int,
    on: date,
    ordinal: int | None = None,
    expected_version: int | None = None,
) -> None:
    """Put a unit under another parent from `on` until the next change that is entered already.

    The placement that holds on that day is cut there; one that starts on that very day is corrected. `ordinal`
    None keeps the unit's place where the parent stays the same and is 0 otherwise. A move that changes nothing
    writes nothing. Raises `InputError` ROOT_STAYS, NOT_OPEN, CHILD_UNDER_POSITION, PARENT_NOT_OPEN, CYCLE,
    TOO_DEEP, BAD_ORDINAL, BAD_PERIOD (a day out of reach); `NotFound` for either unit; `Conflict` STALE.
    """
    await transaction.lock(LOCK)
    units = await load_units(transaction, {unit_id, parent_id})
    unit, parent = the_unit(units, unit_id), the_unit(units, parent_id, ("parentId",))
    refuse_stale(unit, expected_version)
    _check(unit, parent, on, ordinal)
    current = await _placement_on(transaction, unit, on)
    days = Span(on, current.span.end)
    await _refuse_cycle(transaction, unit, parent, days)
    refuse_closed_parent(unit.name, parent, days.shared(unit.open))
    kept = current.ordinal if current.parent_id == parent_id else 0
    place = kept if ordinal is None else ordinal
    if (current.parent_id, current.ordinal) == (parent_id, place):
        return
    await _write(transaction, unit, current, parent_id, place, on)
    await rebuild_paths(transaction, [unit_id])
    transaction.publish("unit.moved", id=unit_id, parent_id=parent_id, on=on)


def _check(unit: StoredUnit, parent: StoredUnit, on: date, ordinal: int | None) -> None:
    if unit.kind == "company":
        raise InputError("ROOT_STAYS", f"{unit.name} is the root of the tree: it cannot be moved", ("id",))
    refuse_unknown_day(on, "on")
    if not unit.open.covers(on):
        raise InputError(
            "NOT_OPEN", f"{unit.name} is open {unit.open}, not on {on}: choose a day on which it is open", ("on",)
        )
    if not -(2**31) <= (ordinal or 0) < 2**31:
        raise InputError("BAD_ORDINAL", "an ordinal is a whole number of at most 32 bits", ("ordinal",))
    refuse_position(parent)


async def _placement_on(transaction: Transaction, unit: StoredUnit, on: date) -> _Placement:
    row = await transaction.fetch_one(
        "SELECT id, parent_id, ordinal, valid_from, valid_to FROM placement"
        " WHERE unit_id = $1 AND daterange(valid_from, valid_to) @> $2::date",
        unit.id,
        on,
    )
    assert row is not None, f"unit {unit.id} has no parent on {on}"
    return _Placement(row["id"], row["parent_id"], row["ordinal"], Span.of(row["valid_from"], row["valid_to"]))


async def _refuse_cycle(transaction: Transaction, unit: StoredUnit, parent: StoredUnit, days: Span) -> None:
    chain = await transaction.fetch(
        "WITH meeting AS (SELECT depth, greatest(valid_from, $3) AS day FROM unit_path WHERE ancestor_id = $1"
        " AND unit_id = $2 AND valid_from < $4 AND $3 < valid_to ORDER BY valid_from LIMIT 1)"
        " SELECT u.name, m.day FROM meeting m JOIN unit_path p ON p.unit_id = $2 AND p.depth <= m.depth"
        " AND p.valid_from <= m.day AND m.day < p.valid_to"
        " JOIN org_unit u ON u.company_id = p.company_id AND u.id = p.ancestor_id ORDER BY p.depth",
        unit.id,
        parent.id,
        days.start,
        days.end,
    )
    if len(chain) == 1:
        raise InputError("CYCLE", f"{unit.name} cannot lie under itself: choose another parent", ("parentId",))
    if chain:
        lies = " under ".join(row["name"] for row in chain)
        raise InputError(
            "CYCLE",
            f"{unit.name} cannot lie under {parent.name} {days}: on {chain[0]['day']} {lies}; choose a parent"
            f" outside of {unit.name}, or move {parent.name} out of it first",
            ("parentId",),
        )


async def _write(
    transaction: Transaction, unit: StoredUnit, current: _Placement, parent_id: int, ordinal: int, on: date
) -> None:
    if current.span.start == on:
        await transaction.execute(
            "UPDATE placement SET parent_id = $2, ordinal = $3 WHERE id = $1", current.id, parent_id, ordinal
        )
    else:
        await transaction.execute("UPDATE placement SET valid_to = $2 WHERE id = $1", current.id, on)
        await transaction.execute(
            "INSERT INTO placement (company_id, unit_id, parent_id, ordinal, valid_from, valid_to)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            transaction.company_id,
            unit.id,
            parent_id,
            ordinal,
            on,
            current.span.valid_to,
        )
    await transaction.execute("UPDATE org_unit SET version = version + 1 WHERE id = $1", unit.id)
    transaction.record(
        "unit.move",
        "OrgUnit",
        unit.id,
        before=_told(current.parent_id, current.ordinal, current.span),
        after=_told(parent_id, ordinal, Span(on, current.span.end)),
    )


def _told(parent_id: int, ordinal: int, span: Span) -> dict[str, object]:
    return {"parent_id": parent_id, "ordinal": ordinal, "valid_from": span.valid_from, "valid_to": span.valid_to}
