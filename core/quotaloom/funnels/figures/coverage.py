"""How much of a target is still to be achieved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Period
from quotaloom.metrics.built_in import REVENUE
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.attainments import AttainmentQuestion, Figures, attainment_by_unit


async def remaining_targets(
    snapshot: Snapshot,
    calendar: CompanyCalendar,
    currency: str,
    unit_ids: Sequence[int],
    periods: Sequence[Period],
    today: date,
) -> Mapping[tuple[int, int], int]:
    """Target − achieved of each unit's revenue by the published plan, by unit and index of the period.

    In minor units of the company's currency, below zero where more was achieved. Who has no target has no entry.
    """
    metrics = await metrics_by_key(snapshot, [REVENUE])
    if not metrics or not unit_ids:
        return {}
    metric = metrics[0]
    question = AttainmentQuestion(
        metric["id"], REVENUE, metric["scale"], metric["lower_is_better"], tuple(periods), today
    )
    places = {period: index for index, period in enumerate(periods)}
    found = {}
    for row in await attainment_by_unit(snapshot, calendar, currency, list(unit_ids), question):
        figures: Figures = row["figures"]
        if figures.sums.lines.target is not None:
            remaining = figures.sums.lines.target - figures.sums.achieved
            found[figures.subject_id, places[figures.period]] = remaining
    return found
