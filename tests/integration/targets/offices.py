"""A planned company with heads on three levels, seen by each of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.work import Work
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.plans import publish_plan
from quotaloom.targets.scenarios import add_scenario
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1"], "West": ["North"], "North": ["N 1", "N 2"]}
HEADS = {"Acme": "Ora", "West": "Wu", "North": "Noa"}
HOLDERS = {"N 1": "Nia"}


class PlanningOffice:
    """A company whose heads are Ora of all, Wu of West and Noa of North below it; Nia holds N 1; Ada is an admin."""

    def __init__(self, planning: Planning) -> None:
        self.planning = planning

    @classmethod
    async def open(cls, database: Database, target: int | None = 1_200_00, **facts: Any) -> PlanningOffice:
        """Plan an amount for 2017, evenly, and appoint the heads."""
        planning = await plan_for(database, TREE, holders=HOLDERS, **facts)
        if target is not None:
            await planning.decompose("Acme", target)
        for unit, name in HEADS.items():
            planning.members[name] = await create_member(planning.work, NewMember(name))
            await appoint_head(planning.work, planning.units[unit], planning.members[name], None)
        return cls(planning)

    def work(self, name: str = "Ada") -> Work:
        """The work of a member, or of Ada or another admin."""
        company_id = self.planning.work.company.id
        if name in self.planning.members:
            viewer = Viewer(company_id, name, Role.MEMBER, self.planning.members[name])
        else:
            viewer = Viewer(company_id, name, Role.ADMIN)
        return replace(self.planning.work, viewer=viewer)

    async def set(
        self, unit: str, months: dict[str, int | None], name: str = "Ada", scenario: int | None = None, **facts: Any
    ) -> None:
        """Set targets of a unit's months of 2017, by the month's number, in minor units."""
        changes = [
            CellChange(self.planning.units[unit], f"2017-{month}", {"target": target}, **facts)
            for month, target in months.items()
        ]
        await set_target_cells(self.work(name), self.planning.plan_id, changes, scenario)

    async def add_scenario(self, name: str = "Bold", from_version: int | None = 1) -> int:
        """Open a scenario; returns the id of the version."""
        return await add_scenario(self.work(), self.planning.plan_id, name, from_version)

    async def publish(self) -> None:
        """Put the draft in force."""
        await publish_plan(self.work(), self.planning.plan_id)

    async def versions(self) -> list[tuple[int, str, str | None]]:
        """Number, status and name of every version."""
        async with self.planning.work.snapshot() as snapshot:
            rows = await snapshot.fetch("SELECT number, status, name FROM plan_version ORDER BY number")
        return [tuple(row.values()) for row in rows]

    async def targets(self, unit: str, number: int) -> dict[str, int | None]:
        """The targets of a unit in a version, by the month's number."""
        async with self.planning.work.snapshot() as snapshot:
            rows = await snapshot.fetch(
                "SELECT to_char(c.starts_on, 'MM') AS month, c.target FROM target_cell c JOIN plan_version v"
                " ON v.id = c.plan_version_id WHERE c.unit_id = $1 AND v.number = $2 AND v.plan_id = $3"
                " ORDER BY c.starts_on",
                self.planning.units[unit],
                number,
                self.planning.plan_id,
            )
        return {row["month"]: row["target"] for row in rows}
