"""Setting, locking and pinning target cells of a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from asyncpg import Record

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain
from quotaloom.organizations.sight import load_sight
from quotaloom.platform.access import Scope
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.gathering import KINDS
from quotaloom.targets.plans import PlanFacts, draft_of, load_plan

MOST_CELLS = 5000
"""How many cells one call may set."""


@dataclass(frozen=True, slots=True)
class CellChange:
    """What one cell shall hold.

    `month` is the label of a fiscal month. `values` has the new `target`, `assessment` or `stretch` in minor
    units of the plan's metric: None clears one, one that is not named stays. `pinned` None leaves the pin.
    `expected_version` is the version the editor saw; None does not check, 0 says that there was no cell.
    """

    unit_id: int
    month: str
    values: Mapping[str, int | None]
    pinned: bool | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class _Cell:
    change: CellChange
    starts_on: date
    ends_on: date


async def set_target_cells(work: Work, plan_id: int, changes: Sequence[CellChange]) -> None:
    """Set cells of the plan's draft, all or none.

    Planners do it: an admin, or whoever heads a unit above the cell's. Raises `InputError` for a month that
    is none of the plan's, a negative amount or a locked cell, `Conflict` for a cell that somebody else changed.
    """
    if not 1 <= len(changes) <= MOST_CELLS:
        raise InputError("TOO_MANY_CELLS", f"set 1 to {MOST_CELLS} cells at a time, not {len(changes)}", ("cells",))
    async with work.snapshot() as snapshot:
        plan = await load_plan(snapshot, plan_id)
        await require_planner(snapshot, work, [change.unit_id for change in changes])
    cells = _placed(fiscal_calendar(work.company), plan, changes)

    async def apply(transaction: Transaction) -> None:
        draft = draft_of(await load_plan(transaction, plan_id))
        await _lock_draft(transaction, draft)
        before = await _stored(transaction, draft, cells)
        for index, cell in enumerate(cells):
            _check_stored(before.get((cell.change.unit_id, cell.starts_on)), cell.change, index)
        await _store(transaction, draft, cells, before)
        transaction.record(
            "targets.set",
            "Plan",
            plan_id,
            before=[dict(row) for row in before.values()],
            after=[_plain(cell) for cell in cells],
        )
        transaction.publish("targets.changed", plan=plan_id, units=sorted({change.unit_id for change in changes}))

    await work.write(apply)


async def lock_target_cells(work: Work, plan_id: int, unit_ids: Sequence[int], period: str, locked: bool) -> int:
    """Close cells of the draft to editing, or open them again; returns how many changed. Admins only."""
    work.viewer.require(Scope.TARGETS, "locking cells")
    span = fiscal_calendar(work.company).period(period)

    async def apply(transaction: Transaction) -> int:
        plan = await load_plan(transaction, plan_id)
        rows = await transaction.fetch(
            "UPDATE target_cell SET locked = $5, version = version + 1 WHERE plan_version_id = $1 AND unit_id = ANY($2)"
            " AND starts_on >= $3 AND ends_on <= $4 AND locked <> $5 RETURNING id",
            draft_of(plan),
            list(unit_ids),
            span.starts_on,
            span.ends_on,
            locked,
        )
        after = {"units": list(unit_ids), "period": span.label, "locked": locked, "cells": len(rows)}
        transaction.record("targets.lock", "Plan", plan_id, after=after)
        return len(rows)

    return await work.write(apply)


async def require_planner(snapshot: Snapshot, work: Work, unit_ids: Sequence[int]) -> None:
    """Raise unless the viewer may plan for every one of the units.

    An admin may, a service with the scope, and a head for what lies below a unit that he heads: his own
    unit's target is set by whoever heads the unit above.
    """
    sight = await load_sight(snapshot, work.viewer, work.company, work.today)
    known = {row["id"] for row in await snapshot.fetch("SELECT id FROM org_unit WHERE id = ANY($1)", list(unit_ids))}
    visible = {unit_id for unit_id in known if sight.sees_unit(unit_id) or sight.plans_everything}
    if not sight.plans_everything and await _not_below(snapshot, work, list(visible), list(sight.headed_unit_ids)):
        raise AccessDenied("you may plan for the units below those that you head, and for no others")
    unknown = next((index for index, unit_id in enumerate(unit_ids) if unit_id not in visible), None)
    if unknown is not None:
        raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("cells", unknown, "orgUnitId"))


async def _not_below(snapshot: Snapshot, work: Work, unit_ids: list[int], headed: list[int]) -> list[Record]:
    return await snapshot.fetch(
        "SELECT id FROM unnest($1::bigint[]) AS id WHERE NOT EXISTS (SELECT 1 FROM unit_path p WHERE p.unit_id = id"
        " AND p.ancestor_id = ANY($2::bigint[]) AND p.depth > 0 AND p.valid_from <= $3 AND p.valid_to > $3)",
        unit_ids,
        headed,
        work.today,
    )


def _placed(calendar: FiscalCalendar, plan: PlanFacts, changes: Sequence[CellChange]) -> list[_Cell]:
    cells = []
    seen: set[tuple[int, date]] = set()
    for index, change in enumerate(changes):
        path = ("cells", index)
        try:
            month = calendar.period(change.month)
        except InputError as error:
            raise error.at(*path, "month") from None
        if month.grain is not Grain.MONTH or month.starts_on < plan.starts_on or month.ends_on > plan.ends_on:
            raise InputError(
                "BAD_MONTH",
                f"{change.month} is no month of {plan.name}, which covers {plan.starts_on} up to {plan.ends_on}",
                (*path, "month"),
            )
        for kind, amount in change.values.items():
            if amount is not None and not 0 <= amount <= LARGEST:
                raise InputError("NEGATIVE_AMOUNT", "a target value is 0 or more", (*path, kind))
        if (change.unit_id, month.starts_on) in seen:
            raise InputError("DUPLICATE_CELL", f"{change.month} of the same unit is named twice", path)
        seen.add((change.unit_id, month.starts_on))
        cells.append(_Cell(change, month.starts_on, month.ends_on))
    return cells


async def _lock_draft(transaction: Transaction, draft: int) -> None:
    row = await transaction.fetch_one("SELECT status FROM plan_version WHERE id = $1 FOR SHARE", draft)
    if row is None or row["status"] != "draft":
        raise Conflict("PUBLISHED", "the draft was published meanwhile; revise the plan", ("planId",))


async def _stored(transaction: Transaction, draft: int, cells: Sequence[_Cell]) -> dict[tuple[int, date], Record]:
    rows = await transaction.fetch(
        "SELECT unit_id, starts_on, target, assessment, stretch, locked, pinned, version FROM target_cell"
        " WHERE plan_version_id = $1 AND (unit_id, starts_on) IN (SELECT * FROM unnest($2::bigint[], $3::date[]))"
        " ORDER BY unit_id, starts_on FOR UPDATE",
        draft,
        [cell.change.unit_id for cell in cells],
        [cell.starts_on for cell in cells],
    )
    return {(row["unit_id"], row["starts_on"]): row for row in rows}


def _check_stored(row: Record | None, change: CellChange, index: int) -> None:
    found = 0 if row is None else row["version"]
    if change.expected_version is not None and change.expected_version != found:
        raise Conflict(
            "CELL_CHANGED",
            f"somebody changed {change.month} meanwhile: it is at version {found}, you saw {change.expected_version};"
            " look at it again",
            ("cells", index),
        )
    if row is not None and row["locked"]:
        raise InputError("CELL_LOCKED", f"{change.month} is locked; an admin can unlock it", ("cells", index))


async def _store(
    transaction: Transaction, draft: int, cells: Sequence[_Cell], before: Mapping[tuple[int, date], Record]
) -> None:
    rows = [_merged(cell, before.get((cell.change.unit_id, cell.starts_on))) for cell in cells]
    await transaction.execute(
        "INSERT INTO target_cell AS c (company_id, plan_version_id, unit_id, starts_on, ends_on, target, assessment,"
        " stretch, pinned, locked, version) SELECT $1, $2, n.*, false, 1"
        " FROM unnest($3::bigint[], $4::date[], $5::date[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bool[]) AS n"
        " ON CONFLICT (company_id, plan_version_id, unit_id, starts_on) DO UPDATE SET target = excluded.target,"
        " assessment = excluded.assessment, stretch = excluded.stretch, pinned = excluded.pinned,"
        " version = c.version + 1",
        transaction.company_id,
        draft,
        *(list(column) for column in zip(*rows, strict=True)),
    )


def _merged(cell: _Cell, row: Record | None) -> tuple[Any, ...]:
    change = cell.change
    values = [change.values.get(kind, row and row[kind]) for kind in KINDS]
    pinned = change.pinned if change.pinned is not None else bool(row and row["pinned"])
    return (change.unit_id, cell.starts_on, cell.ends_on, *values, pinned)


def _plain(cell: _Cell) -> dict[str, Any]:
    change = cell.change
    return {"unit_id": change.unit_id, "starts_on": cell.starts_on, **change.values, "pinned": change.pinned}
