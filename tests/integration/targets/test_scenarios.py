"""Further drafts beside the main one: planned alike, adopted or dropped, and published only as the draft."""

from __future__ import annotations

import asyncio

import pytest

from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.targets.cells import lock_target_cells
from quotaloom.targets.deciding import DecomposeRequest
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.plans import close_plan, publish_plan
from quotaloom.targets.scenarios import MOST_SCENARIOS, adopt_scenario, drop_scenario
from quotaloom.targets.submissions import return_targets, submit_targets
from tests.integration.targets.offices import PlanningOffice
from tests.integration.targets.planning import POLICIES


async def test_a_scenario_begins_with_the_cells_of_a_version_and_is_planned_apart(database: Database) -> None:
    """January of West is 50.00 in both; 70.00 in the scenario leaves the draft alone, and the other way round."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    assert (await office.targets("West", 2))["01"] == 50_00
    await office.set("West", {"01": 70_00}, scenario=2)
    await office.set("West", {"02": 60_00})
    assert list((await office.targets("West", 1)).values())[:2] == [50_00, 60_00]
    assert list((await office.targets("West", 2)).values())[:2] == [70_00, 50_00]


async def test_a_scenario_may_begin_empty_and_be_decomposed(database: Database) -> None:
    """2,400.00 of the scenario over 12 months and two departments: 100.00 each; the draft keeps its 50.00."""
    office = await PlanningOffice.open(database)
    await office.add_scenario(from_version=None)
    planning = office.planning
    assert await office.targets("West", 2) == {}
    request = DecomposeRequest(planning.plan_id, planning.units["Acme"], {"target": 2_400_00}, scenario=2)
    await decompose_target(planning.work, POLICIES, request)
    assert set((await office.targets("West", 2)).values()) == {100_00}
    assert set((await office.targets("West", 1)).values()) == {50_00}


async def test_cells_of_a_scenario_are_locked_apart(database: Database) -> None:
    """A lock in the scenario closes its cell and not the draft's; a head plans in both as far as he may."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    units = [office.planning.units["North"]]
    assert await lock_target_cells(office.work(), office.planning.plan_id, units, "2017-01", True, 2) == 1
    await office.set("North", {"01": 1}, "Wu")
    with pytest.raises(InputError, match="locked"):
        await office.set("North", {"01": 1}, "Wu", scenario=2)
    await office.set("North", {"02": 1}, "Wu", scenario=2)
    with pytest.raises(NotFound):
        await office.set("East", {"02": 1}, "Wu", scenario=2)


async def test_an_adopted_scenario_is_the_draft_and_the_former_draft_a_scenario(database: Database) -> None:
    """Nothing is lost: both are there with their cells, and what is published is the adopted one."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    await office.set("West", {"01": 70_00}, scenario=2)
    await adopt_scenario(office.work(), office.planning.plan_id, 2, "Growth pays")
    assert await office.versions() == [(1, "scenario", "Draft 1"), (2, "draft", "Bold")]
    assert (await office.targets("West", 1))["01"] == 50_00
    await office.publish()
    row = (await office.planning.attained(office.work(), ["West"], "2017-01"))["West"]
    assert row["target"] == "70.00"


async def test_adopting_beside_a_published_plan_is_a_revision(database: Database) -> None:
    """Its reason is that of the version; the published one stays in force until the next is published."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    await office.publish()
    await adopt_scenario(office.work(), office.planning.plan_id, 2, " A second look ")
    async with office.planning.work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT status, reason FROM plan_version ORDER BY number")
    assert [tuple(row.values()) for row in rows] == [("published", None), ("draft", "A second look")]
    await office.publish()
    assert [status for _, status, _ in await office.versions()] == ["superseded", "published"]


async def test_nothing_is_adopted_while_the_draft_is_submitted(database: Database) -> None:
    """What Noa handed in would be lost from sight; once it is returned, the scenario may take its place."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    plan_id = office.planning.plan_id
    submission = await submit_targets(office.work("Noa"), plan_id, office.planning.units["North"])
    with pytest.raises(InputError) as caught:
        await adopt_scenario(office.work(), plan_id, 2, "Now")
    assert (caught.value.code, caught.value.path) == ("SUBMITTED", ("planId",))
    await return_targets(office.work(), submission, "Later")
    await adopt_scenario(office.work(), plan_id, 2, "Now")
    with pytest.raises(Conflict) as gone:
        await return_targets(office.work(), submission, "Again")
    assert gone.value.code == "NOT_SUBMITTED"


async def test_a_dropped_scenario_is_gone_with_its_cells_and_its_number(database: Database) -> None:
    """What was made from it counts as made from what it was made from; the next number is a new one."""
    office = await PlanningOffice.open(database)
    await office.add_scenario()
    await office.add_scenario("Bolder", 2)
    await drop_scenario(office.work(), office.planning.plan_id, 2)
    assert await office.targets("West", 2) == {}
    with pytest.raises(NotFound) as caught:
        await office.set("West", {"01": 1}, scenario=2)
    assert (caught.value.code, caught.value.path) == ("NOT_FOUND", ("scenario",))
    await office.add_scenario("Boldest", 3)
    async with office.planning.work.snapshot() as snapshot:
        rows = await snapshot.fetch(
            "SELECT v.number, b.number AS base FROM plan_version v LEFT JOIN plan_version b ON b.id = v.base_id"
            " WHERE v.status = 'scenario' ORDER BY v.number"
        )
    assert [tuple(row.values()) for row in rows] == [(3, 1), (4, 3)]


async def test_a_plan_has_ten_scenarios_at_the_most(database: Database) -> None:
    """The eleventh is refused, however many are asked for at once; one that is dropped makes room."""
    office = await PlanningOffice.open(database, None)
    outcomes = await asyncio.gather(
        *(office.add_scenario(f"Try {number}", None) for number in range(MOST_SCENARIOS + 1)), return_exceptions=True
    )
    (refused,) = [one for one in outcomes if isinstance(one, InputError)]
    assert (refused.code, refused.path) == ("TOO_MANY_SCENARIOS", ("planId",))
    await drop_scenario(office.work(), office.planning.plan_id, 2)
    await office.add_scenario("Once more", None)


async def test_scenarios_are_for_admins_and_closed_plans_have_no_new_ones(database: Database) -> None:
    """Heads plan within them; adding, adopting and dropping is an admin's, like publishing."""
    office = await PlanningOffice.open(database)
    plan_id = office.planning.plan_id
    await office.add_scenario()
    await office.publish()
    for call in (adopt_scenario(office.work("Wu"), plan_id, 2, "Mine"), drop_scenario(office.work("Wu"), plan_id, 2)):
        with pytest.raises(AccessDenied):
            await call
    with pytest.raises(InputError, match="Plan 2017 is published"):
        await publish_plan(office.work(), plan_id)
    await close_plan(office.work(), plan_id)
    for refused in (office.add_scenario("Late"), adopt_scenario(office.work(), plan_id, 2, "Late")):
        with pytest.raises(InputError) as caught:
            await refused
        assert caught.value.code == "PLAN_CLOSED"
    await drop_scenario(office.work(), plan_id, 2)
    assert await office.versions() == [(1, "published", None), (2, "dropped", "Bold")]
