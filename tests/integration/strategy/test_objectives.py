"""Objectives on three levels: each serves one of the level above, and what is put away takes nothing new."""

from __future__ import annotations

import pytest

from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.work import Work
from quotaloom.strategy.commands import archive_objective, create_objective, update_objective
from quotaloom.strategy.objectives import NewObjective, ObjectiveLevel
from quotaloom.targets.plan_objectives import attach_plan
from quotaloom.targets.plans import create_plan
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.organizations.trees import audit_of, refusal, rows

CORPORATE, BUSINESS, FUNCTIONAL = ObjectiveLevel


async def objective(
    floor: Floor, level: ObjectiveLevel, parent_id: int | None = None, *, year: int = 2026, work: Work | None = None
) -> int:
    """An objective of Hal's, named after its level."""
    new = NewObjective(year, level, level.value.title(), floor.members["hal"], parent_id)
    return await create_objective(work or floor.work, new)


async def chain(floor: Floor) -> tuple[int, int, int]:
    """One of each level, each serving the one above."""
    top = await objective(floor, CORPORATE)
    middle = await objective(floor, BUSINESS, top)
    return top, middle, await objective(floor, FUNCTIONAL, middle)


@pytest.mark.parametrize(
    ("level", "parent", "code"),
    [
        (CORPORATE, 0, "TOP_LEVEL"),
        (BUSINESS, None, "PARENT_MISSING"),
        (BUSINESS, 1, "WRONG_LEVEL"),
        (FUNCTIONAL, 0, "WRONG_LEVEL"),
        (FUNCTIONAL, 2, "WRONG_LEVEL"),
    ],
)
async def test_each_level_serves_the_one_above(
    database: Database, level: ObjectiveLevel, parent: int | None, code: str
) -> None:
    """A corporate objective serves none, a business one a corporate one, a functional one a business one."""
    floor = await furnish(database)
    ids = await chain(floor)
    with pytest.raises(InputError) as caught:
        await objective(floor, level, None if parent is None else ids[parent])
    assert refusal(caught) == (code, ("parentId",))


async def test_an_objective_serves_one_of_its_own_year(database: Database) -> None:
    """What is to be reached in 2027 serves nothing of 2026."""
    floor = await furnish(database)
    top = await objective(floor, CORPORATE)
    with pytest.raises(InputError) as caught:
        await objective(floor, BUSINESS, top, year=2027)
    assert refusal(caught) == ("OTHER_YEAR", ("parentId",))


async def test_only_admins_and_services_that_set_targets_set_objectives(database: Database) -> None:
    """A head may not; a service needs the scope of targets."""
    floor = await furnish(database)
    for work in (floor.as_member("hal"), floor.as_service("graph:read")):
        with pytest.raises(AccessDenied):
            await objective(floor, CORPORATE, work=work)
    assert await objective(floor, CORPORATE, work=floor.as_service("targets:write")) > 0


async def test_a_change_is_refused_where_somebody_else_made_one(database: Database) -> None:
    """Two read version 1; the second to write is told that it is at version 2 by now, and history has the first."""
    floor = await furnish(database)
    top = await objective(floor, CORPORATE)
    await update_objective(floor.work, top, {"name": "Lead the market"}, 1)
    with pytest.raises(Conflict) as caught:
        await update_objective(floor.work, top, {"name": "Survive"}, 1)
    assert refusal(caught) == ("STALE", ("expectedVersion",))
    (created, updated) = await audit_of(floor.work, "Objective", top)
    assert (created[0], updated[0]) == ("objective.create", "objective.update")
    assert '"name": "Corporate"' in (updated[1] or "")
    assert '"name": "Lead the market"' in (updated[2] or "")


async def test_an_objective_may_serve_another_one_of_the_same_level(database: Database) -> None:
    """The business objective goes from one corporate objective to another, and to no objective of its own level."""
    floor = await furnish(database)
    _, middle, low = await chain(floor)
    other = await objective(floor, CORPORATE)
    await update_objective(floor.work, middle, {"parent_id": other})
    (row,) = await rows(floor.work, "SELECT parent_id, version FROM objective WHERE id = $1", middle)
    assert (row["parent_id"], row["version"]) == (other, 2)
    with pytest.raises(InputError) as caught:
        await update_objective(floor.work, middle, {"parent_id": low})
    assert refusal(caught) == ("WRONG_LEVEL", ("parentId",))


async def test_archiving_goes_from_the_bottom_and_restoring_from_the_top(database: Database) -> None:
    """What others serve stays; once archived, it takes neither children nor plans, and its children wait for it."""
    floor = await furnish(database)
    top, middle, low = await chain(floor)
    with pytest.raises(InputError) as caught:
        await archive_objective(floor.work, middle)
    assert refusal(caught) == ("IN_USE", ("id",))
    await archive_objective(floor.work, low)
    await archive_objective(floor.work, middle)
    with pytest.raises(InputError) as caught:
        await objective(floor, FUNCTIONAL, middle)
    assert refusal(caught) == ("ARCHIVED", ("parentId",))
    with pytest.raises(InputError) as caught:
        await archive_objective(floor.work, low, archived=False)
    assert refusal(caught) == ("ARCHIVED", ("id",))
    await archive_objective(floor.work, middle, archived=False)
    await archive_objective(floor.work, low, archived=False)
    kept = await rows(floor.work, "SELECT archived FROM objective WHERE id = ANY($1)", [top, middle, low])
    assert [row["archived"] for row in kept] == [False, False, False]


async def test_a_plan_serves_an_objective_of_its_year(database: Database) -> None:
    """One of another year and one that is archived are refused, a number of nobody is not found; null detaches."""
    floor = await furnish(database)
    top, old = await objective(floor, CORPORATE), await objective(floor, CORPORATE, year=2025)
    gone = await objective(floor, CORPORATE)
    await archive_objective(floor.work, gone)
    (metric,) = await rows(floor.work, "SELECT id FROM metric WHERE key = 'revenue'")
    plan = await create_plan(floor.work, "Plan", metric["id"], 2026)
    for wrong, code in ((old, "OTHER_YEAR"), (gone, "ARCHIVED")):
        with pytest.raises(InputError) as caught:
            await attach_plan(floor.work, plan, wrong)
        assert refusal(caught) == (code, ("objectiveId",))
    with pytest.raises(NotFound):
        await attach_plan(floor.work, plan, 10**17)
    await attach_plan(floor.work, plan, top, 1)
    with pytest.raises(Conflict):
        await attach_plan(floor.work, plan, None, 1)
    await attach_plan(floor.work, plan, None, 2)
    (row,) = await rows(floor.work, "SELECT objective_id, version FROM plan WHERE id = $1", plan)
    assert (row["objective_id"], row["version"]) == (None, 3)
