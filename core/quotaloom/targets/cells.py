"""Setting, locking and pinning target cells of a draft."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from asyncpg import Record

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import ONE_DAY
from quotaloom.platform.access import Scope
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.gathering import KINDS, open_in
from quotaloom.targets.permission import planning_right
from quotaloom.targets.plan_months import month_of_plan, months_within
from quotaloom.targets.plans import PlanFacts, load_plan, open_version
from quotaloom.targets.standing import refuse_submitted

MOST_CELLS = 5000
"""How many cells one call may set."""


@dataclass(frozen=True, slots=True)
class CellChange:
    """What one cell shall hold.

    `month` is the label of a fiscal month, or of a day of one that is planned by the day. `values` has the new
    `target`, `assessment` or `stretch` in minor units of the plan's metric: None clears one, one that is not named
    stays. `pinned` None leaves the pin. `expected_version` is the version the editor saw; None does not check, 0 says
    that there was no cell.
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

    @property
    def is_day(self) -> bool:
        """Whether it is of one day."""
        return self.ends_on - self.starts_on == ONE_DAY

    def crosses(self, starts_on: date, ends_on: date) -> bool:
        """Whether it shares days with [starts_on, ends_on) and is not the cell of just these."""
        shares = self.starts_on < ends_on and starts_on < self.ends_on
        return shares and (self.starts_on, self.ends_on) != (starts_on, ends_on)


async def set_target_cells(
    work: Work, plan_id: int, changes: Sequence[CellChange], scenario: int | None = None
) -> None:
    """Set cells of the plan's draft, or of its scenario with that number, all or none.

    Planners do it: an admin, or whoever heads a unit above the cell's. Raises `InputError` for a month that
    is none of the plan's, a negative amount, a locked cell or one that is submitted, `Conflict` for a cell that
    somebody else changed.
    """
    if not changes:
        raise InputError("NO_CELLS", "there is nothing to set: send 1 cell or more", ("cells",))
    if len(changes) > MOST_CELLS:
        raise InputError("TOO_MANY_CELLS", f"set 1 to {MOST_CELLS} cells at a time, not {len(changes)}", ("cells",))
    async with work.snapshot() as snapshot:
        right = await planning_right(snapshot, work)
        plan = await load_plan(snapshot, plan_id)
        unit_ids = [change.unit_id for change in changes]
        units = await unit_spans(snapshot, unit_ids)
        right.require_to_set(unit_ids, units, ("cells",))

    async def apply(transaction: Transaction) -> None:
        await store_target_cells(transaction, work, plan, changes, scenario)

    await work.write(apply)


async def store_target_cells(
    transaction: Transaction, work: Work, plan: PlanFacts, changes: Sequence[CellChange], scenario: int | None = None
) -> int:
    """`set_target_cells` inside a transaction of the caller, who has checked that the viewer may set these units.

    Returns the version that was written.
    """
    cells = _placed(fiscal_calendar(work.company), plan, changes)
    draft = await hold_draft(transaction, plan.id, scenario)
    unit_ids = [change.unit_id for change in changes]
    await refuse_submitted(transaction, draft, unit_ids, work.today, "cells")
    _refuse_closed(cells, await unit_spans(transaction, unit_ids))
    await _refuse_mixture(transaction, draft, cells)
    before = await _stored(transaction, draft, cells)
    for index, cell in enumerate(cells):
        _check_stored(before.get((cell.change.unit_id, cell.starts_on)), cell.change, index)
    await _store(transaction, draft, cells, before)
    transaction.record(
        "targets.set",
        "Plan",
        plan.id,
        before=[dict(row) for row in before.values()],
        after=[{"plan_version_id": draft, **_plain(cell)} for cell in cells],
    )
    transaction.publish("targets.changed", plan=plan.id, units=sorted(set(unit_ids)))
    return draft


# Of a month that is planned by the day its days are locked, of any other its cell, which may be empty.
_LOCK = """
WITH months AS (SELECT u, s, e FROM unnest($3::bigint[]) AS u, unnest($4::date[], $5::date[]) AS m (s, e)),
days AS (
    SELECT c.id, c.unit_id, m.s FROM target_cell c JOIN months m ON m.u = c.unit_id
    WHERE c.plan_version_id = $2 AND c.starts_on >= m.s AND c.ends_on <= m.e AND c.ends_on = c.starts_on + 1
),
of_days AS (
    UPDATE target_cell AS c SET locked = $6, version = c.version + 1 FROM days
    WHERE c.company_id = $1 AND c.id = days.id AND c.locked <> $6 RETURNING c.id
),
of_months AS (
    INSERT INTO target_cell AS c (company_id, plan_version_id, unit_id, starts_on, ends_on, locked, pinned, version)
    SELECT $1, $2, m.u, m.s, m.e, true, false, 1 FROM months m
    WHERE NOT EXISTS (SELECT FROM days WHERE days.unit_id = m.u AND days.s = m.s) AND ($6 OR EXISTS (
        SELECT FROM target_cell o WHERE o.plan_version_id = $2 AND o.unit_id = m.u AND o.starts_on = m.s
    ))
    ON CONFLICT (company_id, plan_version_id, unit_id, starts_on) DO UPDATE SET locked = $6, version = c.version + 1
    WHERE c.locked <> $6 RETURNING id
)
SELECT id FROM of_days UNION ALL SELECT id FROM of_months
"""


async def lock_target_cells(
    work: Work, plan_id: int, unit_ids: Sequence[int], period: str, locked: bool, scenario: int | None = None
) -> int:
    """Close cells of the draft, or of a scenario, to editing, or open them again; returns how many changed.

    Admins only. Every month of the period is locked, those without a cell too. Raises `NotFound` for an unknown unit
    and `InputError` BAD_PERIOD for a period that is not made of whole months of the plan.
    """
    work.viewer.require(Scope.TARGETS, "locking cells")
    async with work.snapshot() as snapshot:
        plan = await load_plan(snapshot, plan_id)
        known = await unit_spans(snapshot, unit_ids)
    for index, unit_id in enumerate(unit_ids):
        if unit_id not in known:
            raise NotFound("NOT_FOUND", "there is no such unit", ("orgUnitIds", index))
    months = months_within(fiscal_calendar(work.company), plan, period)

    async def apply(transaction: Transaction) -> int:
        draft = await hold_draft(transaction, plan_id, scenario)
        rows = await transaction.fetch(
            _LOCK,
            transaction.company_id,
            draft,
            sorted(set(unit_ids)),
            [month.starts_on for month in months],
            [month.ends_on for month in months],
            locked,
        )
        after = {"version": draft, "units": list(unit_ids), "period": period, "locked": locked, "cells": len(rows)}
        transaction.record("targets.lock", "Plan", plan_id, after=after)
        transaction.publish("targets.changed", plan=plan_id, units=sorted(set(unit_ids)))
        return len(rows)

    return await work.write(apply)


async def hold_draft(transaction: Transaction, plan_id: int, scenario: int | None = None) -> int:
    """The plan's draft, or a scenario, held against everybody else who writes it until the transaction ends.

    Raises as `open_version`.
    """
    open_version(await load_plan(transaction, plan_id), scenario)
    await transaction.lock(f"plan:{plan_id}")
    return open_version(await load_plan(transaction, plan_id), scenario)


async def unit_spans(source: Snapshot | Transaction, unit_ids: Sequence[int]) -> dict[int, Record]:
    """The name of each unit, and from when to when it is open."""
    rows = await source.fetch(
        "SELECT id, name, opened_on, closed_on FROM org_unit WHERE id = ANY($1::bigint[])", list(unit_ids)
    )
    return {row["id"]: row for row in rows}


def _refuse_closed(cells: Sequence[_Cell], units: Mapping[int, Record]) -> None:
    for index, cell in enumerate(cells):
        unit = units[cell.change.unit_id]
        if not open_in(unit["opened_on"], unit["closed_on"], cell.starts_on, cell.ends_on):
            raise InputError(
                "UNIT_NOT_OPEN", f"{unit['name']} is open on no day of {cell.change.month}", ("cells", index, "month")
            )


def _placed(calendar: FiscalCalendar, plan: PlanFacts, changes: Sequence[CellChange]) -> list[_Cell]:
    cells = []
    seen: set[tuple[int, date]] = set()
    for index, change in enumerate(changes):
        path = ("cells", index)
        month = month_of_plan(calendar, plan, change.month, (*path, "month"), or_day=True)
        for kind, amount in change.values.items():
            if amount is not None and not 0 <= amount <= LARGEST:
                raise InputError("NEGATIVE_AMOUNT", "a target value is 0 or more", (*path, kind))
        if (change.unit_id, month.starts_on) in seen:
            raise InputError("DUPLICATE_CELL", f"{change.month} of the same unit is named twice", path)
        seen.add((change.unit_id, month.starts_on))
        cells.append(_Cell(change, month.starts_on, month.ends_on))
    return cells


async def _refuse_mixture(transaction: Transaction, draft: int, cells: Sequence[_Cell]) -> None:
    """A month is planned as a whole or by the day, never both."""
    _refuse_mixture_within(cells)
    # Fetched by their units, and compared here: as a join it would be planned by guess, all cells with all.
    rows = await transaction.fetch(
        "SELECT unit_id, starts_on, ends_on FROM target_cell WHERE plan_version_id = $1 AND unit_id = ANY($2::bigint[])"
        " AND starts_on < $4 AND ends_on > $3 AND CASE WHEN ends_on = starts_on + 1 THEN $5::bool ELSE $6::bool END",
        draft,
        list({cell.change.unit_id for cell in cells}),
        min(cell.starts_on for cell in cells),
        max(cell.ends_on for cell in cells),
        not all(cell.is_day for cell in cells),
        any(cell.is_day for cell in cells),
    )
    stored: dict[int, list[Record]] = defaultdict(list)
    for row in rows:
        stored[row["unit_id"]].append(row)
    for index, cell in enumerate(cells):
        if any(cell.crosses(row["starts_on"], row["ends_on"]) for row in stored.get(cell.change.unit_id, ())):
            raise _mixture(cell, index)


def _refuse_mixture_within(cells: Sequence[_Cell]) -> None:
    days = {(cell.change.unit_id, cell.starts_on) for cell in cells if cell.is_day}
    for index, cell in enumerate(cells if days else ()):
        span = range(0 if cell.is_day else (cell.ends_on - cell.starts_on).days)
        if any((cell.change.unit_id, cell.starts_on + ONE_DAY * step) in days for step in span):
            raise InputError(
                "MONTH_AND_DAY", f"{cell.change.month} is set as a whole and by the day here", ("cells", index, "month")
            )


def _mixture(cell: _Cell, index: int) -> InputError:
    path = ("cells", index, "month")
    if cell.is_day:
        message = f"the month of {cell.change.month} is planned as a whole; call planByDay to plan it by the day"
        return InputError("PLANNED_BY_MONTH", message, path)
    message = f"{cell.change.month} is planned by the day: set its days, or call planByDay with byDay: false"
    return InputError("PLANNED_BY_DAY", message, path)


async def _stored(transaction: Transaction, draft: int, cells: Sequence[_Cell]) -> dict[tuple[int, date], Record]:
    wanted = {(cell.change.unit_id, cell.starts_on) for cell in cells}
    rows = await transaction.fetch(
        "SELECT unit_id, starts_on, target, assessment, stretch, locked, pinned, version FROM target_cell"
        " WHERE plan_version_id = $1 AND unit_id = ANY($2::bigint[]) AND starts_on = ANY($3::date[])"
        " ORDER BY unit_id, starts_on FOR UPDATE",
        draft,
        list({unit_id for unit_id, _ in wanted}),
        list({starts_on for _, starts_on in wanted}),
    )
    return {key: row for row in rows if (key := (row["unit_id"], row["starts_on"])) in wanted}


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
