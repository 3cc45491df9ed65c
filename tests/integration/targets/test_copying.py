"""A plan copied into another fiscal year: its cells times a factor, in the new year's months and tree."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.units import close_unit
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, NotFound
from quotaloom.platform.work import load_company
from quotaloom.targets.cells import CellChange, lock_target_cells, set_target_cells
from quotaloom.targets.copying import CopiedPlan, PlanCopy, copy_plan
from quotaloom.targets.day_cells import plan_by_day
from tests.integration.targets.offices import PlanningOffice


async def copied(office: PlanningOffice, factor: str = "1", **facts: Any) -> CopiedPlan:
    """Copy the office's plan."""
    return await copy_plan(office.work(), PlanCopy(office.planning.plan_id, "Next", Decimal(factor), **facts))


async def cells(office: PlanningOffice, plan_id: int) -> dict[str, list[tuple[date, int | None]]]:
    """Months and targets by unit."""
    async with office.planning.work.snapshot() as snapshot:
        rows = await snapshot.fetch(
            "SELECT u.name, c.starts_on, c.target FROM target_cell c JOIN plan_version v ON v.id = c.plan_version_id"
            " JOIN org_unit u ON u.id = c.unit_id WHERE v.plan_id = $1 ORDER BY u.name, c.starts_on",
            plan_id,
        )
    found: dict[str, list[tuple[date, int | None]]] = {}
    for row in rows:
        found.setdefault(row["name"], []).append((row["starts_on"], row["target"]))
    return found


async def test_a_copy_is_a_draft_of_the_next_year_with_every_sum_exact(database: Database) -> None:
    """1,000,000.01 times 1.07 is 1,070,000.01; each month's children sum to their parent on every level."""
    office = await PlanningOffice.open(database, 1_000_000_01)
    plan_id = (await copied(office, "1.07")).plan_id
    new = await cells(office, plan_id)
    assert sum(target or 0 for _, target in new["Acme"]) == 1_070_000_01
    assert [day for day, _ in new["Acme"]] == [date(2018, month, 1) for month in range(1, 13)]
    for parent, children in {"Acme": ("East", "West"), "West": ("North",), "North": ("N 1", "N 2")}.items():
        for month in range(12):
            assert new[parent][month][1] == sum(new[child][month][1] or 0 for child in children)
    async with office.planning.work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT status, fiscal_year FROM plan_version JOIN plan ON plan.id = plan_id")
    assert [tuple(row.values()) for row in rows] == [("draft", 2017), ("draft", 2018)]


async def test_locks_and_pins_stay_behind(database: Database) -> None:
    """Every cell of the copy is open, and a month that holds a lock and nothing else is not there."""
    office = await PlanningOffice.open(database)
    await office.set("N 1", {"01": 25_00}, pinned=True)
    await lock_target_cells(office.work(), office.planning.plan_id, [office.planning.units["N 2"]], "2017-02", True)
    await office.set("East", {"03": None})
    await lock_target_cells(office.work(), office.planning.plan_id, [office.planning.units["East"]], "2017-03", True)
    plan_id = (await copied(office)).plan_id
    async with office.planning.work.snapshot() as snapshot:
        rows = await snapshot.fetch(
            "SELECT DISTINCT locked, pinned FROM target_cell WHERE plan_version_id IN"
            " (SELECT id FROM plan_version WHERE plan_id = $1)",
            plan_id,
        )
    assert [tuple(row.values()) for row in rows] == [(False, False)]
    assert len((await cells(office, plan_id))["East"]) == 11


async def test_what_a_closed_unit_had_is_shared_by_its_siblings(database: Database) -> None:
    """N 2 closes at the new year: N 1 takes over its 25.00 a month, and North is met exactly."""
    office = await PlanningOffice.open(database)
    await close_unit(office.work(), office.planning.units["N 2"], date(2018, 1, 1))
    outcome = await copied(office)
    assert outcome.left_out == (office.planning.units["N 2"],)
    new = await cells(office, outcome.plan_id)
    assert {target for _, target in new["N 1"]} == {target for _, target in new["North"]} == {50_00}
    assert "N 2" not in new


async def test_a_unit_that_closes_in_the_year_has_its_first_months(database: Database) -> None:
    """N 2 closes on 1 March 2018: it has January and February, and from March on N 1 has all."""
    office = await PlanningOffice.open(database)
    await close_unit(office.work(), office.planning.units["N 2"], date(2018, 3, 1))
    outcome = await copied(office)
    new = await cells(office, outcome.plan_id)
    assert outcome.left_out == ()
    assert new["N 2"] == [(date(2018, 1, 1), 25_00), (date(2018, 2, 1), 25_00)]
    assert [target for _, target in new["N 1"]] == [25_00] * 2 + [50_00] * 10


async def test_months_are_matched_by_their_place_in_the_year(database: Database) -> None:
    """What January 2017 has goes to the first month of fiscal 2018, which by then starts in April."""
    office = await PlanningOffice.open(database)
    await office.set("East", {"01": 10_00, "12": 90_00})
    await update_company(office.planning.work, {"fiscal_start_month": 4})
    async with office.planning.work.snapshot() as snapshot:
        company = await load_company(snapshot)
    assert company is not None
    office.planning = replace(office.planning, work=replace(office.planning.work, company=company))
    new = await cells(office, (await copied(office)).plan_id)
    assert new["East"][0] == (date(2018, 4, 1), 10_00)
    assert new["East"][11] == (date(2019, 3, 1), 90_00)


async def test_a_year_of_53_weeks_has_twelve_months_all_the_same(database: Database) -> None:
    """Fiscal 2020 begins on 30 December 2019 and ends on 3 January 2021; its last month has the week more."""
    office = await PlanningOffice.open(database, None, calendar_pattern="4-4-5", fiscal_year=2019)
    await office.planning.set("East", {f"2019-M{month:02}": month * 1_00 for month in range(1, 13)})
    plan_id = (await copied(office, "2")).plan_id
    async with office.planning.work.snapshot() as snapshot:
        rows = await snapshot.fetch(
            "SELECT c.starts_on, c.ends_on, c.target FROM target_cell c JOIN plan_version v ON v.id = c.plan_version_id"
            " WHERE v.plan_id = $1 ORDER BY c.starts_on",
            plan_id,
        )
    assert [row["target"] for row in rows] == [month * 2_00 for month in range(1, 13)]
    assert (rows[0]["starts_on"], rows[11]["ends_on"]) == (date(2019, 12, 30), date(2021, 1, 4))
    assert (rows[11]["ends_on"] - rows[11]["starts_on"]).days == 6 * 7


async def test_any_version_may_be_copied_and_the_published_one_is_by_default(database: Database) -> None:
    """The scenario has 80.00 for East's January, the published version 50.00."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    await office.set("East", {"01": 80_00}, scenario=2)
    await office.publish()
    for version, expected in ((None, 50_00), (2, 80_00)):
        plan_id = (await copied(office, version=version, fiscal_year=2020)).plan_id
        assert (await cells(office, plan_id))["East"][0] == (date(2020, 1, 1), expected)
    with pytest.raises(NotFound) as caught:
        await copied(office, version=9)
    assert caught.value.path == ("version",)


async def test_a_copy_is_of_one_moment(database: Database) -> None:
    """East's January and February are always set together, to the same amount: no copy has one without the other."""
    office = await PlanningOffice.open(database)

    async def copy() -> int | None:
        try:
            return (await copied(office)).plan_id
        except Conflict:
            return None

    edits = [office.set("East", {"01": amount * 1_00, "02": amount * 1_00}) for amount in range(60, 70)]
    made = [plan_id for plan_id in (await asyncio.gather(*edits, copy(), copy(), copy()))[10:] if plan_id is not None]
    for plan_id in [*made, (await copied(office)).plan_id]:
        (_, first), (_, second), *_ = (await cells(office, plan_id))["East"]
        assert first == second


async def test_where_no_unit_is_left_the_copy_is_empty(database: Database) -> None:
    """Only N 2 had a target, and it closes at the new year."""
    office = await PlanningOffice.open(database, None)
    await office.set("N 2", {"01": 10_00})
    await close_unit(office.work(), office.planning.units["N 2"], date(2018, 1, 1))
    outcome = await copied(office)
    assert outcome.left_out == (office.planning.units["N 2"],)
    assert await cells(office, outcome.plan_id) == {}


async def test_days_come_over_as_months(database: Database) -> None:
    """January of N 1 is planned by the day, 1.00 on the 2nd and 2.00 on the 3rd: 3.00 for January 2018."""
    office = await PlanningOffice.open(database, None)
    one = office.planning.units["N 1"]
    await plan_by_day(office.work(), office.planning.plan_id, [one], "2017-01", by_day=True)
    changes = [CellChange(one, f"2017-01-0{day}", {"target": amount}) for day, amount in ((2, 1_00), (3, 2_00))]
    await set_target_cells(office.work(), office.planning.plan_id, changes)
    new = await cells(office, (await copied(office)).plan_id)
    assert new == {"N 1": [(date(2018, 1, 1), 3_00)]}


async def test_copying_is_for_admins(database: Database) -> None:
    """A head plans, and makes no plans."""
    office = await PlanningOffice.open(database)
    with pytest.raises(AccessDenied):
        await copy_plan(office.work("Ora"), PlanCopy(office.planning.plan_id, "Mine"))
