"""What an allocation rule is told of a unit and its children: exactly what it declared to need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from quotaloom.achievements.rollups import achieved_by_month
from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.calendars.company_calendar import fiscal_calendar, load_calendar
from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.calendars.workdays import WorkingDays
from quotaloom.loads.reads import unit_loads
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import Work
from quotaloom.targets.gathering import Gathered, GatheredUnit
from quotaloom.targets.worksheets import worksheet_facts
from quotaloom_sdk import (
    NO_ATTRIBUTES,
    AllocationRequest,
    Attributes,
    Load,
    MonthFact,
    Need,
    Parameters,
    UnitFact,
    WorksheetFact,
)

RECENT_MONTHS = 24
"""How many past months a rule is told of: as many as it takes to hold the last whole year, on any day."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was read for a rule, by unit; what it does not need is empty.

    `months` are those of the plan. `history` and `recent`: what the units, as they are composed on the tree's day,
    achieved in the same months of last year and in `recent_months`, one figure per month, in minor units.
    """

    months: tuple[MonthFact, ...]
    recent_months: tuple[MonthFact, ...] = ()
    history: Mapping[int, Sequence[int]] = field(default_factory=dict)
    recent: Mapping[int, Sequence[int]] = field(default_factory=dict)
    attributes: Mapping[int, Attributes] = field(default_factory=dict)
    loads: Mapping[int, Load] = field(default_factory=dict)
    worksheets: Mapping[int, WorksheetFact] = field(default_factory=dict)


async def read_inputs(snapshot: Snapshot, work: Work, gathered: Gathered, needs: frozenset[Need]) -> Inputs:
    """Read what a rule with these needs is told, in a constant number of statements.

    All of it is of the snapshot's moment, and is not looked at again where the answer is stored: what is noted, won
    or posted meanwhile counts next time. Raises `InputError` MISSING_RATE where loads cannot be told.
    """
    ids = list(gathered.units)
    calendar = fiscal_calendar(work.company)
    before = [calendar.year_before(month) for month in gathered.months] if Need.HISTORY in needs else []
    recent = _recent(calendar, gathered.months, work.today) if Need.RECENT in needs else []
    working = (await load_calendar(snapshot, work.company)).working if Need.CALENDAR in needs else None
    return Inputs(
        months=_told(calendar, gathered.months, working),
        recent_months=_told(calendar, recent, working),
        history=await _achieved(snapshot, gathered, before) if before else {},
        recent=await _achieved(snapshot, gathered, recent) if recent else {},
        attributes=await attributes_of(snapshot, Subject.UNIT, ids) if Need.ATTRIBUTES in needs else {},
        loads=await _loads(snapshot, work, ids) if Need.LOAD in needs else {},
        worksheets=await _worksheets(snapshot, calendar, gathered) if Need.WORKSHEET in needs else {},
    )


def _recent(calendar: FiscalCalendar, months: Sequence[Period], today: date) -> list[Period]:
    """The months that a planner looks back on: those before today, or, if the plan is over, those before it."""
    looking_back_on = today if today < months[-1].ends_on else months[0].starts_on
    following = calendar.containing(looking_back_on, Grain.MONTH)
    found: list[Period] = []
    for _ in range(RECENT_MONTHS):
        following = calendar.previous(following)
        found.append(following)
    return found[::-1]


def _told(calendar: FiscalCalendar, months: Sequence[Period], working: WorkingDays | None) -> tuple[MonthFact, ...]:
    return tuple(
        MonthFact(
            label=month.label,
            starts_on=month.starts_on,
            ends_on=month.ends_on,
            workdays=None if working is None else working.count(month.starts_on, month.ends_on),
            fiscal_year=calendar.year_of(month.starts_on),
            number=calendar.number_of(month.starts_on),
        )
        for month in months
    )


async def _achieved(snapshot: Snapshot, gathered: Gathered, periods: Sequence[Period]) -> dict[int, list[int]]:
    return await achieved_by_month(snapshot, list(gathered.units), gathered.counting, periods, gathered.tree_day)


async def _worksheets(snapshot: Snapshot, calendar: FiscalCalendar, gathered: Gathered) -> dict[int, WorksheetFact]:
    fiscal_year = calendar.year_of(gathered.months[0].starts_on)
    return await worksheet_facts(snapshot, gathered.metric_key, fiscal_year, list(gathered.units))


async def _loads(snapshot: Snapshot, work: Work, ids: Sequence[int]) -> dict[int, Load]:
    try:
        return await unit_loads(snapshot, work.company, ids, work.today)
    except InputError as error:
        message = f"this policy is told what open deals are worth, but {error.message}"
        raise InputError(error.code, message, ("policy",)) from error


def allocation_request(gathered: Gathered, inputs: Inputs, unit: GatheredUnit) -> AllocationRequest[Any]:
    """What the rule is told of one unit; it is given its parameters where it is asked."""
    return AllocationRequest(
        unit=_fact(unit, inputs),
        children=tuple(_fact(gathered.units[child], inputs) for child in unit.children),
        months=inputs.months,
        metric_key=gathered.metric_key,
        parameters=Parameters(),
        recent_months=inputs.recent_months,
    )


def _fact(unit: GatheredUnit, inputs: Inputs) -> UnitFact:
    return UnitFact(
        id=str(unit.id),
        name=unit.name,
        kind=unit.kind,
        achieved=tuple(inputs.history.get(unit.id, ())),
        planned=unit.values["target"],
        attributes=inputs.attributes.get(unit.id, NO_ATTRIBUTES),
        load=inputs.loads.get(unit.id),
        key=unit.key,
        recent=tuple(inputs.recent.get(unit.id, ())),
        worksheet=inputs.worksheets.get(unit.id),
    )
