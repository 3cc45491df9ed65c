"""Months as the graph answers them: in their order, as text, with nothing that is not asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from quotaloom.calendars.company_calendar import load_calendar
from quotaloom.calendars.periods import Period
from quotaloom.platform.database import Database
from quotaloom.targets.cells import lock_target_cells
from quotaloom.targets.day_cells import plan_by_day
from quotaloom.targets.month_cells import MonthCells
from quotaloom.targets.reads import PlanChoice
from tests.integration.targets.planning import Planning, plan_for

YEAR = Period("2017", None, date(2017, 1, 1), date(2018, 1, 1))


async def test_days_stand_as_one_month_among_the_others(database: Database) -> None:
    """March, which is planned by the day, is one pinned row without a version; April is as it is stored."""
    planning = await _planned(database)
    february, march, april = await _cells(planning, "A")
    assert [row["period"] for row in (february, march, april)] == ["2017-02", "2017-03", "2017-04"]
    assert [row["target"] for row in (february, march, april)] == ["0.05", "100.00", "12.05"]
    assert [row["by_day"] for row in (february, march, april)] == [False, True, False]
    assert (march["starts_on"], march["ends_on"]) == (date(2017, 3, 1), date(2017, 4, 1))
    assert (march["version"], march["pinned"], march["locked"]) == (None, True, True)
    assert (april["version"], april["pinned"], april["locked"]) == (1, False, False)
    assert march["plan_id"] == april["plan_id"] == planning.plan_id
    assert march["stretch"] is None


async def test_a_row_has_just_what_is_asked_for(database: Database) -> None:
    """Besides the unit there are the columns named, days as text; a metric without decimal places has no point."""
    planning = await _planned(database)
    asked = frozenset({"starts_on", "target"})
    rows = await _cells(planning, "A", scale=0, columns=asked)
    assert rows == [
        {"unit_id": planning.units["A"], "starts_on": "2017-02-01", "target": "5"},
        {"unit_id": planning.units["A"], "starts_on": "2017-03-01", "target": "10000"},
        {"unit_id": planning.units["A"], "starts_on": "2017-04-01", "target": "1205"},
    ]
    assert await _cells(planning, "B", columns=asked) == []


async def test_a_cell_without_a_month_is_named_by_its_days(database: Database) -> None:
    """February has a name of its own only in a calendar that has such a month."""
    planning = await _planned(database)
    other = [Period("first", None, date(2017, 1, 15), date(2017, 2, 15))]
    (february,) = await _cells(planning, "A", months=other, span=Period("", None, date(2017, 2, 1), date(2017, 3, 1)))
    assert february["period"] == "2017-02-01/2017-03-01"


async def _planned(database: Database) -> Planning:
    planning = await plan_for(database, {"Acme": ["A", "B"]})
    await planning.set("A", {"2017-02": 5, "2017-03": 10_000, "2017-04": 1_205})
    await plan_by_day(planning.work, planning.plan_id, [planning.units["A"]], "2017-03", by_day=True)
    await lock_target_cells(planning.work, planning.plan_id, [planning.units["A"]], "2017-03", True)
    return planning


async def _cells(
    planning: Planning,
    unit: str,
    *,
    scale: int = 2,
    columns: frozenset[str] | None = None,
    months: Sequence[Period] | None = None,
    span: Period = YEAR,
) -> list[Any]:
    async with planning.work.snapshot() as snapshot:
        draft = await snapshot.fetch_one("SELECT id FROM plan_version WHERE status = 'draft'")
        assert draft is not None
        choice = PlanChoice(await planning.revenue(), draft["id"])
        if months is None:
            months = (await load_calendar(snapshot, planning.work.company)).fiscal.months_of(span)
        cells = MonthCells(choice, span, months, scale, columns)
        found = cells.columns(await cells.read(snapshot, [planning.units[unit]]))
        return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
