"""What a decomposition reads: the tree below a unit, its cells, and last year's achievement, in one snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from asyncpg import Record

from quotaloom.achievements.rollups import achieved_by_unit
from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Period
from quotaloom.metrics.reads import metrics_by_id
from quotaloom.platform.errors import NotFound
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.plans import PlanFacts

KINDS = ("target", "assessment", "stretch")
"""The three values of a cell."""


@dataclass(frozen=True, slots=True)
class GatheredUnit:
    """A unit of the tree with its cells by month: `values` per line, `fixed` the months that stay.

    `locked` are the months closed to editing; `versions` the version of each stored cell, by the cell's id;
    `history` what it achieved in the same months of last year, in minor units, empty where not asked for.
    """

    id: int
    name: str
    kind: str
    children: tuple[int, ...]
    values: Mapping[str, tuple[int | None, ...]]
    fixed: frozenset[int]
    locked: frozenset[int]
    versions: Mapping[int, int]
    history: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The subtree of one unit of one draft, by unit id, and the months of the plan."""

    plan_id: int
    draft_id: int
    metric_key: str
    metric_scale: int
    months: tuple[Period, ...]
    units: Mapping[int, GatheredUnit]


async def gather(
    snapshot: Snapshot,
    calendar: FiscalCalendar,
    plan: PlanFacts,
    draft_id: int,
    unit_id: int,
    tree_day: date,
    *,
    history: bool,
) -> Gathered:
    """Read the subtree of `unit_id` as it stands on `tree_day`; raises `NotFound` for an unknown unit."""
    months = calendar.months_of(Period("", None, plan.starts_on, plan.ends_on))
    rows = await _subtree(snapshot, unit_id, tree_day)
    if not rows:
        raise NotFound("NOT_FOUND", f"there is no such unit on {tree_day} that you can see", ("unitId",))
    ids = [row["id"] for row in rows]
    cells = await _cells(snapshot, draft_id, ids)
    achieved = await _history(snapshot, calendar, plan, months, ids, tree_day) if history else {}
    (metric,) = await metrics_by_id(snapshot, [plan.metric_id])
    children: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        if row["id"] != unit_id:
            children[row["parent_id"]].append(row["id"])
    units = {
        row["id"]: _unit(row, children[row["id"]], months, cells[row["id"]], achieved.get(row["id"]), history)
        for row in rows
    }
    return Gathered(plan.id, draft_id, metric["key"], metric["scale"], months, units)


async def _subtree(snapshot: Snapshot, unit_id: int, day: date) -> list[Record]:
    """The units open on a day below one, itself included, siblings in tree order."""
    return await snapshot.fetch(
        "SELECT u.id, u.name, u.kind, c.parent_id FROM unit_path p"
        " JOIN org_unit u ON u.company_id = p.company_id AND u.id = p.unit_id"
        " LEFT JOIN placement c ON c.company_id = p.company_id AND c.unit_id = p.unit_id"
        " AND (c.valid_from IS NULL OR c.valid_from <= $2) AND (c.valid_to IS NULL OR c.valid_to > $2)"
        " WHERE p.ancestor_id = $1 AND p.valid_from <= $2 AND p.valid_to > $2"
        " AND (u.opened_on IS NULL OR u.opened_on <= $2) AND (u.closed_on IS NULL OR u.closed_on > $2)"
        " ORDER BY p.depth, c.ordinal, u.name, u.id",
        unit_id,
        day,
    )


async def _cells(snapshot: Snapshot, draft_id: int, ids: Sequence[int]) -> dict[int, dict[date, Record]]:
    found: dict[int, dict[date, Record]] = defaultdict(dict)
    rows = await snapshot.fetch(
        "SELECT id, unit_id, starts_on, target, assessment, stretch, locked, pinned, version FROM target_cell"
        " WHERE plan_version_id = $1 AND unit_id = ANY($2)",
        draft_id,
        list(ids),
    )
    for row in rows:
        found[row["unit_id"]][row["starts_on"]] = row
    return found


async def _history(
    snapshot: Snapshot,
    calendar: FiscalCalendar,
    plan: PlanFacts,
    months: Sequence[Period],
    ids: Sequence[int],
    tree_day: date,
) -> dict[int, list[int]]:
    """Last year's achievement of the units as they are composed on `tree_day`, per month."""
    periods = [calendar.year_before(month) for month in months]
    rows = await achieved_by_unit(snapshot, list(ids), plan.metric_id, periods, structure="as_is", tree_day=tree_day)
    found: dict[int, list[int]] = defaultdict(lambda: [0] * len(months))
    for row in rows:
        found[row["unit_id"]][row["period_index"]] = row["achieved"]
    return found


def _unit(
    row: Record,
    children: Sequence[int],
    months: Sequence[Period],
    cells: Mapping[date, Record],
    achieved: Sequence[int] | None,
    history: bool,
) -> GatheredUnit:
    by_month = [cells.get(month.starts_on) for month in months]
    locked = frozenset(index for index, cell in enumerate(by_month) if cell and cell["locked"])
    pinned = frozenset(index for index, cell in enumerate(by_month) if cell and cell["pinned"])
    return GatheredUnit(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        children=tuple(children),
        values={kind: tuple(None if cell is None else cell[kind] for cell in by_month) for kind in KINDS},
        fixed=locked | pinned,
        locked=locked,
        versions={cell["id"]: cell["version"] for cell in cells.values()},
        history=tuple(achieved or [0] * len(months)) if history else (),
    )
