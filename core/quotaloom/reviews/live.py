"""Attainment of parts that nobody has scored yet: as it stands now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from asyncpg import Record

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.metrics.reads import metrics_by_id
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.reviews.asking import period_of
from quotaloom.reviews.measuring import Measured, measured, measured_lines
from quotaloom_sdk import LineFact


async def lines_of_parts(
    snapshot: Snapshot, calendar: CompanyCalendar, parts: Sequence[Record | Mapping[str, Any]]
) -> list[LineFact | None]:
    """The line of each part, as it was scored, else as it stands now; None for a part without a metric.

    Those that stand now are read once for each metric and period, for all members and units together.
    """
    wanted: dict[tuple[int, Any], set[Measured]] = defaultdict(set)
    for part in parts:
        if part["metric_id"] is not None and part["achieved"] is None:
            wanted[part["metric_id"], period_of(part)].add(measured(part))
    metrics = {row["id"]: row for row in await metrics_by_id(snapshot, [id_ for id_, _ in wanted])} if wanted else {}
    live = {
        (metric_id, period): await measured_lines(snapshot, calendar, metrics[metric_id], whom, period)
        for (metric_id, period), whom in wanted.items()
    }
    return [_line(part, live) for part in parts]


def _line(
    part: Record | Mapping[str, Any], live: Mapping[tuple[int, Any], Mapping[Measured, LineFact]]
) -> LineFact | None:
    if part["metric_id"] is None:
        return None
    if part["achieved"] is None:
        return live[part["metric_id"], period_of(part)][measured(part)]
    return LineFact(part["key"], part["achieved"], part["target"], part["assessment"], part["stretch"])
