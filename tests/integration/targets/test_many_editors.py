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
from quotaloom.targets.deciding import DecomposeRequest
from quotaloom.targets.decomposing import decompose_target
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
