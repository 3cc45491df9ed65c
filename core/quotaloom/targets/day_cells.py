"""Planning a month by the day: day cells in place of the month's cell, never both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from asyncpg import Record

from quotaloom.calendars.company_calendar import CompanyCalendar, fiscal_calendar, load_calendar
from quotaloom.calendars.periods import ONE_DAY, Period
from quotaloom.calendars.spread import spread_over_days
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.cells import hold_draft, unit_spans
from quotaloom.targets.gathering import KINDS, is_day_cell, open_in
from quotaloom.targets.permission import planning_right
from quotaloom.targets.plan_months import months_within
from quotaloom.targets.plans import load_plan
from quotaloom.targets.standing import refuse_submitted

MOST_MONTHS: Final = 1000
"""How many months of units one call may turn."""

_COLUMNS: Final = "unit_id, starts_on, ends_on, target, assessment, stretch, locked, pinned, version"

Cells = Mapping[tuple[int, date], Sequence[Record]]
"""The cells of a unit and month, by the unit and the month's first day."""


async def plan_by_day(
    work: Work, plan_id: int, unit_ids: Sequence[int], period: str, *, by_day: bool, scenario: int | None = None
) -> int:
    """Plan the months of a period by the day, or (`by_day` False) as a whole again; returns how many months turned.

    A month's values are spread over its working days, extra units to the earlier days; a month as a whole has the
    sums of its days. Months without a cell become days without values. What is planned so already stays. Raises
    `InputError` for a period that is not made of whole months of the plan, a locked or submitted cell, NO_UNITS,
    TOO_MANY_MONTHS.
    """
    unit_ids = list(dict.fromkeys(unit_ids))
    if not unit_ids:
        raise InputError("NO_UNITS", "name 1 unit or more", ("orgUnitIds",))
    async with work.snapshot() as snapshot:
        right = await planning_right(snapshot, work)
        plan = await load_plan(snapshot, plan_id)
        right.require_to_set(unit_ids, await unit_spans(snapshot, unit_ids), ("orgUnitIds",), ())
        calendar = await load_calendar(snapshot, work.company)
    months = months_within(fiscal_calendar(work.company), plan, period)
    if len(unit_ids) * len(months) > MOST_MONTHS:
        raise InputError(
            "TOO_MANY_MONTHS", f"turn up to {MOST_MONTHS} months of units at a time: fewer units or months", ("period",)
        )

    async def apply(transaction: Transaction) -> int:
        draft = await hold_draft(transaction, plan_id, scenario)
        await refuse_submitted(transaction, draft, unit_ids, work.today, "orgUnitIds")
        units = await unit_spans(transaction, unit_ids)
        cells = await _by_month(transaction, draft, unit_ids, months)
        turned = list(_turned(units, cells, months, calendar, by_day=by_day))
        await _replace(transaction, draft, turned)
        count = len({(unit_id, month.starts_on) for unit_id, month, _ in turned})
        after = {"version": draft, "units": unit_ids, "period": period, "by_day": by_day, "months": count}
        transaction.record("targets.by_day", "Plan", plan_id, after=after)
        transaction.publish("targets.changed", plan=plan_id, units=unit_ids)
        return count

    return await work.write(apply)


async def _by_month(transaction: Transaction, draft: int, unit_ids: Sequence[int], months: Sequence[Period]) -> Cells:
    rows = await transaction.fetch(
        f"SELECT m.s AS month, {_COLUMNS} FROM target_cell c"  # noqa: S608 (a constant)
        " JOIN unnest($3::date[], $4::date[]) AS m (s, e) ON c.starts_on >= m.s AND c.ends_on <= m.e"
        " WHERE c.plan_version_id = $1 AND c.unit_id = ANY($2::bigint[]) ORDER BY c.starts_on",
        draft,
        list(unit_ids),
        [month.starts_on for month in months],
        [month.ends_on for month in months],
    )
    found: dict[tuple[int, date], list[Record]] = defaultdict(list)
    for row in rows:
        found[row["unit_id"], row["month"]].append(row)
    return found


def _turned(
    units: Mapping[int, Record], cells: Cells, months: Sequence[Period], calendar: CompanyCalendar, *, by_day: bool
) -> Iterator[tuple[int, Period, tuple[Any, ...]]]:
    """The cells that take the place of others: unit, month, and (starts_on, ends_on, three values, pinned, version)."""
    for unit_id, unit in units.items():
        for month in months:
            found = cells.get((unit_id, month.starts_on), ())
            if not open_in(unit["opened_on"], unit["closed_on"], month.starts_on, month.ends_on):
                continue
            if any(is_day_cell(cell) for cell in found) == by_day or not (found or by_day):
                continue
            if any(cell["locked"] for cell in found):
                message = f"{month.label} of {unit['name']} is locked; an admin can unlock it"
                raise InputError("CELL_LOCKED", message, ("period",))
            rows = _days(found[0] if found else None, month, calendar) if by_day else [_whole(found, month)]
            yield from ((unit_id, month, row) for row in rows)


def _days(cell: Record | None, month: Period, calendar: CompanyCalendar) -> list[tuple[Any, ...]]:
    days = [month.starts_on + ONE_DAY * step for step in range(month.length)]
    spread = {
        kind: spread_over_days(cell[kind], month, calendar.working)
        for kind in KINDS
        if cell is not None and cell[kind] is not None
    }
    marks = (cell is not None and cell["pinned"], _next_version([] if cell is None else [cell]))
    return [
        (day, day + ONE_DAY, *(spread[kind][day] if kind in spread else None for kind in KINDS), *marks) for day in days
    ]


def _whole(cells: Sequence[Record], month: Period) -> tuple[Any, ...]:
    sums = []
    for kind in KINDS:
        values = [cell[kind] for cell in cells if cell[kind] is not None]
        sums.append(sum(values) if values else None)
    pinned = any(cell["pinned"] for cell in cells)
    return (month.starts_on, month.ends_on, *sums, pinned, _next_version(cells))


def _next_version(cells: Sequence[Record]) -> int:
    """The version of what takes the place of cells: nobody has read it who has read one of those."""
    return max((cell["version"] for cell in cells), default=0) + 1


async def _replace(transaction: Transaction, draft: int, turned: Sequence[tuple[int, Period, tuple[Any, ...]]]) -> None:
    if not turned:
        return
    gone = list({(unit_id, month.starts_on, month.ends_on) for unit_id, month, _ in turned})
    await transaction.execute(
        "DELETE FROM target_cell c USING unnest($2::bigint[], $3::date[], $4::date[]) AS n (u, s, e)"
        " WHERE c.plan_version_id = $1 AND c.unit_id = n.u AND c.starts_on >= n.s AND c.ends_on <= n.e",
        draft,
        *(list(column) for column in zip(*gone, strict=True)),
    )
    await transaction.execute(
        "INSERT INTO target_cell (company_id, plan_version_id, unit_id, starts_on, ends_on, target, assessment,"
        " stretch, pinned, version, locked) SELECT $1, $2, n.*, false FROM unnest($3::bigint[], $4::date[], $5::date[],"
        " $6::bigint[], $7::bigint[], $8::bigint[], $9::bool[], $10::int[]) AS n",
        transaction.company_id,
        draft,
        *(list(column) for column in zip(*((unit_id, *row) for unit_id, _, row in turned), strict=True)),
    )
