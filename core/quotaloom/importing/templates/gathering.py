"""Reading what a template shows: the units that somebody plans, and what they have in a version of a plan."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asyncpg import Record

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Period, date_range
from quotaloom.importing.templates.layout import MonthCell, Template, TemplateUnit
from quotaloom.metrics.reads import metrics_by_id
from quotaloom.organizations.reads import root
from quotaloom.platform.errors import NotFound
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import Work
from quotaloom.targets.decomposing import tree_day_of
from quotaloom.targets.gathering import KINDS, is_day_cell, open_in, subtree
from quotaloom.targets.permission import PlanningRight, planning_right
from quotaloom.targets.plans import PlanFacts, load_plan, open_version

NO_CELL = MonthCell()


async def gather_template(
    snapshot: Snapshot, work: Work, plan_id: int, under: int | None = None, scenario: int | None = None
) -> Template:
    """The plan's draft, or its scenario of that number, for the units that the viewer plans for and may see.

    With `under` that unit and what lies below it. Raises `AccessDenied` for whoever plans nothing, `NotFound` for a
    plan, scenario or unit that he cannot see, `InputError` NO_DRAFT.
    """
    right = await planning_right(snapshot, work)
    plan = await load_plan(snapshot, plan_id)
    version_id = open_version(plan, scenario)
    rows = await _tree(snapshot, work, plan)
    wanted = _wanted(rows, right, under)
    months = fiscal_calendar(work.company).months_of(date_range(plan.starts_on, plan.ends_on))
    cells = await _cells(snapshot, version_id, months)
    (metric,) = await metrics_by_id(snapshot, [plan.metric_id])
    paths = _paths(rows, right)
    units = tuple(
        TemplateUnit(
            id=row["id"],
            key=row["key"],
            name=row["name"],
            path=paths[row["id"]],
            kind=row["kind"],
            may_set=right.may_set(row["id"]),
            cells=tuple(cells.get((row["id"], place), NO_CELL) for place in range(len(months))),
            shut=_shut(row, months),
        )
        for row in wanted
    )
    return Template(plan, version_id, metric["scale"], months, units, tells=work.viewer.may_read)


async def _tree(snapshot: Snapshot, work: Work, plan: PlanFacts) -> list[Record]:
    """All units of the plan's time, each right before what lies below it."""
    top = await root(snapshot)
    assert top is not None, "a company has a root"
    rows = await subtree(snapshot, top["id"], tree_day_of(plan, work.today), plan)
    children: dict[int | None, list[Record]] = defaultdict(list)
    for row in rows[1:]:
        children[row["parent_id"]].append(row)

    def below(row: Record) -> Iterator[Record]:
        yield row
        for child in children[row["id"]]:
            yield from below(child)

    return list(below(rows[0]))


def _wanted(rows: Sequence[Record], right: PlanningRight, under: int | None) -> list[Record]:
    seen = [row for row in rows if right.everywhere or right.sight.sees_unit(row["id"])]
    if under is None:
        return seen
    inside: set[int] = set()
    for row in seen:
        if row["id"] == under or row["parent_id"] in inside:
            inside.add(row["id"])
    if not inside:
        raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("under",))
    return [row for row in seen if row["id"] in inside]


def _paths(rows: Sequence[Record], right: PlanningRight) -> dict[int, str]:
    """The names above each unit, as far as the viewer may see them."""
    names: dict[int, tuple[str, ...]] = {}
    found: dict[int, str] = {}
    for row in rows:
        above = names.get(row["parent_id"], ())
        found[row["id"]] = " / ".join(above)
        named = right.everywhere or right.sight.names_unit(row["id"])
        names[row["id"]] = (*above, row["name"]) if named else above
    return found


def _shut(row: Record, months: Sequence[Period]) -> frozenset[int]:
    return frozenset(
        place
        for place, month in enumerate(months)
        if not open_in(row["opened_on"], row["closed_on"], month.starts_on, month.ends_on)
    )


async def _cells(snapshot: Snapshot, version_id: int, months: Sequence[Period]) -> Mapping[tuple[int, int], MonthCell]:
    """The cells of a version by unit and place of the month; days of a month that is planned so are summed."""
    rows = await snapshot.fetch(
        "SELECT unit_id, starts_on, ends_on, target, assessment, stretch, locked, pinned, version FROM target_cell"
        " WHERE plan_version_id = $1",
        version_id,
    )
    starts = [month.starts_on for month in months]
    days: dict[tuple[int, int], list[Record]] = defaultdict(list)
    found: dict[tuple[int, int], MonthCell] = {}
    for row in rows:
        place = (row["unit_id"], bisect_right(starts, row["starts_on"]) - 1)
        if is_day_cell(row):
            days[place].append(row)
        elif place[1] >= 0 and row["starts_on"] == starts[place[1]]:
            found[place] = MonthCell(_values(row), row["locked"], row["pinned"], version=row["version"])
    return {**found, **{place: _summed(of_month) for place, of_month in days.items()}}


def _values(row: Any) -> tuple[int | None, int | None, int | None]:
    return row["target"], row["assessment"], row["stretch"]


def _summed(days: Sequence[Record]) -> MonthCell:
    sums = {}
    for kind in KINDS:
        given = [row[kind] for row in days if row[kind] is not None]
        sums[kind] = sum(given) if given else None
    return MonthCell(_values(sums), locked=any(row["locked"] for row in days), by_day=True)
