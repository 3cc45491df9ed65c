"""What units and members achieved against their three lines, as plugins are told of it, many at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from asyncpg import Record

from quotaloom.achievements.rollups import achieved_by_member, achieved_by_unit
from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import counting_of
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.attainment import Lines
from quotaloom.targets.reads import PlanChoice, lines_by_member, relieved_lines_by_unit
from quotaloom_sdk import LineFact

_NOTHING = Lines()


async def unit_line_facts(
    snapshot: Snapshot, calendar: CompanyCalendar, metric: Record, unit_ids: Sequence[int], period: Period
) -> dict[int, LineFact]:
    """Every unit's line, as it was, against the published plan; with zero achieved where there is nothing."""
    lines = await relieved_lines_by_unit(snapshot, calendar, unit_ids, PlanChoice(metric["id"]), [period])
    rows = await achieved_by_unit(snapshot, unit_ids, counting_of(metric), [period])
    return _facts(metric, unit_ids, lines, {row["unit_id"]: row["achieved"] for row in rows})


async def member_line_facts(
    snapshot: Snapshot,
    calendar: CompanyCalendar,
    metric: Record,
    member_ids: Sequence[int],
    period: Period,
    position_ids: Collection[int] | None = None,
) -> dict[int, LineFact]:
    """Every member's line; with `position_ids` only what they aim for and achieve in those positions."""
    choice = PlanChoice(metric["id"])
    lines = await lines_by_member(snapshot, calendar, member_ids, choice, [period], position_ids)
    rows = await achieved_by_member(snapshot, member_ids, counting_of(metric), [period], position_ids=position_ids)
    return _facts(metric, member_ids, lines, {row["member_id"]: row["achieved"] for row in rows})


def _facts(
    metric: Record, ids: Sequence[int], lines: Mapping[tuple[int, int], Lines], achieved: Mapping[int, int]
) -> dict[int, LineFact]:
    found = {}
    for id_ in ids:
        line = lines.get((id_, 0), _NOTHING)
        found[id_] = LineFact(
            metric["key"],
            achieved.get(id_, 0),
            line.target,
            line.assessment,
            line.stretch,
            lower_is_better=metric["lower_is_better"],
        )
    return found
