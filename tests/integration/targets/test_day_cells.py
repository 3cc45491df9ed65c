"""Months that are planned by the day: day cells or the month's cell, never both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from quotaloom.calendars.company_calendar import load_calendar
from quotaloom.calendars.periods import Grain
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_holder
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.targets.cells import CellChange, lock_target_cells, set_target_cells
from quotaloom.targets.day_cells import MOST_MONTHS, plan_by_day
from quotaloom.targets.plans import revise_plan
from quotaloom.targets.reads import PlanChoice, lines_by_unit
from tests.integration.targets.planning import EIGHTY_PERCENT, Planning, plan_for

PAIR = {"Acme": ["A", "B"]}


async def test_a_month_becomes_days_and_a_month_again(database: Database) -> None:
    """100.00 of March 2017 over 23 working days: 18 of 4.35 from the earliest on, 5 of 4.34, nothing on days off."""
    planning = await plan_for(database, PAIR)
    await planning.set("A", {"2017-03": 10_000})
    assert await _by_day(planning, "A", "2017-03") == 1
    days = await _stored(planning, "A")
    assert len(days) == 31
    assert [days[date(2017, 3, day)] for day in (1, 4, 5, 24, 27, 31)] == [435, 0, 0, 435, 434, 434]
    assert sum(days.values()) == 10_000
    assert await _by_day(planning, "A", "2017-03") == 0
    assert await _by_day(planning, "A", "2017-03", by_day=False) == 1
    assert await _stored(planning, "A") == {date(2017, 3, 1): 10_000}


async def test_weeks_and_months_are_sums_of_their_days(database: Database) -> None:
    """A fair on 7 and 8 March: the week from the 6th has both days, the month all that its days have."""
    planning = await plan_for(database, PAIR)
    await _by_day(planning, "A", "2017-03")
    await planning.set("A", {"2017-03-07": 5_000, "2017-03-08": 2_500, "2017-03-31": 100})
    assert await _lines(planning, "2017-W10") == 7_500
    assert await _lines(planning, "2017-03") == 7_600
    assert await _lines(planning, "2017") == 7_600
    assert await _lines(planning, "2017-03-07") == 5_000
    assert await _lines(planning, "2017-03-09") is None


async def test_a_month_is_never_planned_both_ways(database: Database) -> None:
    """A day of a whole month is refused, and so is a month of days, and both in one call; nothing is changed."""
    planning = await plan_for(database, PAIR)
    await planning.set("A", {"2017-03": 10_000})
    assert await _refusal(planning, {"2017-03-01": 5}) == ("PLANNED_BY_MONTH", ("cells", 0, "month"))
    assert await _refusal(planning, {"2017-04-01": 5, "2017-03-31": 5}) == ("PLANNED_BY_MONTH", ("cells", 1, "month"))
    await _by_day(planning, "A", "2017-03")
    assert await _refusal(planning, {"2017-03": 5}) == ("PLANNED_BY_DAY", ("cells", 0, "month"))
    assert await _refusal(planning, {"2017-05": 5, "2017-05-31": 5}) == ("MONTH_AND_DAY", ("cells", 0, "month"))
    assert sum((await _stored(planning, "A")).values()) == 10_000


async def test_a_decomposition_leaves_planned_days_alone(database: Database) -> None:
    """A has 500.00 in March by the day: of 12,000.00 its sibling gets what March leaves, and all months are exact."""
    planning = await plan_for(database, PAIR)
    await planning.set("A", {"2017-03-01": 30_000, "2017-03-02": 20_000})
    outcome = await planning.decompose("Acme", 1_200_000)
    company, a, b = (unit.target for unit in outcome.units)
    assert company == (100_000,) * 12
    assert (a[2], b[2], a[3], b[3]) == (50_000, 50_000, 50_000, 50_000)
    await planning.set("A", {"2017-03-02": 10_000})
    outcome = await planning.decompose("Acme", 1_200_000)
    assert [unit.target[2] for unit in outcome.units] == [100_000, 40_000, 60_000]
    stored = await _stored(planning, "A")
    assert (stored[date(2017, 3, 1)], stored[date(2017, 3, 2)]) == (30_000, 10_000)
    with pytest.raises(InputError) as caught:
        await planning.decompose("Acme", 300_000)  # 25,000 a month, and 40,000 stand in March
    assert caught.value.code == "LOCKED_EXCEEDS_TOTAL"


async def test_a_member_gets_the_days_that_he_held(database: Database) -> None:
    """Ann holds A until 10 March, Bo from then on: each gets the days' own targets, not a part of the month."""
    planning = await plan_for(database, PAIR, holders={"A": "Ann"})
    bo = await create_member(planning.work, NewMember("Bo"))
    await appoint_holder(planning.work, planning.units["A"], bo, date(2017, 3, 10), replace=True)
    planning.members["Bo"] = bo
    await planning.set("A", {"2017-03-09": 700, "2017-03-10": 200, "2017-03-31": 100})
    await planning.publish()
    rows = await planning.attained(planning.work, ["Ann", "Bo"], "2017-03")
    assert (rows["Ann"]["target"], rows["Bo"]["target"]) == ("7.00", "3.00")


async def test_days_are_locked_with_their_month(database: Database) -> None:
    """Locking March closes each of its days and adds no month; unlocking opens them; a locked month does not turn."""
    planning = await plan_for(database, PAIR)
    await planning.set("A", {"2017-03-09": 700, "2017-03-10": 200})
    unit = [planning.units["A"]]
    assert await lock_target_cells(planning.work, planning.plan_id, unit, "2017-Q1", True) == 4
    assert await _refusal(planning, {"2017-03-09": 1}) == ("CELL_LOCKED", ("cells", 0))
    with pytest.raises(InputError, match="is locked"):
        await _by_day(planning, "A", "2017-03", by_day=False)
    with pytest.raises(InputError, match="is locked"):
        await _by_day(planning, "A", "2017-01")
    assert await lock_target_cells(planning.work, planning.plan_id, unit, "2017-Q1", False) == 4
    assert await _by_day(planning, "A", "2017-03", by_day=False) == 1


async def test_an_editor_of_a_turned_month_is_told(database: Database) -> None:
    """A day has its own version: the second of two who saw version 1 is refused."""
    planning = await plan_for(database, PAIR)
    await planning.set("A", {"2017-03-09": 700})
    change = CellChange(planning.units["A"], "2017-03-09", {"target": 1}, expected_version=1)
    await set_target_cells(planning.work, planning.plan_id, [change])
    with pytest.raises(Conflict) as caught:
        await set_target_cells(planning.work, planning.plan_id, [change])
    assert caught.value.code == "CELL_CHANGED"


async def test_revisions_keep_days(database: Database) -> None:
    """A revision begins with the same day cells, and the published ones stay as they are."""
    planning = await plan_for(database, PAIR)
    await planning.decompose("Acme", 1_200_000, shares=EIGHTY_PERCENT)
    await _by_day(planning, "A", "2017-03")
    await planning.publish()
    await revise_plan(planning.work, planning.plan_id, "a fair")
    await planning.set("A", {"2017-03-01": 0})
    # 500.00 over 23 working days: 2 of 21.73 and 21 of 21.74, the first of which is gone.
    rows = await planning.attained(planning.work, ["A"], "2017-03")
    assert rows["A"]["target"] == "500.00"
    async with planning.work.snapshot() as snapshot:
        draft = await snapshot.fetch_one("SELECT id FROM plan_version WHERE status = 'draft'")
    assert draft is not None
    draft_rows = await planning.attained(planning.work, ["A"], "2017-03", version_id=draft["id"])
    assert draft_rows["A"]["target"] == "478.26"
    assert draft_rows["A"]["assessment"] == "400.00"


async def test_weeks_of_a_445_year_are_whole(database: Database) -> None:
    """In a 4-4-5 calendar a month of 28 days turns into 28, and its four weeks hold all of it."""
    planning = await plan_for(database, PAIR, calendar_pattern="4-4-5")
    await planning.set("A", {"2017-M01": 20_000})
    await _by_day(planning, "A", "2017-M01")
    days = await _stored(planning, "A")
    assert len(days) == 28
    async with planning.work.snapshot() as snapshot:
        calendar = await load_calendar(snapshot, planning.work.company)
    weeks = calendar.fiscal.periods(calendar.fiscal.period("2017-M01"), Grain.WEEK)
    assert [await _lines(planning, week.label) for week in weeks] == [5_000] * 4


async def test_no_more_than_a_thousand_months(database: Database) -> None:
    """No unit, an unknown one, and too many months at a time are refused."""
    planning = await plan_for(database, {"Acme": [f"Seat {number}" for number in range(MOST_MONTHS // 12)]})
    units = list(planning.units.values())  # 83 seats and the company: 84 × 12 = 1,008
    with pytest.raises(InputError) as caught:
        await plan_by_day(planning.work, planning.plan_id, units, "2017", by_day=True)
    assert caught.value.code == "TOO_MANY_MONTHS"
    for ids, code in ([], "NO_UNITS"), ([10**9], "NOT_FOUND"):
        with pytest.raises(InputError) as caught:
            await plan_by_day(planning.work, planning.plan_id, ids, "2017-03", by_day=True)
        assert caught.value.code == code


async def _by_day(planning: Planning, unit: str, period: str, *, by_day: bool = True) -> int:
    return await plan_by_day(planning.work, planning.plan_id, [planning.units[unit]], period, by_day=by_day)


async def _refusal(planning: Planning, months: Mapping[str, int]) -> tuple[Any, ...]:
    with pytest.raises(InputError) as caught:
        await planning.set("A", months)
    return caught.value.code, caught.value.path


async def _stored(planning: Planning, unit: str) -> dict[date, int]:
    async with planning.work.snapshot() as snapshot:
        rows = await snapshot.fetch(
            "SELECT starts_on, target FROM target_cell WHERE unit_id = $1 AND target IS NOT NULL ORDER BY 1",
            planning.units[unit],
        )
    return {row["starts_on"]: row["target"] for row in rows}


async def _lines(planning: Planning, period: str) -> int | None:
    async with planning.work.snapshot() as snapshot:
        calendar = await load_calendar(snapshot, planning.work.company)
        version = await snapshot.fetch_one("SELECT id FROM plan_version WHERE status = 'draft'")
        assert version is not None
        choice = PlanChoice(await planning.revenue(), version["id"])
        found = await lines_by_unit(snapshot, calendar, [planning.units["A"]], choice, [calendar.fiscal.period(period)])
    lines = found.get((planning.units["A"], 0))
    return None if lines is None else lines.target
