"""Commitments taken over into a draft, and summed up to the top."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from quotaloom.organizations.commands.units import close_unit
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.targets.adopting import Adopted, Adoption, adopt_commitments
from quotaloom.targets.cells import lock_target_cells
from quotaloom.targets.day_cells import plan_by_day
from quotaloom.targets.submissions import submit_targets
from tests.integration.targets.offices import PlanningOffice
from tests.integration.targets.test_commitments import commit


async def adopt(office: PlanningOffice, unit: str, who: str = "Ada", **facts: Any) -> Adopted:
    """Take over what was committed to from a unit down."""
    adoption = Adoption(office.planning.plan_id, office.planning.units[unit], **facts)
    return await adopt_commitments(office.work(who), adoption)


async def january(office: PlanningOffice, number: int = 1) -> dict[str, int | None]:
    """The January targets of every unit."""
    names = ("Acme", "East", "E 1", "West", "North", "N 1", "N 2")
    return {name: (await office.targets(name, number)).get("01") for name in names}


async def test_commitments_become_targets_and_the_rest_stays(database: Database) -> None:
    """N 1 and North commit; 100.00 a month was planned from the top: what others have is as it was."""
    office = await PlanningOffice.open(database)
    await commit(office, "Noa", "N 1", ("01", 40_00))
    await commit(office, "Noa", "North", ("01", 65_00))
    adopted = await adopt(office, "Acme")
    assert (len(adopted.cells), adopted.skipped) == (2, 0)
    expected = {"Acme": 100_00, "East": 50_00, "E 1": 50_00, "West": 50_00}
    assert await january(office) == {**expected, "North": 65_00, "N 1": 40_00, "N 2": 25_00}
    assert (await adopt(office, "Acme")).cells == []


async def test_a_plan_is_summed_up_from_below_to_the_top(database: Database) -> None:
    """40.00 + 30.00 below North, 80.00 in East: 70.00 for North and West, 150.00 for the company; February is empty."""
    office = await PlanningOffice.open(database, None)
    await commit(office, "Noa", "N 1", ("01", 40_00))
    await commit(office, "Noa", "N 2", ("01", 30_00))
    await commit(office, "Noa", "North", ("01", 99_00))
    await commit(office, "Ada", "E 1", ("01", 80_00))
    await adopt(office, "Acme", roll_up=True)
    assert await january(office) == {
        "Acme": 150_00,
        "East": 80_00,
        "E 1": 80_00,
        "West": 70_00,
        "North": 70_00,
        "N 1": 40_00,
        "N 2": 30_00,
    }
    assert await office.targets("Acme", 1) == {"01": 150_00}


async def test_where_nobody_below_has_a_target_a_commitment_stands_in_the_sum(database: Database) -> None:
    """North alone commits to 99.00, in a draft without any target: West and the company sum it up."""
    office = await PlanningOffice.open(database, None)
    await commit(office, "Noa", "North", ("01", 99_00))
    await adopt(office, "Acme", roll_up=True)
    found = await january(office)
    assert (found["North"], found["West"], found["Acme"], found["N 1"]) == (99_00, 99_00, 99_00, None)


async def test_a_head_takes_over_what_lies_below_and_not_his_own(database: Database) -> None:
    """Wu adopts from West: North and below change, West's own target is for whoever heads above."""
    office = await PlanningOffice.open(database)
    await commit(office, "Wu", "West", ("01", 90_00))
    await commit(office, "Noa", "N 1", ("01", 40_00))
    await adopt(office, "West", "Wu", roll_up=True)
    found = await january(office)
    # 40.00 of N 1 and the 25.00 that N 2 has.
    assert (found["West"], found["North"], found["N 1"], found["Acme"]) == (50_00, 65_00, 40_00, 100_00)
    for who, unit, error in (("Noa", "West", NotFound), ("Nia", "N 1", AccessDenied)):
        with pytest.raises(error):
            await adopt(office, unit, who)


async def test_only_so_many_levels_are_taken_over(database: Database) -> None:
    """One level below West is North; N 1 stays at 25.00, and without it North is its own commitment."""
    office = await PlanningOffice.open(database)
    await commit(office, "Noa", "N 1", ("01", 40_00))
    await commit(office, "Noa", "North", ("01", 65_00))
    await adopt(office, "West", levels=1, roll_up=True)
    found = await january(office)
    assert (found["West"], found["North"], found["N 1"]) == (65_00, 65_00, 25_00)


async def test_locked_pinned_closed_and_daily_months_stay(database: Database) -> None:
    """Each of four months of N 1 stays for a reason of its own, the fifth is set; the sum above is of what is there."""
    office = await PlanningOffice.open(database)
    planning = office.planning
    one = planning.units["N 1"]
    months = tuple((f"{month:02}", 40_00) for month in range(1, 6))
    await commit(office, "Noa", "N 1", *months)
    await lock_target_cells(office.work(), planning.plan_id, [one], "2017-01", True)
    await office.set("N 1", {"02": 26_00}, pinned=True)
    await plan_by_day(office.work(), planning.plan_id, [one], "2017-03", by_day=True)
    await close_unit(office.work(), one, date(2017, 5, 1))
    adopted = await adopt(office, "North", roll_up=True)
    assert ([(cell.month, cell.target) for cell in adopted.cells if cell.unit_id == one], adopted.skipped) == (
        [(3, 40_00)],
        4,
    )
    above = await office.targets("North", 1)
    assert [above[month] for month in ("01", "02", "03", "04")] == [50_00, 51_00, 50_00, 65_00]


async def test_what_is_adopted_may_be_pinned_and_adopted_anew(database: Database) -> None:
    """Pinned it keeps its 40.00 where the team's 50.00 is split again; a later commitment is pinned in its place."""
    office = await PlanningOffice.open(database)
    await commit(office, "Noa", "N 1", ("01", 40_00))
    await adopt(office, "North", pinned=True)
    await office.planning.decompose("North")
    found = await january(office)
    assert (found["N 1"], found["N 2"]) == (40_00, 10_00)
    await commit(office, "Noa", "N 1", ("01", 45_00))
    assert (await adopt(office, "North")).skipped == 1
    await adopt(office, "North", pinned=True)
    assert (await january(office))["N 1"] == 45_00


async def test_commitments_may_be_tried_in_a_scenario(database: Database) -> None:
    """The draft stays as it is."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    await commit(office, "Noa", "N 1", ("01", 40_00))
    await adopt(office, "Acme", scenario=2)
    assert (await january(office, 1))["N 1"] == 25_00
    assert (await january(office, 2))["N 1"] == 40_00


async def test_what_is_submitted_stays_as_it_is(database: Database) -> None:
    """Below North it is handed in: taking over there is refused, and nothing is written above it either."""
    office = await PlanningOffice.open(database)
    await commit(office, "Noa", "N 1", ("01", 40_00))
    await submit_targets(office.work("Noa"), office.planning.plan_id, office.planning.units["North"])
    before = await january(office)
    with pytest.raises(InputError) as caught:
        await adopt(office, "Acme", roll_up=True)
    assert (caught.value.code, caught.value.path) == ("SUBMITTED", ("orgUnitId",))
    assert await january(office) == before


async def test_nothing_to_take_over_is_told(database: Database) -> None:
    """Nobody committed in East; and sums beyond 64 bits are refused."""
    office = await PlanningOffice.open(database)
    with pytest.raises(InputError) as caught:
        await adopt(office, "East")
    assert (caught.value.code, caught.value.path) == ("NO_COMMITMENTS", ("orgUnitId",))
    for position in ("N 1", "N 2"):
        await commit(office, "Noa", position, ("01", 2**63 - 1))
    with pytest.raises(InputError) as too_large:
        await adopt(office, "North", roll_up=True)
    assert (too_large.value.code, too_large.value.path) == ("AMOUNT_TOO_LARGE", ("rollUp",))


async def test_edits_meanwhile_are_not_lost(database: Database) -> None:
    """While Ada adopts, Noa sets other cells of the same branch: both are there in the end."""
    office = await PlanningOffice.open(database)
    for month in range(1, 7):
        await commit(office, "Noa", "N 1", (f"{month:02}", 40_00))
        await asyncio.gather(adopt(office, "Acme"), office.set("N 2", {f"{month:02}": 33_00}, "Noa"))
    one, two = await office.targets("N 1", 1), await office.targets("N 2", 1)
    assert [one[f"{month:02}"] for month in range(1, 7)] == [40_00] * 6
    assert [two[f"{month:02}"] for month in range(1, 7)] == [33_00] * 6
