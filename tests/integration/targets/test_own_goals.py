"""A member sets himself a goal above his target; it is shown beside that, and nothing else goes by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from quotaloom.calendars.company_calendar import load_calendar
from quotaloom.metrics.commands import NewMetric, define_metric
from quotaloom.metrics.reads import metrics_by_id
from quotaloom.organizations.commands.terms import appoint_holder
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.work import Work
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.own_goals import own_goals, set_own_goal
from quotaloom.targets.plans import create_plan, load_plan, publish_plan
from tests.founding import at
from tests.integration.organizations.trees import audit_of, refusal
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East"], "East": ["E 1", "E 2"]}


async def selling(database: Database, *, published: bool = True) -> Planning:
    """Ann holds E 1 and Bob E 2, each with 100.00 a month in 2017."""
    planning = await plan_for(database, TREE, holders={"E 1": "Ann", "E 2": "Bob"})
    for unit in ("E 1", "E 2"):
        await planning.set(unit, {f"2017-{month:02}": 100_00 for month in range(1, 13)})
    if published:
        await planning.publish()
    return planning


def as_member(planning: Planning, name: str) -> Work:
    """The work of a member."""
    viewer = Viewer(planning.work.company.id, name, Role.MEMBER, planning.members[name])
    return replace(planning.work, viewer=viewer)


async def aim(planning: Planning, who: str, period: str, goal: int | None, unit: str = "E 1", **facts: Any) -> None:
    """Set the goal of a member for a position."""
    await set_own_goal(as_member(planning, who), planning.plan_id, planning.units[unit], period, goal, **facts)


async def told(planning: Planning, *names: str) -> list[tuple[str, int, int | None, int]]:
    """Period, goal, target and achieved of the goals of members."""
    async with planning.work.snapshot() as snapshot:
        plan = await load_plan(snapshot, planning.plan_id)
        (metric,) = await metrics_by_id(snapshot, [plan.metric_id])
        calendar = await load_calendar(snapshot, planning.work.company)
        found = await own_goals(snapshot, calendar, plan, metric, [planning.members[name] for name in names])
    return [(one.period.label, one.goal, one.target, one.achieved) for one in found]


async def test_a_goal_stands_beside_the_target_and_what_was_achieved(database: Database) -> None:
    """Ann aims for 120.00 in March and 1,500.00 in the year; of 30.00 and 20.00 sold, 30.00 were in March."""
    planning = await selling(database)
    await aim(planning, "Ann", "2017-03", 120_00, expected_version=0)
    await aim(planning, "Ann", "2017", 1_500_00)
    later = at(planning.work, datetime(2017, 5, 2, 12, tzinfo=UTC))
    await planning.post(later, "E 1", date(2017, 3, 1), 30_00, "first")
    await planning.post(later, "E 1", date(2017, 4, 1), 20_00, "second")
    await planning.post(later, "E 2", date(2017, 3, 1), 99_00, "Bob's")
    assert await told(planning, "Ann", "Bob") == [
        ("2017", 1_500_00, 1_200_00, 50_00),
        ("2017-03", 120_00, 100_00, 30_00),
    ]


async def test_a_goal_is_not_below_the_target(database: Database) -> None:
    """99.99 is refused with the target, 100.00 is allowed; that of the position is no matter, only his share is."""
    planning = await selling(database)
    with pytest.raises(InputError) as caught:
        await aim(planning, "Ann", "2017-03", 99_99)
    assert refusal(caught) == ("BELOW_TARGET", ("goal",))
    assert caught.value.message == "your target for 2017-03 is 100.00; a goal of your own is not below it"
    await aim(planning, "Ann", "2017-03", 100_00)
    # Ann gives E 2 to nobody: Bob holds it until 16 April, which is half of the month.
    await appoint_holder(planning.work, planning.units["E 2"], planning.members["Ann"], date(2017, 4, 16), replace=True)
    await aim(planning, "Ann", "2017-04", 50_00, "E 2")
    assert await told(planning, "Ann") == [("2017-03", 100_00, 100_00, 0), ("2017-04", 50_00, 50_00, 0)]


async def test_where_lower_is_better_a_goal_is_not_above_the_target(database: Database) -> None:
    """Of complaints 5 at the most; 6 are refused, 3 are a goal."""
    planning = await selling(database)
    work = planning.work
    metric = await define_metric(work, NewMetric("complaints", "Complaints", "count", None, True, measured_by="Mails"))
    plan = await create_plan(work, "Complaints", metric, 2017)
    await set_target_cells(work, plan, [CellChange(planning.units["E 1"], "2017-03", {"target": 5})])
    await publish_plan(work, plan)
    planning = replace(planning, plan_id=plan)
    with pytest.raises(InputError) as caught:
        await aim(planning, "Ann", "2017-03", 6)
    assert caught.value.message == "your target for 2017-03 is 5; a goal of your own is not above it"
    await aim(planning, "Ann", "2017-03", 3)
    assert await told(planning, "Ann") == [("2017-03", 3, 5, 0)]


async def test_a_goal_is_for_ones_own_position(database: Database) -> None:
    """Ann has no target in E 2, of which she learns nothing, nor has an admin one; services have none at all."""
    planning = await selling(database)
    with pytest.raises(InputError) as caught:
        await aim(planning, "Ann", "2017-03", 500_00, "E 2")
    assert refusal(caught) == ("NOT_FOUND", ("positionId",))
    with pytest.raises(InputError) as refused:
        await aim(planning, "Ann", "2017-03", 500_00, "East")
    assert refusal(refused) == ("NO_TARGET", ("positionId",))
    service = replace(planning.work, viewer=Viewer(planning.work.company.id, "crm", Role.ADMIN))
    with pytest.raises(AccessDenied):
        await set_own_goal(service, planning.plan_id, planning.units["E 1"], "2017-03", 500_00)


@pytest.mark.parametrize("period", ["2017-Q1", "2018", "2018-03", "2017-03-05", "2017-03-01/2017-04-01", "soon"])
async def test_a_goal_is_for_a_month_of_the_plan_or_its_year(database: Database, period: str) -> None:
    """Nothing in between, and no other year."""
    planning = await selling(database)
    with pytest.raises(InputError) as caught:
        await aim(planning, "Ann", period, 5_000_00)
    assert refusal(caught) == ("BAD_PERIOD", ("period",))


async def test_a_goal_needs_a_plan_in_force(database: Database) -> None:
    """A draft is nothing that a member aims beyond."""
    planning = await selling(database, published=False)
    with pytest.raises(NotFound) as caught:
        await aim(planning, "Ann", "2017-03", 500_00)
    assert refusal(caught) == ("NOT_FOUND", ("planId",))


async def test_a_draft_is_not_known_to_whoever_sells(database: Database) -> None:
    """He is told in the same words as of a plan that there is not."""
    planning = await selling(database, published=False)
    messages = []
    for plan_id in (planning.plan_id, 10**17):
        with pytest.raises(NotFound) as caught:
            await set_own_goal(as_member(planning, "Ann"), plan_id, planning.units["E 1"], "2017", 1)
        messages.append(caught.value.message)
    assert messages == ["there is no such plan that you can see"] * 2


async def test_a_goal_can_be_changed_and_cleared(database: Database) -> None:
    """Whoever read version 1 does not overwrite version 2; null does away with it, and history keeps it."""
    planning = await selling(database)
    for goal in (120_00, 130_00):
        await aim(planning, "Ann", "2017-03", goal)
    with pytest.raises(Conflict) as caught:
        await aim(planning, "Ann", "2017-03", 140_00, expected_version=1)
    assert refusal(caught) == ("STALE", ("expectedVersion",))
    await aim(planning, "Ann", "2017-03", None, expected_version=2)
    assert await told(planning, "Ann") == []
    action, before, after = (await audit_of(planning.work, "Member", planning.members["Ann"]))[-1]
    assert action == "own_goal.set"
    assert '"goal": 13000' in (before or "")
    assert '"goal": null' in (after or "")


async def test_a_goal_is_its_members_and_not_the_positions(database: Database) -> None:
    """Bob follows Ann in E 1 in July: for the year each has the same goal, his own, and Bob's comes and goes alone."""
    planning = await selling(database)
    await appoint_holder(planning.work, planning.units["E 1"], planning.members["Bob"], date(2017, 7, 1), replace=True)
    for who in ("Ann", "Bob"):
        await aim(planning, who, "2017", 700_00)
    assert [goal for _, goal, _, _ in await told(planning, "Ann", "Bob")] == [700_00, 700_00]
    await aim(planning, "Bob", "2017", None)
    assert [goal for _, goal, _, _ in await told(planning, "Ann", "Bob")] == [700_00]


async def test_roll_ups_know_nothing_of_goals(database: Database) -> None:
    """East's attainment is against its own target, Ann's against hers."""
    planning = await selling(database)
    await aim(planning, "Ann", "2017", 9_000_00)
    rows = await planning.attained(planning.work, ["Ann"], "2017")
    assert rows["Ann"]["target"] == "1200.00"
