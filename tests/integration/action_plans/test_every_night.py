"""Every night members are reminded of what is due, and of what is overdue."""

from __future__ import annotations

from datetime import UTC, date, datetime

import orjson

from quotaloom.action_plans.every_night import remind, remind_due
from quotaloom.action_plans.finishing import complete_item
from quotaloom.action_plans.items import update_item
from quotaloom.action_plans.lifecycle import close_plan
from quotaloom.platform.database import Database
from quotaloom.platform.jobs.handlers import Job
from tests.integration.action_plans.acting import ids_of, june, on, plan_of, todo, told
from tests.integration.funnels.floors import Floor, furnish


async def night(floor: Floor, day: date) -> None:
    """Two o'clock in the night of a day in Shanghai, twice."""
    now = datetime(day.year, day.month, day.day - 1, 18, tzinfo=UTC)
    for _ in range(2):
        await remind(Job("night", floor.work.company.id, {}, 1, floor.work.database, now))


async def topics(floor: Floor, who: str) -> list[tuple[str, str]]:
    """What somebody was told, with the day that it names."""
    return [(topic, orjson.loads(details)["on"]) for topic, details in await told(floor, who)]


async def test_a_member_is_told_once_that_something_is_due_and_once_that_it_is_overdue(database: Database) -> None:
    """From the 2nd to the 3rd: nothing on the 2nd; due on the 3rd; overdue on the 4th, and not again; moved, anew."""
    floor = await furnish(database)
    (item,) = await ids_of(floor, await plan_of(floor, items=[todo(first=2, last=3)]))
    for day, expected in ((2, 0), (3, 1), (4, 2), (5, 2)):
        await night(floor, june(day))
        assert len(await topics(floor, "ann")) == expected
    await update_item(floor.as_member("ann"), item, {"ends_on": june(7)})
    await night(floor, june(6))
    assert await topics(floor, "ann") == [
        ("action_item.due", "2026-06-03"),
        ("action_item.overdue", "2026-06-03"),
        ("action_item.due", "2026-06-06"),
    ]
    assert await topics(floor, "hal") == []


async def test_nobody_is_told_of_what_is_done_closed_refined_or_long_past(database: Database) -> None:
    """Of five items the one alone that is open; the night that was missed is made up for, two months ago is not."""
    floor = await furnish(database)
    ann = floor.as_member("ann")
    month = await plan_of(
        floor, period="2026-06", items=[todo(first=1, matter="Refined"), todo(first=1, matter="Done")]
    )
    refined, done = await ids_of(floor, month)
    await complete_item(ann, done)
    week = [todo(first=1, last=2, matter="Open", refines_id=refined)]
    await plan_of(floor, part_of_id=month, items=week)
    await close_plan(ann, await plan_of(floor, items=[todo(first=1, matter="Closed")]), "Over")
    await plan_of(floor, period="2026-03", items=[todo(matter="Long past")])
    assert await remind_due(on(floor.work, june(5)), batch=1) == 1
    ((topic, details),) = await told(floor, "ann")
    assert (topic, orjson.loads(details)["matter"]) == ("action_item.overdue", "Open")
