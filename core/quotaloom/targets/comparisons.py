"""The same figures of an earlier period: the one before, or that of the year before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Period
from quotaloom.platform.errors import InputError
from quotaloom.platform.stretches import in_stretches
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.attainments import Figures, attainment_by_member, attainment_by_unit, by_question


class Earlier(StrEnum):
    """Which earlier period a period is compared with."""

    PREVIOUS_PERIOD = "previous_period"
    PREVIOUS_YEAR = "previous_year"


def earlier_period(fiscal: FiscalCalendar, period: Period, which: Earlier) -> Period | None:
    """The period of the calendar right before, or the same of the year before; None before the year 1900."""
    find = fiscal.previous if which is Earlier.PREVIOUS_PERIOD else fiscal.year_before
    try:
        return find(period)
    except InputError:
        return None


async def earlier_attainments(
    snapshot: Snapshot, calendar: CompanyCalendar, currency: str, figures: Sequence[Figures], which: Earlier
) -> list[Figures | None]:
    """The rows of attainment of the earlier periods, one per figures and in their order; None where there is none.

    The number of statements depends on how many questions the figures answer, not on how many figures there are.
    """
    found: list[Figures | None] = [None] * len(figures)
    for places in by_question(figures):
        question, of_member = figures[places[0]].question, figures[places[0]].of_member
        earlier = {period: earlier_period(calendar.fiscal, period, which) for period in question.periods}
        subject_ids = list(dict.fromkeys(figures[place].subject_id for place in places))
        asked = replace(question, periods=tuple(dict.fromkeys(filter(None, earlier.values()))))
        if not asked.periods:
            continue
        if of_member:
            answers = await attainment_by_member(snapshot, calendar, subject_ids, asked)
        else:
            answers = await attainment_by_unit(snapshot, calendar, currency, subject_ids, asked)
        rows: dict[tuple[int, Period], Figures] = {}
        async for some in in_stretches(answers):
            rows.update({(row.subject_id, row.period): row for row in some})
        async for few in in_stretches(places):
            for place in few:
                period = earlier[figures[place].period]
                found[place] = None if period is None else rows[figures[place].subject_id, period]
    return found
