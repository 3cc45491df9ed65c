"""Whose attainment the quantitative parts of a review count: the member's own, or that of the unit that he heads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from asyncpg import Record

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Period
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.line_facts import member_line_facts, unit_line_facts
from quotaloom_sdk import LineFact

Measured = tuple[bool, int]
"""Whether a unit is measured, and the number of the unit or else the member."""


def measured(row: Record | Mapping[str, Any]) -> Measured:
    """Whom a review, or a part of one, measures; `as_head` of it says whether it is that of a head."""
    return row["as_head"], row["position_id"] if row["as_head"] else row["member_id"]


async def measured_lines(
    snapshot: Snapshot, calendar: CompanyCalendar, metric: Record, wanted: Collection[Measured], period: Period
) -> dict[Measured, LineFact]:
    """The line of each against the published plan, read for all members together, and for all units together."""
    found: dict[Measured, LineFact] = {}
    for is_unit, read in ((False, member_line_facts), (True, unit_line_facts)):
        ids = sorted(id_ for unit, id_ in wanted if unit is is_unit)
        if ids:
            lines = await read(snapshot, calendar, metric, ids, period)
            found |= {(is_unit, id_): lines[id_] for id_ in ids}
    return found
