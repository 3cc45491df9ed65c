"""Who may plan where: heads for what lies below the units that they head today."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from quotaloom.importing.templates.gathering import gather_template
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head
from quotaloom.organizations.commands.units import move_unit
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.platform.work import Work
from quotaloom.targets.adopting import Adoption, adopt_commitments
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.deciding import DecomposeRequest
from quotaloom.targets.decomposing import decompose_target
from tests.integration.targets.planning import POLICIES, Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1"], "West": ["W 1", "W 2"]}


async def headed(database: Database) -> tuple[Planning, Work]:
    """Cy heads West and holds nothing; the work is his."""
    planning = await plan_for(database, TREE, holders={"W 1": "Wanda", "E 1": "Cy"})
    await planning.decompose("Acme", 1_200_000)
    cy = planning.members["Cy"]
    await appoint_head(planning.work, planning.units["West"], cy, None)
    return planning, as_member(planning.work, cy)


def as_member(work: Work, member_id: int) -> Work:
    return replace(work, viewer=Viewer(work.company.id, "member", Role.MEMBER, member_id))


async def set_cell(planning: Planning, work: Work, unit: str) -> None:
    await set_target_cells(work, planning.plan_id, [CellChange(planning.units[unit], "2017-01", {"target": 1})])


async def split(planning: Planning, work: Work, unit: str, target: int | None = None) -> None:
    totals = {} if target is None else {"target": target}
    await decompose_target(work, POLICIES, DecomposeRequest(planning.plan_id, planning.units[unit], totals))


async def test_a_head_plans_below_his_unit(database: Database) -> None:
    """He sets cells of W 1 and hands West's own target down, but sets neither West's target nor his own."""
    planning, cy = await headed(database)
    await set_cell(planning, cy, "W 1")
    await split(planning, cy, "West")
    for unit in ("West", "E 1"):
        with pytest.raises(AccessDenied):
            await set_cell(planning, cy, unit)
    with pytest.raises(AccessDenied):
        await split(planning, cy, "West", 999)


async def test_a_head_reaches_nothing_else(database: Database) -> None:
    """A unit that he does not see is like one that does not exist, for cells and for decomposition."""
    planning, cy = await headed(database)
    for unit_id in (planning.units["East"], 987_654):
        with pytest.raises(NotFound):
            await set_target_cells(cy, planning.plan_id, [CellChange(unit_id, "2017-01", {"target": 1})])
        with pytest.raises(NotFound):
            await decompose_target(cy, POLICIES, DecomposeRequest(planning.plan_id, unit_id, {}))


async def test_a_unit_that_stands_elsewhere_today_is_not_written(database: Database) -> None:
    """W 2 left West after the plan's year: Cy, who heads West, neither splits nor fills the tree of that year."""
    planning, cy = await headed(database)
    await move_unit(planning.work, planning.units["W 2"], planning.units["East"], date(2018, 1, 5))
    later = replace(cy, now=datetime(2018, 2, 1, tzinfo=UTC))
    with pytest.raises(AccessDenied, match="do not head today"):
        await split(planning, later, "West")
    with pytest.raises((AccessDenied, InputError)) as refused:
        await adopt_commitments(later, Adoption(planning.plan_id, planning.units["West"]))
    assert isinstance(refused.value, AccessDenied)


async def test_a_template_names_no_unit_that_stood_above_and_is_not_known_today(database: Database) -> None:
    """W 2 came to East after the plan's year: Dee, who heads East, plans it below Acme, and reads nothing of West."""
    planning, _ = await headed(database)
    dee = await create_member(planning.work, NewMember("Dee"))
    await appoint_head(planning.work, planning.units["East"], dee, None)
    await move_unit(planning.work, planning.units["W 2"], planning.units["East"], date(2018, 1, 5))
    paths = {}
    for who, work in (("Dee", as_member(planning.work, dee)), ("Ada", planning.work)):
        later = replace(work, now=datetime(2018, 2, 1, tzinfo=UTC))
        async with later.snapshot() as snapshot:
            template = await gather_template(snapshot, later, planning.plan_id)
        paths[who] = {unit.name: unit.path for unit in template.units if unit.name in ("E 1", "W 2")}
    assert paths == {
        "Dee": {"E 1": "Acme / East", "W 2": "Acme"},
        "Ada": {"E 1": "Acme / East", "W 2": "Acme / West"},
    }


async def test_who_holds_a_position_splits_nothing_of_it(database: Database) -> None:
    """Cy holds E 1 and sees its target, and heads East no more than Wanda does."""
    planning, cy = await headed(database)
    with pytest.raises((AccessDenied, InputError)) as refused:
        await split(planning, cy, "E 1")
    assert isinstance(refused.value, AccessDenied)


async def test_a_member_does_not_plan(database: Database) -> None:
    """Whoever heads nothing is refused before anything is read, whether the plan exists or not."""
    planning, _ = await headed(database)
    wanda = as_member(planning.work, planning.members["Wanda"])
    for plan_id in (planning.plan_id, 987_654):
        with pytest.raises(AccessDenied):
            await set_target_cells(wanda, plan_id, [CellChange(planning.units["W 1"], "2017-01", {"target": 1})])
        with pytest.raises(AccessDenied):
            await decompose_target(wanda, POLICIES, DecomposeRequest(plan_id, planning.units["W 1"], {}))
