"""Target values of many units or members for many periods, from the cells of the plan in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import starmap
from typing import Final

from asyncpg import Record

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Period, date_range
from quotaloom.calendars.placing import placing
from quotaloom.calendars.spread import amount_within
from quotaloom.platform.amounts import apportion
from quotaloom.platform.custom_plans import MANY, plan_for
from quotaloom.platform.stretches import LONG, Turns, in_stretches
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.attainment import NO_LINES, Lines
from quotaloom.targets.gathering import KINDS
from quotaloom.targets.reliefs import STANDS, Relief, reliefs_of_positions

_SHARED: Final = 2_000
"""How many periods are looked at for cells with several holders at a stretch; a cell takes as long as ten of them."""

Key = tuple[int, int]
"""A unit or member, and the index of a period."""

Holding = tuple[int, int, int]
"""A member, a position that he holds, and the index of a period."""


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """Which cells count: those of a draft named by its version, or else of the published plan of the metric.

    With `as_of`, the versions published by the end of that day.
    """

    metric_id: int
    version_id: int | None = None
    as_of: date | None = None


IN_FORCE = (
    "WITH in_force AS MATERIALIZED (SELECT DISTINCT ON (v.plan_id) v.company_id, v.id, v.plan_id FROM plan_version v"
    " JOIN plan p ON p.company_id = v.company_id AND p.id = v.plan_id WHERE p.metric_id = $1"
    " AND CASE WHEN $2::bigint IS NOT NULL THEN v.id = $2"
    " WHEN $3::date IS NOT NULL THEN v.status <> 'draft' AND v.published_on <= $3"
    " ELSE v.status = 'published' END ORDER BY v.plan_id, v.published_at DESC NULLS LAST, v.id DESC)"
)
"""The versions whose cells count, as `in_force`; `$1` to `$3` are the fields of a `PlanChoice`."""

CELL = " FROM in_force f JOIN target_cell c ON c.company_id = f.company_id AND c.plan_version_id = f.id"
"""The cells of those versions, as `c`."""

# Few columns of many values are read faster than many rows, and text faster than sums, which may pass 64 bits.
_OF_UNITS = (
    IN_FORCE  # noqa: S608 (constants)
    + " SELECT array_agg(unit_id) AS units, array_agg(place) AS places, array_agg(target::text) AS target,"
    " array_agg(assessment::text) AS assessment, array_agg(stretch::text) AS stretch"
    " FROM (SELECT c.unit_id, {place} AS place, sum(c.target) AS target, sum(c.assessment) AS assessment,"
    " sum(c.stretch) AS stretch FROM target_cell c {join} WHERE c.unit_id = ANY($4::bigint[])"
    " AND c.plan_version_id = ANY(ARRAY(SELECT id FROM in_force)) AND {within} GROUP BY 1, 2) AS of_unit"
)

_RELIEVED_CELLS = (
    f"{IN_FORCE} SELECT c.unit_id, c.starts_on, c.ends_on, c.target, c.assessment, c.stretch,"  # noqa: S608 (constants)
    " r.valid_from, r.valid_to,"
    " r.share FROM quota_relief r JOIN target_cell c ON c.company_id = r.company_id AND c.unit_id = r.position_id"
    " AND r.valid_from < c.ends_on AND (r.valid_to IS NULL OR r.valid_to > c.starts_on)"
    " JOIN in_force f ON f.company_id = c.company_id AND f.id = c.plan_version_id"
    f" WHERE ($4::bigint[] IS NULL OR r.position_id = ANY($4)) AND {STANDS} AND c.starts_on < $6 AND c.ends_on > $5"
)

# A cell that one member holds on all its days, with no relief, is his: such cells are summed here, the others listed
# for `_share_out` with all their holders. An array is looked up in the index; as a join it would be planned by guess,
# cells times positions.
_OF_HOLDINGS = (
    IN_FORCE  # noqa: S608 (constants)
    + ", held AS (SELECT position_id FROM holding WHERE member_id = ANY($4::bigint[])"
    " AND ($7::bigint[] IS NULL OR position_id = ANY($7))), pair AS MATERIALIZED ("
    "SELECT c.unit_id, c.starts_on, c.ends_on, c.target, c.assessment, c.stretch, h.member_id,"
    " greatest(h.valid_from, c.starts_on) AS held_from, least(h.valid_to, c.ends_on) AS held_to,"
    " $8::bool AND (h.valid_from IS NULL OR h.valid_from <= c.starts_on)"
    " AND (h.valid_to IS NULL OR h.valid_to >= c.ends_on)"
    " AND NOT EXISTS (SELECT FROM quota_relief r WHERE r.company_id = c.company_id AND r.position_id = c.unit_id)"
    " AS whole" + CELL + " JOIN holding h ON h.company_id = c.company_id AND h.position_id = c.unit_id"
    " AND (h.valid_from IS NULL OR h.valid_from < c.ends_on) AND (h.valid_to IS NULL OR h.valid_to > c.starts_on)"
    " WHERE c.starts_on < (SELECT max(day) FROM unnest($6::date[]) AS day)"
    " AND c.ends_on > (SELECT min(day) FROM unnest($5::date[]) AS day)"
    " AND c.unit_id = ANY(ARRAY(SELECT position_id FROM held)))"
    " SELECT pair.member_id, pair.unit_id, {place} AS place, NULL::date AS starts_on, NULL::date AS ends_on,"
    " NULL::date AS held_from, NULL::date AS held_to, sum(pair.target)::text AS target,"
    " sum(pair.assessment)::text AS assessment, sum(pair.stretch)::text AS stretch"
    " FROM pair {join} WHERE pair.whole AND pair.member_id = ANY($4) AND {within} GROUP BY 1, 2, 3"
    " UNION ALL SELECT member_id, unit_id, NULL, starts_on, ends_on, held_from, held_to, target::text,"
    " assessment::text, stretch::text FROM pair WHERE NOT whole"
    " ORDER BY unit_id, starts_on, held_from"
)


async def cells_by_unit(snapshot: Snapshot, unit_ids: Sequence[int], choice: PlanChoice, span: Period) -> list[Record]:
    """The stored cells of the units that lie in `span`, of months and of days, by unit and day; in minor units."""
    return await snapshot.fetch(
        IN_FORCE + " SELECT c.id, c.unit_id, c.plan_version_id, f.plan_id, c.starts_on, c.ends_on, c.target,"
        " c.assessment, c.stretch, c.locked, c.pinned, c.version" + CELL + " WHERE c.unit_id = ANY($4::bigint[])"
        " AND c.starts_on >= $5 AND c.ends_on <= $6 ORDER BY c.unit_id, c.starts_on",
        choice.metric_id,
        choice.version_id,
        choice.as_of,
        list(unit_ids),
        span.starts_on,
        span.ends_on,
    )


async def lines_by_unit(
    snapshot: Snapshot,
    calendar: CompanyCalendar,
    unit_ids: Sequence[int],
    choice: PlanChoice,
    periods: Sequence[Period],
) -> dict[Key, Lines]:
    """The three lines of each unit and period, in minor units: the sum of its own cells, whole.

    A month that a period cuts counts with the part of it that falls on the period's working days. A unit
    without cells in a period has no entry, whatever its children have.
    """
    await plan_for(snapshot, len(unit_ids))
    where = placing(periods, "c.starts_on", "c.ends_on <=", "$5", "$6")
    row = await snapshot.fetch_one(
        _OF_UNITS.format(place=where.place, join=where.join, within=where.within),
        choice.metric_id,
        choice.version_id,
        choice.as_of,
        list(unit_ids),
        [period.starts_on for period in periods],
        [period.ends_on for period in periods],
    )
    sums: dict[Key, Lines] = {}
    if row is not None and row["units"]:
        async for some in in_stretches(range(len(row["units"]))):
            part = slice(some[0], some[-1] + 1)
            lines = zip(*(map(_whole, row[kind][part]) for kind in KINDS), strict=True)
            keys = zip(row["units"][part], row["places"][part], strict=True)
            sums.update(zip(keys, starmap(Lines, lines), strict=True))
    cut = {index: period for index, period in enumerate(periods) if _cuts_a_month(calendar, period)}
    if cut:
        async for rows in in_stretches(await _cut_cells(snapshot, unit_ids, choice, cut), LONG):
            for row in rows:
                _add_part(sums, row, cut[row["i"]], calendar)
    return sums


async def relieved_lines_by_unit(
    snapshot: Snapshot,
    calendar: CompanyCalendar,
    unit_ids: Sequence[int],
    choice: PlanChoice,
    periods: Sequence[Period],
) -> dict[Key, Lines]:
    """As `lines_by_unit`, less what positions are relieved of; units above them keep their own cells whole."""
    lines = await lines_by_unit(snapshot, calendar, unit_ids, choice, periods)
    rows = await snapshot.fetch(
        _RELIEVED_CELLS,
        choice.metric_id,
        choice.version_id,
        choice.as_of,
        # Reliefs are rare: to look for those of many units takes longer than to read all.
        None if len(unit_ids) >= MANY else list(unit_ids),
        min(period.starts_on for period in periods),
        max(period.ends_on for period in periods),
    )
    wanted = set(unit_ids) if rows else ()
    for row in rows:
        if row["unit_id"] not in wanted:
            continue
        cell, relief = date_range(row["starts_on"], row["ends_on"]), Relief.of(row)
        for index, period in enumerate(periods):
            off = {
                kind: relief.off(row[kind], cell, period, calendar.working) for kind in KINDS if row[kind] is not None
            }
            if any(off.values()):
                less = Lines(**{kind: -part for kind, part in off.items()}, relief=off.get("target", 0))
                key = (row["unit_id"], index)
                lines[key] = lines[key].plus(less)
    return lines


def _whole(total: str | None) -> int | None:
    return None if total is None else int(total)


def _cuts_a_month(calendar: CompanyCalendar, period: Period) -> bool:
    months = calendar.fiscal.months_of(period)
    return months[0].starts_on < period.starts_on or months[-1].ends_on > period.ends_on


async def _cut_cells(
    snapshot: Snapshot, unit_ids: Sequence[int], choice: PlanChoice, cut: dict[int, Period]
) -> list[Record]:
    return await snapshot.fetch(
        IN_FORCE
        + " SELECT c.unit_id, n.i, c.starts_on, c.ends_on, c.target, c.assessment, c.stretch"
        + CELL
        + " JOIN unnest($5::int[], $6::date[], $7::date[]) AS n (i, s, e) ON c.starts_on < n.e AND c.ends_on > n.s"
        " AND NOT (c.starts_on >= n.s AND c.ends_on <= n.e) WHERE c.unit_id = ANY($4::bigint[])",
        choice.metric_id,
        choice.version_id,
        choice.as_of,
        list(unit_ids),
        list(cut),
        [period.starts_on for period in cut.values()],
        [period.ends_on for period in cut.values()],
    )


def _add_part(sums: dict[Key, Lines], row: Record, period: Period, calendar: CompanyCalendar) -> None:
    month, key = date_range(row["starts_on"], row["ends_on"]), (row["unit_id"], row["i"])
    parts = {
        kind: amount_within(row[kind], month, period.starts_on, period.ends_on, calendar.working)
        for kind in KINDS
        if row[kind] is not None
    }
    sums[key] = sums.get(key, NO_LINES).plus(Lines(**parts))


async def lines_by_member(
    snapshot: Snapshot,
    calendar: CompanyCalendar,
    member_ids: Sequence[int],
    choice: PlanChoice,
    periods: Sequence[Period],
    position_ids: Collection[int] | None = None,
) -> dict[Key, Lines]:
    """The three lines of each member, over the positions that he holds: those of `lines_by_holding` together.

    With `position_ids` only those positions count.
    """
    found = await lines_by_holding(snapshot, calendar, member_ids, choice, periods, position_ids)
    sums = defaultdict[Key, Lines](Lines)
    for (member_id, _, index), lines in found.items():
        sums[member_id, index] = sums[member_id, index].plus(lines)
    return dict(sums)


async def lines_by_holding(
    snapshot: Snapshot,
    calendar: CompanyCalendar,
    member_ids: Sequence[int],
    choice: PlanChoice,
    periods: Sequence[Period],
    position_ids: Collection[int] | None = None,
) -> dict[Holding, Lines]:
    """The three lines of each member in each position that he holds: the cell × days held ÷ days of the month.

    The holders of a position share its month in whole minor units that sum exactly to the cell, days on which
    nobody held it included, by largest remainder, ties to the earlier. Within a month, a part of a member's
    share falls on the working days of the days held. With `position_ids` only those positions count. Less what the
    positions are relieved of on the days held.
    """
    await plan_for(snapshot, len(member_ids))
    where = placing(periods, "pair.starts_on", "pair.ends_on <=", "$5", "$6")
    # A cell that a period cuts is spread over working days, which is not done in SQL.
    summed = not any(_cuts_a_month(calendar, period) for period in periods)
    rows = await snapshot.fetch(
        _OF_HOLDINGS.format(place=where.place, join=where.join, within=where.within),
        choice.metric_id,
        choice.version_id,
        choice.as_of,
        list(member_ids),
        [period.starts_on for period in periods],
        [period.ends_on for period in periods],
        None if position_ids is None else list(position_ids),
        summed,
    )
    sums = defaultdict[Holding, Lines](Lines)
    for row in rows:
        if row["place"] is not None:
            target, assessment, stretch = (_whole(row[kind]) for kind in KINDS)
            sums[row["member_id"], row["unit_id"], row["place"]] = Lines(target, assessment, stretch)
    parts = [row for row in rows if row["place"] is None]
    if parts:
        await _share_parts(snapshot, sums, parts, set(member_ids), choice, periods, calendar)
    return dict(sums)


async def _share_parts(
    snapshot: Snapshot,
    sums: dict[Holding, Lines],
    rows: Sequence[Record],
    wanted: set[int],
    choice: PlanChoice,
    periods: Sequence[Period],
    calendar: CompanyCalendar,
) -> None:
    """Add the cells that have several holders, reliefs or periods that cut them, each to those whose days it is."""
    by_cell: dict[tuple[int, date], list[Record]] = defaultdict(list)
    for row in rows:
        by_cell[row["unit_id"], row["starts_on"]].append(row)
    reliefs = await reliefs_of_positions(snapshot, {unit_id for unit_id, _ in by_cell}, choice.as_of)
    turns = Turns(_SHARED)
    for (unit_id, _), segments in by_cell.items():
        for kind in KINDS:
            if segments[0][kind] is not None:
                _share_out(sums, segments, kind, wanted, periods, calendar, reliefs.get(unit_id, ()))
        await turns.done(len(segments) * (len(periods) + 10))


def _share_out(
    sums: dict[Holding, Lines],
    segments: Sequence[Record],
    kind: str,
    wanted: set[int],
    periods: Sequence[Period],
    calendar: CompanyCalendar,
    reliefs: Sequence[Relief],
) -> None:
    month = date_range(segments[0]["starts_on"], segments[0]["ends_on"])
    days = [(row["held_to"] - row["held_from"]).days for row in segments]
    amount = int(segments[0][kind])
    # Most months have one holder, of all their days.
    shares = [amount] if days == [month.length] else apportion(amount, [*days, month.length - sum(days)])
    for row, share in zip(segments, shares, strict=False):
        if row["member_id"] not in wanted:
            continue
        held = date_range(row["held_from"], row["held_to"])
        for index, period in enumerate(periods):
            if held.starts_on < period.ends_on and period.starts_on < held.ends_on:
                part = amount_within(share, held, period.starts_on, period.ends_on, calendar.working)
                off = sum(relief.off(share, held, period, calendar.working) for relief in reliefs)
                less = Lines(**{kind: part - off}, relief=off if kind == "target" else 0)
                key = (row["member_id"], row["unit_id"], index)
                sums[key] = sums[key].plus(less)
