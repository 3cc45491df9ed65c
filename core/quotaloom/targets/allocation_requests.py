"""What an allocation rule is told of a unit and its children: exactly what it declared to need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quotaloom.achievements.rollups import achieved_by_unit
from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.calendars.company_calendar import fiscal_calendar, load_calendar
from quotaloom.loads.reads import unit_loads
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import Work
from quotaloom.targets.gathering import Gathered, GatheredUnit
from quotaloom_sdk import NO_ATTRIBUTES, AllocationRequest, Attributes, Load, MonthFact, Need, Parameters, UnitFact


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was read for a rule, by unit; what it does not need is empty.

    `history`: last year's achievement of the units as they are composed on the tree's day, one figure per month of
    the plan, in minor units. `workdays`: of each month.
    """

    history: Mapping[int, Sequence[int]] = field(default_factory=dict)
    attributes: Mapping[int, Attributes] = field(default_factory=dict)
    loads: Mapping[int, Load] = field(default_factory=dict)
    workdays: Sequence[int | None] = ()


async def read_inputs(snapshot: Snapshot, work: Work, gathered: Gathered, needs: frozenset[Need]) -> Inputs:
    """Read what a rule with these needs is told, in a constant number of statements.

    All of it is of the snapshot's moment, and is not looked at again where the answer is stored: what is noted, won
    or posted meanwhile counts next time. Raises `InputError` MISSING_RATE where loads cannot be told.
    """
    ids = list(gathered.units)
    return Inputs(
        history=await _history(snapshot, work, gathered) if Need.HISTORY in needs else {},
        attributes=await attributes_of(snapshot, Subject.UNIT, ids) if Need.ATTRIBUTES in needs else {},
        loads=await _loads(snapshot, work, ids) if Need.LOAD in needs else {},
        workdays=await _workdays(snapshot, work, gathered) if Need.CALENDAR in needs else (),
    )


async def _history(snapshot: Snapshot, work: Work, gathered: Gathered) -> dict[int, list[int]]:
    calendar = fiscal_calendar(work.company)
    periods = [calendar.year_before(month) for month in gathered.months]
    ids = list(gathered.units)
    rows = await achieved_by_unit(
        snapshot, ids, gathered.metric_id, periods, structure="as_is", tree_day=gathered.tree_day
    )
    found = {unit_id: [0] * len(periods) for unit_id in ids}
    for row in rows:
        found[row["unit_id"]][row["period_index"]] = row["achieved"]
    return found


async def _loads(snapshot: Snapshot, work: Work, ids: Sequence[int]) -> dict[int, Load]:
    try:
        return await unit_loads(snapshot, work.company, ids, work.today)
    except InputError as error:
        message = f"this policy is told what open deals are worth, but {error.message}"
        raise InputError(error.code, message, ("policy",)) from error


async def _workdays(snapshot: Snapshot, work: Work, gathered: Gathered) -> list[int | None]:
    working = (await load_calendar(snapshot, work.company)).working
    return [working.count(month.starts_on, month.ends_on) for month in gathered.months]


def allocation_request(gathered: Gathered, inputs: Inputs, unit: GatheredUnit) -> AllocationRequest[Any]:
    """What the rule is told of one unit; it is given its parameters where it is asked."""
    workdays = inputs.workdays or [None] * len(gathered.months)
    months = tuple(
        MonthFact(month.label, month.starts_on, month.ends_on, days)
        for month, days in zip(gathered.months, workdays, strict=True)
    )
    children = tuple(_fact(gathered.units[child], inputs) for child in unit.children)
    return AllocationRequest(_fact(unit, inputs), children, months, gathered.metric_key, Parameters())


def _fact(unit: GatheredUnit, inputs: Inputs) -> UnitFact:
    return UnitFact(
        id=str(unit.id),
        name=unit.name,
        kind=unit.kind,
        achieved=tuple(inputs.history.get(unit.id, ())),
        planned=unit.values["target"],
        attributes=inputs.attributes.get(unit.id, NO_ATTRIBUTES),
        load=inputs.loads.get(unit.id),
    )
