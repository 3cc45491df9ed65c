"""Planned against done, and nothing counted twice."""

from __future__ import annotations

from decimal import Decimal

from quotaloom.action_plans.carrying import carry_over_items
from quotaloom.action_plans.copying import PlanCopy, copy_plan
from quotaloom.action_plans.finishing import cancel_item, complete_item
from quotaloom.action_plans.items import update_item
from quotaloom.action_plans.lifecycle import close_plan
from quotaloom.action_plans.reads import figures_by_member
from quotaloom.activities.commands import log_activity
from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.organizations.commands.terms import appoint_holder
from quotaloom.platform.database import Database
from tests.integration.action_plans.acting import CALL, VISIT, figures, ids_of, june, on, plan_of, todo
from tests.integration.activities.working import something
from tests.integration.funnels.floors import Floor, furnish


async def of_member(floor: Floor, who: str, period: str) -> tuple[int, int, int]:
    """What a member had planned for a period, has done, and is late with, on 10 June."""
    days = fiscal_calendar(floor.work.company).period(period)
    async with floor.work.snapshot() as snapshot:
        found = await figures_by_member(snapshot, [floor.members[who]], days, june(10))
    one = found[floor.members[who]]
    return one.planned, one.done, one.overdue


async def test_figures_of_a_week(database: Database) -> None:
    """On the 4th, of three visits and two calls: one on time, one late, one overdue, one to come, one cancelled.

    On time 1 of 3 that are done or overdue. Budget 10 + 20 + 0 + 5 of the four, spent 8 + 3.
    """
    floor = await furnish(database)
    ann = on(floor.as_member("ann"), june(4))
    items = [todo(first=1, budget=10_00), todo(first=1, budget=20_00), todo(first=2), todo(CALL, 5, budget=5_00)]
    plan = await plan_of(floor, items=[*items, todo(CALL, 6, budget=99_00)])
    on_time, late, _, _, cancelled = await ids_of(floor, plan)
    await complete_item(ann, on_time, done_on=june(1), spent=8_00)
    await complete_item(ann, late, done_on=june(2), spent=3_00)
    await cancel_item(ann, cancelled, "Not needed")
    found = await figures(floor, plan, june(4))
    assert (found.planned, found.done, found.on_time, found.open, found.overdue) == (4, 2, 1, 2, 1)
    assert (found.missed, found.cancelled) == (0, 1)
    assert found.on_time_rate == Decimal("0.333333")
    assert (found.budget, found.spent) == (35_00, 11_00)
    assert (found.by(VISIT), found.by(CALL)) == ((3, 2), (1, 0))


async def test_figures_of_nothing(database: Database) -> None:
    """No rate where nothing was planned, or nothing is due yet."""
    floor = await furnish(database)
    empty, coming = await plan_of(floor), await plan_of(floor, items=[todo(first=5)])
    assert (await figures(floor, empty)).planned == 0
    for plan in (empty, coming):
        assert (await figures(floor, plan)).on_time_rate is None


async def test_a_long_plan_counts_its_short_ones_and_what_they_refine_once(database: Database) -> None:
    """June has a visit and a call; week 23 splits the visit into two, and Tuesday one of these into a day's.

    The visit of June is counted by Tuesday's and the other one of the week: 2 visits and 1 call, budget 4 + 5 + 7.
    """
    floor = await furnish(database)
    month = await plan_of(floor, period="2026-06", items=[todo(budget=100_00), todo(CALL, budget=7_00)])
    visit, _ = await ids_of(floor, month)
    parts = [todo(first=2, budget=50_00, refines_id=visit), todo(first=3, budget=5_00, refines_id=visit)]
    week = await plan_of(floor, part_of_id=month, items=parts)
    split, _ = await ids_of(floor, week)
    day = await plan_of(floor, period="2026-06-02", part_of_id=week, items=[todo(budget=4_00, refines_id=split)])
    (daily,) = await ids_of(floor, day)
    await complete_item(on(floor.as_member("ann"), june(2)), daily)
    for plan, planned, done, budget in ((month, 3, 1, 16_00), (week, 2, 1, 9_00), (day, 1, 1, 4_00)):
        found = await figures(floor, plan)
        assert (found.planned, found.done, found.budget) == (planned, done, budget)
    assert await of_member(floor, "ann", "2026-06") == (3, 1, 1)
    await cancel_item(floor.as_member("ann"), (await ids_of(floor, week))[1], "Too far")
    found = await figures(floor, month)
    assert (found.planned, found.cancelled) == (2, 1)


async def test_what_was_carried_over_is_missed_where_it_was_and_counts_once_above(database: Database) -> None:
    """Week 23 had two, did one and closed; the other one is done in week 24: June has two, both done."""
    floor = await furnish(database)
    ann = on(floor.as_member("ann"), june(9))
    month = await plan_of(floor, period="2026-06")
    first = await plan_of(floor, part_of_id=month, items=[todo(first=1), todo(first=3)])
    done, left = await ids_of(floor, first)
    await complete_item(ann, done, done_on=june(1))
    await close_plan(ann, first, "One of two")
    second = await plan_of(floor, period="2026-W24", part_of_id=month)
    (again,) = await carry_over_items(ann, second, [left])
    await complete_item(ann, again, done_on=june(9))
    week = await figures(floor, first, june(10))
    assert (week.planned, week.done, week.missed, str(week.on_time_rate)) == (2, 1, 1, "0.500000")
    june_whole = await figures(floor, month, june(10))
    assert (june_whole.planned, june_whole.done, june_whole.missed) == (2, 2, 0)
    assert await of_member(floor, "ann", "2026-06") == (2, 2, 0)
    assert await of_member(floor, "ann", "2026-W23") == (2, 1, 0)


async def test_what_was_carried_over_by_way_of_a_plan_apart_counts_once(database: Database) -> None:
    """From week 23 by week 24, which belongs to nothing, into week 25: June has one, open, and none missed."""
    floor = await furnish(database)
    ann = floor.as_member("ann")
    month = await plan_of(floor, period="2026-06")
    first = await plan_of(floor, part_of_id=month, items=[todo(first=1, budget=5_00)])
    apart = await plan_of(floor, period="2026-W24")
    last = await plan_of(floor, period="2026-W25", part_of_id=month)
    carried = await carry_over_items(ann, apart, await ids_of(floor, first))
    await carry_over_items(ann, last, carried)
    found = await figures(floor, month)
    assert (found.planned, found.open, found.missed, found.budget) == (1, 1, 0, 5_00)
    for plan in (first, apart):
        assert ((await figures(floor, plan)).planned, (await figures(floor, plan)).missed) == (1, 1)


async def test_a_head_counts_of_shorter_plans_those_that_he_sees(database: Database) -> None:
    """Ann's June for East has a week for a position of West: three for Ann, two for Hal, who heads East."""
    floor = await furnish(database)
    await appoint_holder(floor.work, floor.units["empty"], floor.members["ann"], None)
    month = await plan_of(floor, period="2026-06", unit_id=floor.units["ann"], items=[todo(budget=5_00)])
    await plan_of(floor, part_of_id=month, unit_id=floor.units["ann"], items=[todo(budget=6_00)])
    week = await plan_of(floor, part_of_id=month, unit_id=floor.units["empty"], items=[todo(budget=70_00)])
    for plan, who, planned, budget in (
        *((month, who, 3, 81_00) for who in (None, "ann")),
        *((month, "hal", 2, 11_00), (week, "wu", 1, 70_00)),
    ):
        found = await figures(floor, plan, who=who)
        assert (found.planned, found.budget) == (planned, budget)


async def test_what_was_spent_stays_spent_where_the_rest_is_carried_over(database: Database) -> None:
    """30.00 of 50.00 in week 23, the rest in week 24, where it costs 15.00: June planned 50.00 and spent 45.00."""
    floor = await furnish(database)
    ann = on(floor.as_member("ann"), june(9))
    month = await plan_of(floor, period="2026-06")
    first = await plan_of(floor, part_of_id=month, items=[todo(budget=50_00)])
    (item,) = await ids_of(floor, first)
    await update_item(ann, item, {"spent": 30_00})
    second = await copy_plan(ann, first, PlanCopy("2026-W24", carry_over=True))
    await complete_item(ann, (await ids_of(floor, second))[0], spent=15_00)
    for plan, planned, budget, spent in ((month, 1, 50_00, 45_00), (first, 1, 50_00, 30_00), (second, 1, 50_00, 15_00)):
        found = await figures(floor, plan, june(9))
        assert (found.planned, found.budget, found.spent) == (planned, budget, spent)


async def test_members_are_counted_by_the_last_day_of_what_they_planned(database: Database) -> None:
    """Due on the 3rd, on the 9th and on the 30th: of week 23 the first, of June all; Bob has nothing."""
    floor = await furnish(database)
    await plan_of(floor, period="2026-06", items=[todo(first=1, last=3), todo(first=8, last=9), todo()])
    assert await of_member(floor, "ann", "2026-W23") == (1, 0, 1)
    assert await of_member(floor, "ann", "2026-W24") == (1, 0, 1)
    assert await of_member(floor, "ann", "2026-06") == (3, 0, 2)
    assert await of_member(floor, "bob", "2026-06") == (0, 0, 0)


async def test_a_cost_in_another_currency_is_not_taken_for_what_was_spent(database: Database) -> None:
    """A visit for 12 dollars: nothing, until it is said what that was."""
    floor = await furnish(database)
    ann, deal = floor.as_member("ann"), await floor.open("ann")
    first, second = await ids_of(floor, plan := await plan_of(floor, items=[todo(), todo()]))
    for item, spent in ((first, None), (second, 80_00)):
        visit = await log_activity(ann, something(deal=deal, cost=12_00, currency="USD"))
        await complete_item(ann, item, visit, spent=spent)
    assert (await figures(floor, plan)).spent == 80_00
