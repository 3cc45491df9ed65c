"""Many hands on one draft, units that open and close, and plans that meet."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from quotaloom.calendars.periods import date_range
from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.units import close_unit, create_unit
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.platform.work import load_company
from quotaloom.targets.cells import CellChange, lock_target_cells, set_target_cells
from quotaloom.targets.plans import create_plan, publish_plan
from quotaloom.targets.reads import PlanChoice, cells_by_unit
from tests.integration.targets.planning import EIGHTY_PERCENT, Planning, plan_for

TREE = {"Acme": ["East"], "East": ["E 1", "E 2"]}


async def cells(planning: Planning, unit: str) -> dict[str, tuple[int | None, ...]]:
    async with planning.work.snapshot() as snapshot:
        version = await snapshot.fetch_one("SELECT max(id) AS id FROM plan_version")
        assert version is not None
        span = date_range(date(2016, 1, 1), date(2020, 1, 1))
        choice = PlanChoice(await planning.revenue(), version["id"])
        rows = await cells_by_unit(snapshot, [planning.units[unit]], choice, span)
    return {row["starts_on"].strftime("%m"): (row["target"], row["assessment"]) for row in rows}


async def test_edits_of_one_new_cell_at_once_lose_nothing(database: Database) -> None:
    """Two editors who both saw no cell: one is stored, the other is told of the conflict, none is overwritten."""
    planning = await plan_for(database, TREE)
    months = [f"2017-{month:02}" for month in range(1, 13)]

    async def edit(month: str, kind: str) -> bool:
        change = CellChange(planning.units["E 1"], month, {kind: 7}, expected_version=0)
        try:
            await set_target_cells(planning.work, planning.plan_id, [change])
        except Conflict:
            return False
        return True

    for month in months:
        outcome = await asyncio.gather(edit(month, "target"), edit(month, "assessment"))
        assert sorted(outcome) == [False, True]
    stored = await cells(planning, "E 1")
    assert all(sorted(values, key=str) == [7, None] for values in stored.values())


async def test_a_pin_set_during_a_decomposition_is_kept(database: Database) -> None:
    """Whichever comes first, the pinned value stands in the end and the months are exact."""
    planning = await plan_for(database, TREE)
    await planning.decompose("Acme", 120_000)
    for _ in range(5):
        await asyncio.gather(planning.decompose("Acme", 240_000), planning.set("E 1", {"2017-03": 1_234}, pinned=True))
        await planning.decompose("Acme", 240_000)
        one, two, above = [await cells(planning, unit) for unit in ("E 1", "E 2", "East")]
        assert one["03"][0] == 1_234
        assert {month: (one[month][0] or 0) + (two[month][0] or 0) for month in one} == {
            month: values[0] for month, values in above.items()
        }


async def test_a_pinned_cell_keeps_the_lines_that_it_has(database: Database) -> None:
    """Pinned with a target only: a decomposition with assessment leaves its assessment empty."""
    planning = await plan_for(database, TREE)
    await planning.set("E 1", {"2017-03": 5_000}, pinned=True)
    await planning.decompose("Acme", 240_000, shares=EIGHTY_PERCENT)
    assert (await cells(planning, "E 1"))["03"] == (5_000, None)
    assert (await cells(planning, "E 2"))["03"] == (15_000, 16_000)


async def test_units_get_targets_for_the_months_in_which_they_are_open(database: Database) -> None:
    """E 2 closes on 1 March, E 9 opens on 1 July: the others carry their months, and every month is exact."""
    planning = await plan_for(database, TREE)
    await close_unit(planning.work, planning.units["E 2"], date(2017, 3, 1))
    late = NewUnit("E 9", "position", planning.units["East"], opened_on=date(2017, 7, 1))
    planning.units["E 9"] = await create_unit(planning.work, late)
    await planning.decompose("East", 120_000)
    one, two, nine = [await cells(planning, unit) for unit in ("E 1", "E 2", "E 9")]
    assert [one[f"{month:02}"][0] for month in (1, 3, 7)] == [5_000, 10_000, 5_000]
    assert sorted(two) == ["01", "02"]
    assert sorted(nine) == ["07", "08", "09", "10", "11", "12"]
    with pytest.raises(InputError) as caught:
        await planning.set("E 2", {"2017-09": 1})
    assert (caught.value.code, caught.value.path) == ("UNIT_NOT_OPEN", ("cells", 0, "month"))


@pytest.mark.parametrize(
    ("units", "period", "expected"),
    [
        ([987_654], "2017-01", ("NOT_FOUND", ("orgUnitIds", 0))),
        (None, "2031-03", ("BAD_PERIOD", ("period",))),
        (None, "2017-03-05/2017-03-09", ("PERIOD_DOES_NOT_FIT", ("period",))),
    ],
)
async def test_what_cannot_be_locked_is_told_of(
    database: Database, units: list[int] | None, period: str, expected: tuple[str, tuple[str | int, ...]]
) -> None:
    """An unknown unit, a period outside the plan, and one that cuts months."""
    planning = await plan_for(database, TREE)
    with pytest.raises(InputError) as caught:
        await lock_target_cells(planning.work, planning.plan_id, units or [planning.units["East"]], period, True)
    assert (caught.value.code, caught.value.path) == expected


async def test_a_month_without_a_cell_can_be_locked(database: Database) -> None:
    """It is closed to editing all the same, until it is opened again."""
    planning = await plan_for(database, TREE)
    locked = (planning.work, planning.plan_id, [planning.units["East"]], "2017-01")
    assert await lock_target_cells(*locked, True) == 1
    with pytest.raises(InputError):
        await planning.set("East", {"2017-01": 1})
    assert await lock_target_cells(*locked, False) == 1
    await planning.set("East", {"2017-01": 1})


@pytest.mark.parametrize("factor", ["1e4000000", "1e-4000000", "10.1", "0", "NaN", "Infinity", "1.0000000000001"])
async def test_a_factor_out_of_bounds_is_refused_at_once(database: Database, factor: str) -> None:
    """However many digits it stands for, none is computed."""
    planning = await plan_for(database, TREE)
    async with asyncio.timeout(2):
        with pytest.raises(InputError) as caught:
            await planning.decompose("Acme", 100, over_assignment=Decimal(factor))
    assert (caught.value.code, caught.value.path) == ("BAD_FACTOR", ("overAssignment",))


async def test_sums_beyond_64_bits_are_told(database: Database) -> None:
    """Two months of the largest amount each: the year is their sum."""
    planning = await plan_for(database, TREE)
    await planning.set("Acme", {"2017-01": 2**63 - 1, "2017-02": 2**63 - 1})
    await planning.publish()
    assert (await planning.attained(planning.work, ["Acme"], "2017"))["Acme"]["target"] == "184467440737095516.14"


async def test_a_plan_of_another_fiscal_year_follows_on(database: Database) -> None:
    """Calendar year 2017 is in force; fiscal 2017 from April may aim for what is left, January to March 2018."""
    planning = await plan_for(database, TREE)
    await planning.decompose("Acme", 120_000)
    await planning.publish()
    await update_company(planning.work, {"fiscal_start_month": 4})
    async with planning.work.snapshot() as snapshot:
        company = await load_company(snapshot)
    assert company is not None
    work = replace(planning.work, company=company)
    plan_id = await create_plan(work, "From April", await planning.revenue(), 2017)
    acme = planning.units["Acme"]
    await set_target_cells(work, plan_id, [CellChange(acme, "2017-06", {"target": 1})])
    with pytest.raises(InputError) as caught:
        await publish_plan(work, plan_id)
    assert caught.value.code == "ALREADY_PUBLISHED"
    await set_target_cells(
        work, plan_id, [CellChange(acme, "2017-06", {"target": None}), CellChange(acme, "2018-02", {"target": 9_900})]
    )
    await publish_plan(work, plan_id)
    row = (await Planning(work, planning.founded, planning.units, {}, plan_id).attained(work, ["Acme"], "2017"))["Acme"]
    # April to December of the first plan, 9 × 100.00, and February of the second.
    assert row["target"] == "999.00"


async def test_as_many_cells_as_may_be_are_set_over_and_over(database: Database, database_url: str) -> None:
    """1,600 positions by the month and then 4,992 cells of them at once: no statement takes as much as two seconds."""
    planning = await plan_for(database, {"Acme": ["Seat"]})
    seats = [NewUnit(f"Seat {number}", "position", planning.units["Acme"]) for number in range(1_600)]
    units = await planning.work.write(lambda transaction: insert_units(transaction, seats))
    await planning.decompose("Acme", 1_600 * 120_000)
    hasty = Database(database_url, statement_timeout_ms=2_000)
    await hasty.connect()
    months = [f"2017-{month:02}" for month in range(1, 13)]
    changes = [CellChange(unit, month, {"target": 1}) for unit in units[:416] for month in months]
    await set_target_cells(replace(planning.work, database=hasty), planning.plan_id, changes)
    await hasty.close()
