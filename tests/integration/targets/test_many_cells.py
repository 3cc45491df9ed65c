"""Setting many cells at once costs what those cells cost, before PostgreSQL has statistics of the table too."""

from __future__ import annotations

from dataclasses import replace

from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.platform.database import Database
from quotaloom.targets.cells import CellChange, set_target_cells
from tests.integration.targets.planning import plan_for


async def test_many_cells_are_not_each_compared_with_all_others(database: Database, database_url: str) -> None:
    """4,800 cells where the plan has as many: no statement takes the second and a half that 23 million pairs would."""
    planning = await plan_for(database, {"Acme": []})
    new = [NewUnit(f"P {number}", "position", planning.units["Acme"], key=f"p{number}") for number in range(400)]
    positions = await planning.work.write(lambda transaction: insert_units(transaction, new))
    months = [f"2017-{month:02}" for month in range(1, 13)]
    changes = [CellChange(position, month, {"target": 1}) for position in positions for month in months]
    await set_target_cells(planning.work, planning.plan_id, changes)
    hurried = Database(database_url, statement_timeout_ms=1500)
    await hurried.connect()
    try:
        await set_target_cells(replace(planning.work, database=hurried), planning.plan_id, changes)
    finally:
        await hurried.close()
