"""A reorganization in the middle of a published plan loses no number."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from quotaloom.organizations.commands.terms import appoint_holder
from quotaloom.organizations.commands.units import close_unit, create_unit, move_unit
from quotaloom.organizations.planting import NewUnit
from quotaloom.platform.database import Database
from quotaloom.platform.work import Work
from quotaloom.targets.plans import revise_plan
from tests.founding import at
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E1", "E2"], "West": ["W1"]}
HOLDERS = {"E1": "Eve", "E2": "Ed", "W1": "Wu"}
MOVE = date(2017, 7, 1)
AFTER = datetime(2017, 12, 31, 12, tzinfo=UTC)


async def test_moving_closing_and_opening_units_keeps_every_cell_and_entry(database: Database) -> None:
    """In July E2 moves to the West, W1 closes and a new seat opens: cells, entries and all that was told stay."""
    planning, later = await _first_half(database)
    before = await _told(planning, later, "2017-H1")
    stored = await _everything(planning)
    await _reorganize(planning)
    assert await _everything(planning) == stored
    assert await _told(planning, later, "2017-H1") == before
    year = await planning.attained(later, ["Acme", "East", "West", "E1", "E2", "W1"], "2017")
    # 1,200.00 a year: East and West 600.00 each, E1 and E2 300.00 each, W1 600.00. Posted: 10.00, 20.00 and 40.00.
    assert {name: row["target"] for name, row in year.items()} == {
        "Acme": "1200.00",
        "East": "600.00",
        "West": "600.00",
        "E1": "300.00",
        "E2": "300.00",
        "W1": "600.00",
    }
    assert {name: row["achieved"] for name, row in year.items()} == {
        "Acme": "70.00",
        "East": "30.00",
        "West": "40.00",
        "E1": "10.00",
        "E2": "20.00",
        "W1": "40.00",
    }


async def test_as_it_is_regroups_and_as_it_was_does_not(database: Database) -> None:
    """E2's 20.00 of March count for the East as it was, for the West as it is; the company has 70.00 either way."""
    planning, later = await _first_half(database)
    await _reorganize(planning)
    await planning.post(later, "E2", date(2017, 8, 1), 500, "august")
    was = await planning.attained(later, ["Acme", "East", "West"], "2017")
    now = await planning.attained(later, ["Acme", "East", "West"], "2017", structure="as_is")
    assert [row["achieved"] for row in was.values()] == ["75.00", "30.00", "45.00"]
    assert [row["achieved"] for row in now.values()] == ["75.00", "10.00", "65.00"]
    march = await planning.attained(later, ["Acme", "East", "West"], "2017", as_of=date(2017, 3, 31))
    assert [row["achieved"] for row in march.values()] == ["70.00", "30.00", "40.00"]


async def test_a_revision_after_it_splits_what_is_left_exactly(database: Database) -> None:
    """With January to June pinned, the West's year goes over E2, the new seat and W1, each month to the cent."""
    planning, later = await _first_half(database)
    await _reorganize(planning)
    revised = Planning(later, planning.founded, planning.units, planning.members, planning.plan_id)
    await revise_plan(later, planning.plan_id, "reorganization")
    for unit in ("Acme", "East", "West", "E1", "E2", "W1"):
        cells = await _cells(revised, unit)
        await revised.set(unit, {f"2017-{month:02}": cells[month - 1] for month in range(1, 7)}, pinned=True)
    outcome = await revised.decompose("Acme", 150_000)
    rows = {unit.name: [value or 0 for value in unit.target] for unit in outcome.units}
    # 1,500.00 less 600.00 for the first half: 150.00 a month, 75.00 for each side; W1 is closed by then.
    assert rows["Acme"] == [10_000] * 6 + [15_000] * 6
    assert rows["West"] == [5_000] * 6 + [7_500] * 6
    assert rows["E2"][6:] == [3_750] * 6 == rows["W2"][6:]
    assert rows["W1"] == [5_000] * 6 + [0] * 6
    assert rows["East"][6:] == rows["E1"][6:] == [7_500] * 6
    published = await planning.attained(later, ["West"], "2017")
    assert published["West"]["target"] == "600.00"


async def _first_half(database: Database) -> tuple[Planning, Work]:
    planning = await plan_for(database, TREE, holders=HOLDERS)
    await planning.decompose("Acme", 120_000, shares={"assessment": Decimal("0.5")})
    await planning.publish()
    march = at(planning.work, datetime(2017, 3, 31, 12, tzinfo=UTC))
    for unit, amount in (("E1", 1_000), ("E2", 2_000), ("W1", 4_000)):
        await planning.post(march, unit, date(2017, 3, 10), amount, unit)
    return planning, at(planning.work, AFTER)


async def _reorganize(planning: Planning) -> None:
    july = at(planning.work, datetime(2017, 6, 30, 12, tzinfo=UTC))
    await move_unit(july, planning.units["E2"], planning.units["West"], MOVE)
    await close_unit(july, planning.units["W1"], MOVE)
    seat = NewUnit("W2", "position", planning.units["West"], ordinal=9, opened_on=MOVE)
    planning.units["W2"] = await create_unit(july, seat)
    await appoint_holder(july, planning.units["W2"], planning.members["Wu"], MOVE)


async def _told(planning: Planning, work: Work, period: str) -> dict[str, Any]:
    found = await planning.attained(work, ["Acme", "East", "West", "E1", "E2", "W1"], period)
    found |= await planning.attained(work, list(planning.members), period)
    keys = ("target", "assessment", "achieved", "rate", "gap", "status")
    return {name: {key: row[key] for key in keys} for name, row in found.items()}


async def _everything(planning: Planning) -> list[list[tuple[Any, ...]]]:
    """Every cell and every entry as it is stored."""
    async with planning.work.snapshot() as snapshot:
        return [
            [tuple(row) for row in await snapshot.fetch(f"SELECT * FROM {table} ORDER BY id")]
            for table in ("target_cell", "achievement_entry", "achievement_balance")
        ]


async def _cells(planning: Planning, unit: str) -> list[int]:
    async with planning.work.snapshot() as snapshot:
        rows = await snapshot.fetch(
            "SELECT c.target FROM target_cell c JOIN plan_version v ON v.id = c.plan_version_id AND v.status = 'draft'"
            " WHERE c.unit_id = $1 ORDER BY c.starts_on",
            planning.units[unit],
        )
    return [row["target"] for row in rows]
