"""Many planners in one plan at the same time: no edit is lost, and who was overtaken is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict
from quotaloom.platform.work import Work
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.day_cells import plan_by_day
from quotaloom.targets.deciding import DecomposeRequest
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.plans import revise_plan
from quotaloom.targets.scenarios import add_scenario, adopt_scenario
from tests.integration.targets.planning import POLICIES, Planning, plan_for

BRANCHES = 50


async def test_fifty_managers_edit_fifty_branches_at_once(database: Database) -> None:
    """Each sets a month of his first seat cell by cell, and splits his team's year: all of it is there afterwards."""
    tree = {"Acme": [f"Team {number}" for number in range(BRANCHES)]}
    tree |= {team: [f"{team} A", f"{team} B"] for team in list(tree["Acme"])}
    planning = await plan_for(database, tree)
    await planning.decompose("Acme", BRANCHES * 240_000, levels=1)
    heads = [await _head(planning, f"Team {number}") for number in range(BRANCHES)]
    await asyncio.gather(*(_plan(planning, head, number) for number, head in enumerate(heads)))
    cells = await _cells(planning)
    for number in range(BRANCHES):
        first, second = (cells[planning.units[f"Team {number} {seat}"]] for seat in "AB")
        # 200.00 a month: A has pinned 100.00 plus the branch's number in January, B has the rest.
        assert (first[0], second[0]) == (10_000 + number, 10_000 - number)
        assert [one + other for one, other in zip(first, second, strict=True)] == [20_000] * 12


async def test_increments_of_twenty_editors_add_up(database: Database) -> None:
    """Each reads a cell, adds 1 and writes it with the version he saw, again after a conflict: 20 in the end."""
    planning = await plan_for(database, {"Acme": ["Seat"]})
    await planning.set("Seat", {"2017-01": 0})
    conflicts = sum(await asyncio.gather(*(_increment(planning) for _ in range(20))))
    assert (await _cells(planning))[planning.units["Seat"]] == [20]
    assert conflicts > 0


async def test_a_month_that_was_days_meanwhile_is_another_one(database: Database) -> None:
    """He saw March at version 1; it was planned by the day, changed, and made a month again: he is told."""
    planning = await plan_for(database, {"Acme": ["Seat"]})
    await planning.set("Seat", {"2017-03": 100})
    for by_day, day in ((True, "2017-03-07"), (False, None), (True, None)):
        units = [planning.units["Seat"]]
        await plan_by_day(planning.work, planning.plan_id, units, "2017-03", by_day=by_day)
        if day is not None:
            await planning.set("Seat", {day: 700})
    await _overtaken(planning, "2017-03-07", 1)
    await plan_by_day(planning.work, planning.plan_id, [planning.units["Seat"]], "2017-03", by_day=False)
    await _overtaken(planning, "2017-03", 1)


async def test_a_cell_of_the_draft_before_is_another_one(database: Database) -> None:
    """He saw 1.00 at version 1; another made it 2.00, which was published and revised: he is told in the revision."""
    planning = await plan_for(database, {"Acme": ["Seat"]})
    await planning.set("Seat", {"2017-01": 100})
    await planning.set("Seat", {"2017-01": 200})
    await planning.publish()
    await revise_plan(planning.work, planning.plan_id, "more")
    for seen in (1, 2):
        await _overtaken(planning, "2017-01", seen)


async def test_a_cell_of_an_adopted_scenario_is_another_one(database: Database) -> None:
    """He saw the draft's cell at version 1 or 2; the scenario's took its place, and that of the other one again."""
    planning = await plan_for(database, {"Acme": ["Seat"]})
    await planning.set("Seat", {"2017-01": 100})
    await add_scenario(planning.work, planning.plan_id, "Bold", 1)
    await planning.set("Seat", {"2017-01": 200})
    for number in (2, 1):
        await adopt_scenario(planning.work, planning.plan_id, number, "the bank")
        for seen in (1, 2):
            await _overtaken(planning, "2017-01", seen)


async def test_who_was_overtaken_is_told_and_changes_nothing(database: Database) -> None:
    """Of two who saw the same version one succeeds; the other's call is refused whole, with both versions named."""
    planning = await plan_for(database, {"Acme": ["A", "B"]})
    await planning.set("A", {"2017-01": 100})
    seen = [CellChange(planning.units["A"], "2017-01", {"target": 200}, expected_version=1)]
    await set_target_cells(planning.work, planning.plan_id, seen)
    late = [
        CellChange(planning.units["B"], "2017-01", {"target": 5}),
        CellChange(planning.units["A"], "2017-01", {"target": 300}, expected_version=1),
    ]
    with pytest.raises(Conflict, match="at version 2, you saw 1") as caught:
        await set_target_cells(planning.work, planning.plan_id, late)
    assert (caught.value.code, caught.value.path) == ("CELL_CHANGED", ("cells", 1))
    assert await _cells(planning) == {planning.units["A"]: [200]}


async def _head(planning: Planning, team: str) -> Work:
    member = await create_member(planning.work, NewMember(f"Head of {team}"))
    await appoint_head(planning.work, planning.units[team], member, None)
    viewer = Viewer(planning.work.viewer.company_id, f"head of {team}", Role.MEMBER, member)
    return replace(planning.work, viewer=viewer)


async def _plan(planning: Planning, head: Work, number: int) -> None:
    seat = planning.units[f"Team {number} A"]
    change = CellChange(seat, "2017-01", {"target": 10_000 + number}, pinned=True, expected_version=0)
    await set_target_cells(head, planning.plan_id, [change])
    request = DecomposeRequest(planning.plan_id, planning.units[f"Team {number}"], {})
    await decompose_target(head, POLICIES, request)


async def _increment(planning: Planning) -> int:
    conflicts = 0
    while True:
        async with planning.work.snapshot() as snapshot:
            row = await snapshot.fetch_one("SELECT target, version FROM target_cell")
        assert row is not None
        values = {"target": row["target"] + 1}
        change = CellChange(planning.units["Seat"], "2017-01", values, expected_version=row["version"])
        try:
            await set_target_cells(planning.work, planning.plan_id, [change])
        except Conflict:
            conflicts += 1
        else:
            return conflicts


async def _cells(planning: Planning) -> dict[int, list[int]]:
    async with planning.work.snapshot() as snapshot:
        rows = await snapshot.fetch(
            "SELECT unit_id, array_agg(target ORDER BY starts_on) AS targets FROM target_cell GROUP BY 1"
        )
    return {row["unit_id"]: row["targets"] for row in rows}


async def _overtaken(planning: Planning, month: str, seen: int) -> None:
    """Whoever saw that version of the cell is refused."""
    change = CellChange(planning.units["Seat"], month, {"target": 300}, expected_version=seen)
    with pytest.raises(Conflict) as caught:
        await set_target_cells(planning.work, planning.plan_id, [change])
    assert caught.value.code == "CELL_CHANGED"
