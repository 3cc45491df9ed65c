"""What a decomposition reads: the tree below a unit, its cells, and last year's achievement, in one snapshot."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from asyncpg import Record

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import ONE_DAY, Period
from quotaloom.metrics.counting import Counting, counting_of
from quotaloom.metrics.reads import metrics_by_id
from quotaloom.platform.errors import NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.targets.plans import PlanFacts

KINDS = ("target", "assessment", "stretch")
"""The three values of a cell."""

NEVER: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class GatheredUnit:
    """A unit of the tree with its cells by month: `values` per line, `fixed` the months that stay.

    `locked` are the months closed to editing, `shut` those on no day of which the unit is open, `by_day` those that are
    planned by the day, which the planner did himself; `versions` the version of each stored cell, by the cell's id.
    """

    id: int
    key: str
    name: str
    kind: str
    children: tuple[int, ...]
    values: Mapping[str, tuple[int | None, ...]]
    fixed: frozenset[int]
    locked: frozenset[int]
    shut: frozenset[int]
    by_day: frozenset[int]
    versions: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The subtree of one unit of one draft, by unit id, and the months of the plan.

    `tree` are the units with their parents in the order in which they were read on `tree_day`.
    """

    plan_id: int
    draft_id: int
    counting: Counting
    metric_key: str
    metric_scale: int
    months: tuple[Period, ...]
    units: Mapping[int, GatheredUnit]
    tree_day: date
    tree: tuple[tuple[int, int | None], ...]


async def gather(
    snapshot: Snapshot,
    calendar: FiscalCalendar,
    plan: PlanFacts,
    draft_id: int,
    unit_id: int,
    tree_day: date,
    levels: int | None = None,
) -> Gathered:
    """Read the subtree of `unit_id` as it stands on `tree_day`; raises `NotFound` for an unknown unit.

    Units that open later in the plan's time, or closed earlier in it, are there too, each where it stood on the
    day nearest to `tree_day` on which it was open. With `levels`, `units` are only those so many levels below, although
    their `children`, and the `tree`, name all.
    """
    months = calendar.months_of(Period("", None, plan.starts_on, plan.ends_on))
    rows = await subtree(snapshot, unit_id, tree_day, plan)
    if not rows:
        raise NotFound("NOT_FOUND", f"there is no such unit on {tree_day} that you can see", ("orgUnitId",))
    depths = {unit_id: 0}
    for row in rows[1:]:
        depths[row["id"]] = depths[row["parent_id"]] + 1
    ids = [id_ for id_, depth in depths.items() if levels is None or depth <= levels]
    wanted = set(ids)
    cells = await _cells(snapshot, draft_id, ids)
    (metric,) = await metrics_by_id(snapshot, [plan.metric_id])
    children: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        if row["id"] != unit_id:
            children[row["parent_id"]].append(row["id"])
    units = {
        row["id"]: _unit(row, children[row["id"]], months, cells[row["id"]]) for row in rows if row["id"] in wanted
    }
    return Gathered(
        plan.id, draft_id, counting_of(metric), metric["key"], metric["scale"], months, units, tree_day, tree_of(rows)
    )


async def subtree(source: Snapshot | Transaction, unit_id: int, day: date, plan: PlanFacts) -> list[Record]:
    """The units below one that are open on any day of the plan, itself included, siblings in tree order."""
    rows = await source.fetch(
        "SELECT u.id, u.key, u.name, u.kind, u.opened_on, u.closed_on, c.parent_id FROM org_unit u"
        " CROSS JOIN LATERAL (SELECT least(greatest($2::date, coalesce(u.opened_on, $2)),"
        " coalesce(u.closed_on - 1, 'infinity')) AS day) AS own"
        " JOIN unit_path p ON p.company_id = u.company_id AND p.unit_id = u.id AND p.ancestor_id = $1"
        " AND p.valid_from <= own.day AND p.valid_to > own.day"
        " LEFT JOIN placement c ON c.company_id = u.company_id AND c.unit_id = u.id"
        " AND daterange(c.valid_from, c.valid_to) @> own.day"
        " WHERE (u.opened_on IS NULL OR u.opened_on < $4) AND (u.closed_on IS NULL OR u.closed_on > $3)"
        ' ORDER BY p.depth, c.ordinal, u.name COLLATE "C", u.id',
        unit_id,
        day,
        plan.starts_on,
        plan.ends_on,
    )
    reached = {unit_id}
    kept = []
    for row in rows:  # parents come first; a unit whose parent stands elsewhere by now is not reached
        if row["id"] == unit_id or row["parent_id"] in reached:
            reached.add(row["id"])
            kept.append(row)
    return kept


def tree_of(rows: Sequence[Record]) -> tuple[tuple[int, int | None], ...]:
    """Units with their parents, for comparing."""
    return tuple((row["id"], row["parent_id"]) for row in rows)


def open_in(opened_on: date | None, closed_on: date | None, starts_on: date, ends_on: date) -> bool:
    """Whether a unit is open on any day of [starts_on, ends_on)."""
    return (opened_on is None or opened_on < ends_on) and (closed_on is None or closed_on > starts_on)


def is_day_cell(cell: Record) -> bool:
    """Whether a cell is of one day; no month is that short."""
    return bool(cell["ends_on"] - cell["starts_on"] == ONE_DAY)


async def _cells(snapshot: Snapshot, draft_id: int, ids: Sequence[int]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = defaultdict(list)
    rows = await snapshot.fetch(
        "SELECT id, unit_id, starts_on, ends_on, target, assessment, stretch, locked, pinned, version FROM target_cell"
        " WHERE plan_version_id = $1 AND unit_id = ANY($2)",
        draft_id,
        list(ids),
    )
    for row in rows:
        found[row["unit_id"]].append(row)
    return found


def _unit(
    row: Record,
    children: Sequence[int],
    months: Sequence[Period],
    cells: Sequence[Record],
) -> GatheredUnit:
    whole, days = _by_month(months, cells)
    found = {**whole, **{place: _summed(of_month) for place, of_month in days.items()}}
    locked = frozenset(place for place, cell in found.items() if cell["locked"])
    pinned = frozenset(place for place, cell in found.items() if cell["pinned"])
    opened_on, closed_on = row["opened_on"], row["closed_on"]
    shut = NEVER
    if opened_on is not None or closed_on is not None:
        shut = frozenset(
            place
            for place, month in enumerate(months)
            if not open_in(opened_on, closed_on, month.starts_on, month.ends_on)
        )
    return GatheredUnit(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        kind=row["kind"],
        children=tuple(children),
        values=_values(found, len(months)) if found else dict.fromkeys(KINDS, (None,) * len(months)),
        fixed=locked | pinned | shut | days.keys(),
        locked=locked,
        shut=shut,
        by_day=frozenset(days),
        versions={cell["id"]: cell["version"] for cell in cells},
    )


def _values(found: Mapping[int, Record | Mapping[str, Any]], months: int) -> dict[str, tuple[int | None, ...]]:
    by_month = [found.get(place) for place in range(months)]
    return {kind: tuple([None if cell is None else cell[kind] for cell in by_month]) for kind in KINDS}


def _by_month(
    months: Sequence[Period], cells: Sequence[Record]
) -> tuple[dict[int, Record | Mapping[str, Any]], dict[int, list[Record]]]:
    """Cells of whole months and those of days, by the month's place."""
    places = {month.starts_on: place for place, month in enumerate(months)}
    starts = [month.starts_on for month in months]
    whole: dict[int, Record | Mapping[str, Any]] = {}
    days: dict[int, list[Record]] = defaultdict(list)
    for cell in cells:
        if is_day_cell(cell):
            days[bisect_right(starts, cell["starts_on"]) - 1].append(cell)
        elif cell["starts_on"] in places:
            whole[places[cell["starts_on"]]] = cell
    return whole, days


def _summed(days: Sequence[Record]) -> Mapping[str, Any]:
    """A month that is planned by the day, as one cell."""
    values = {kind: [cell[kind] for cell in days if cell[kind] is not None] for kind in KINDS}
    return {
        **{kind: sum(given) if given else None for kind, given in values.items()},
        "locked": any(cell["locked"] for cell in days),
        "pinned": False,
    }
