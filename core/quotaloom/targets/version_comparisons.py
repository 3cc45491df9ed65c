"""Versions of plans side by side: the units that have cells in any of them, and the lines of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from asyncpg import Record

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import ONE_DAY, Grain, Period, date_range
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.attainment import Lines

GRAINS = (Grain.YEAR, Grain.HALF, Grain.QUARTER, Grain.MONTH)
"""How finely versions can be compared: a month's cell is what is stored."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A plan whose versions are compared: on `day` its units stand in the tree as they are listed."""

    plan_id: int
    day: date
    version_ids: tuple[int, ...]
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class UnitPage:
    """Some of the units that have cells in the versions of a plan, in tree order, and how many there are."""

    rows: list[Record]
    total: int


def periods_of_plan(plan: Mapping[str, Any], calendar: FiscalCalendar, grain: Grain) -> tuple[Period, ...]:
    """The periods of a grain that a plan covers, in order; its year is whole whatever the calendar is by now.

    Raises `InputError` BAD_GRAIN for weeks and days, and PERIOD_DOES_NOT_FIT as the calendar does.
    """
    if grain not in GRAINS:
        raise InputError("BAD_GRAIN", f"versions are compared by year, half, quarter or month, not by {grain}")
    span = date_range(plan["starts_on"], plan["ends_on"])
    if grain is Grain.YEAR:
        year = calendar.year(plan["fiscal_year"])
        whole = (year.starts_on, year.ends_on) == (span.starts_on, span.ends_on)
        return (year if whole else span,)
    return calendar.periods(span, grain)


def day_of_plan(plan: Mapping[str, Any], today: date) -> date:
    """Today, or the nearest day of the plan."""
    first: date = plan["starts_on"]
    last: date = plan["ends_on"] - ONE_DAY
    return min(max(first, today), last)


# The first row of each plan is always there, since it carries the count. A planner that knows nothing of the size of
# the tree would join it row by row, which a full join cannot be.
_UNITS = """
WITH RECURSIVE asked AS (SELECT * FROM unnest($1::bigint[], $2::date[]) AS a (plan_id, day)),
named AS (SELECT * FROM unnest($3::bigint[], $4::bigint[]) AS n (plan_id, version_id)),
tree (plan_id, day, id, depth, place) AS (
    SELECT a.plan_id, a.day, u.id, 0, ARRAY[]::text[] FROM asked a CROSS JOIN org_unit u WHERE u.kind = 'company'
    UNION ALL
    SELECT t.plan_id, t.day, u.id, t.depth + 1, t.place || (lpad((p.ordinal + 2147483648)::text, 10, '0') || u.name
        || E'\\x01' || lpad(u.id::text, 19, '0'))
    FROM tree t JOIN placement p ON p.parent_id = t.id AND daterange(p.valid_from, p.valid_to) @> t.day
    JOIN org_unit u ON u.company_id = p.company_id AND u.id = p.unit_id
), planned AS (
    SELECT DISTINCT n.plan_id, c.unit_id FROM named n JOIN target_cell c ON c.plan_version_id = n.version_id
    WHERE num_nonnulls(c.target, c.assessment, c.stretch) > 0 AND ($5::bigint[] IS NULL OR c.unit_id = ANY($5))
), placed AS MATERIALIZED (
    SELECT p.plan_id, p.unit_id, t.depth, t.place FROM planned p
    FULL JOIN tree t ON t.plan_id = p.plan_id AND t.id = p.unit_id
), listed AS (
    SELECT p.plan_id, p.unit_id, p.depth, count(*) OVER plan AS total,
        row_number() OVER (PARTITION BY p.plan_id ORDER BY p.place COLLATE "C" NULLS LAST, p.unit_id) AS place
    FROM placed p JOIN asked a ON a.plan_id = p.plan_id
    WHERE $6::bigint IS NULL OR EXISTS (SELECT FROM unit_path b WHERE b.unit_id = p.unit_id AND b.ancestor_id = $6
        AND b.valid_from <= a.day AND a.day < b.valid_to)
    WINDOW plan AS (PARTITION BY p.plan_id)
)
SELECT plan_id, unit_id, depth, total, place FROM listed WHERE (place > $7 AND place <= $7 + $8) OR place = 1
ORDER BY plan_id, place
"""


async def compared_units(
    snapshot: Snapshot,
    plans: Sequence[Compared],
    among: Collection[int] | None,
    under: int | None,
    offset: int,
    limit: int,
) -> dict[int, UnitPage]:
    """A page of the units of each plan that have a value in any of its versions, by plan, in one statement.

    Only `among` those (None for all), and of the subtree of `under`, itself included. Units without a place in the
    day's tree come last.
    """
    rows = await snapshot.fetch(
        _UNITS,
        [plan.plan_id for plan in plans],
        [plan.day for plan in plans],
        [plan.plan_id for plan in plans for _ in plan.version_ids],
        [version for plan in plans for version in plan.version_ids],
        None if among is None else list(among),
        under,
        offset,
        limit,
    )
    pages = {plan.plan_id: UnitPage([], 0) for plan in plans}
    for row in rows:
        kept = [row] if offset < row["place"] <= offset + limit else []
        pages[row["plan_id"]] = UnitPage([*pages[row["plan_id"]].rows, *kept], row["total"])
    return pages


async def compared_lines(
    snapshot: Snapshot, plans: Sequence[Compared], unit_ids: Collection[int]
) -> dict[tuple[int, int, int], Lines]:
    """The three lines by version, unit and place of the period, in minor units, in one statement.

    A cell belongs to the period in which it starts. Where a version has no cell there is no entry.
    """
    of_plan = [(plan.plan_id, index, period) for plan in plans for index, period in enumerate(plan.periods)]
    rows = await snapshot.fetch(
        "SELECT n.version_id, c.unit_id, d.i, sum(c.target) AS target, sum(c.assessment) AS assessment,"
        " sum(c.stretch) AS stretch FROM unnest($1::bigint[], $2::bigint[]) AS n (plan_id, version_id)"
        " JOIN unnest($3::bigint[], $4::int[], $5::date[], $6::date[]) AS d (plan_id, i, s, e)"
        " ON d.plan_id = n.plan_id JOIN target_cell c ON c.plan_version_id = n.version_id AND c.starts_on >= d.s"
        " AND c.starts_on < d.e WHERE c.unit_id = ANY($7::bigint[]) GROUP BY n.version_id, c.unit_id, d.i",
        [plan.plan_id for plan in plans for _ in plan.version_ids],
        [version for plan in plans for version in plan.version_ids],
        [plan_id for plan_id, _, _ in of_plan],
        [index for _, index, _ in of_plan],
        [period.starts_on for _, _, period in of_plan],
        [period.ends_on for _, _, period in of_plan],
        list(unit_ids),
    )
    return {
        (row["version_id"], row["unit_id"], row["i"]): Lines(
            _whole(row["target"]), _whole(row["assessment"]), _whole(row["stretch"])
        )
        for row in rows
    }


def _whole(total: Decimal | None) -> int | None:
    """A sum as PostgreSQL tells it, which may be larger than 64 bits."""
    return None if total is None else int(total)
