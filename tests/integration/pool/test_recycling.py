from __future__ import annotations

import asyncio
from datetime import date

from quotaloom.ownership.owners import RecordName
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.database import Database
from quotaloom.pool.explaining import explain_ownership
from quotaloom.pool.nightly import Reminder, recycle_due, remind_due
from quotaloom.pool.permission import pool_reach
from quotaloom.pool.recycling import Fate
from quotaloom.pool.rule_commands import pause_rule, update_rule
from tests.integration.ownership.replaying import replayed
from tests.integration.pool.seas import Sea, sea_for

IDLE = {"when": {"noFollowUp": {"days": 30}}, "remindDays": [7, 1]}


async def fate(sea: Sea, record: RecordName) -> Fate:
    """What the rules make of a record today."""
    async with sea.work.snapshot() as snapshot:
        reach = await pool_reach(snapshot, sea.work.viewer, sea.day)
        found = await explain_ownership(snapshot, sea.work, record, reach)
    assert found is not None
    assert found.fate is not None
    return found.fate


async def reminders(sea: Sea) -> list[Reminder]:
    """Those of today."""
    return [one async for some in remind_due(sea.work) for one in some]


async def test_activities_move_the_day_and_the_night_takes_back(database: Database) -> None:
    """Claimed on 1 June and called on 11 June, a customer goes back on 11 July and not a day before."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.RECYCLING, IDLE, "idle")
    called, quiet = await sea.customers(2)
    await sea.claim("ann", called, quiet)
    sea.passes(10)
    await sea.call("ann", called)
    assert (await fate(sea, called)).due_on == date(2026, 7, 11)
    assert (await fate(sea, quiet)).due_on == date(2026, 7, 1)
    sea.passes(19)
    assert await sea.recycle() == 0
    sea.passes(1)
    assert await sea.recycle() == 1
    assert await sea.recycle() == 0
    assert await sea.holders() == {called: "ann", quiet: None}
    entry = await sea.floor.one("SELECT * FROM ownership_entry WHERE movement = 'recycle'")
    assert (entry["decided_by"], entry["reason"]) == ("idle", "no_follow_up for 30 days")
    assert (entry["from_member_id"], entry["to_pool_id"]) == (sea.floor.members["ann"], sea.pool)
    await replayed(sea.work)


async def test_what_was_missed_is_caught_up(database: Database) -> None:
    """Three nights without a run: the fourth takes all back that was due meanwhile."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.RECYCLING, IDLE)
    for record in await sea.customers(3):
        await sea.claim("ann", record)
        sea.passes(1)
    sea.passes(40)
    assert await sea.recycle() == 3


async def test_protection_of_an_activity_through_the_whole_way(database: Database) -> None:
    """Example 10: claimed on 25 March 2019, each activity moves the last protected day, never past 14 April."""
    sea = await sea_for(database)
    sea.day = date(2019, 3, 25)
    await sea.rule(RuleKind.PROTECTION, {"days": 10, "activityDays": 3, "maxDays": 20})
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    last = {}
    for day in (date(2019, 3, 25), date(2019, 3, 28), date(2019, 4, 2), date(2019, 4, 5), date(2019, 4, 13)):
        sea.day = day
        if day > date(2019, 3, 25):
            await sea.call("ann", record)
        last[day] = (await fate(sea, record)).protected_until
    assert list(last.values()) == [
        date(2019, 4, 4),
        date(2019, 4, 4),
        date(2019, 4, 5),
        date(2019, 4, 8),
        date(2019, 4, 14),
    ]


async def test_pausing_restarts_no_clock(database: Database) -> None:
    """Paused from the 20th day to the 40th: nothing goes back meanwhile, and all that is due at once afterwards."""
    sea = await sea_for(database)
    rule = await sea.rule(RuleKind.RECYCLING, IDLE)
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    sea.passes(20)
    await pause_rule(sea.work, rule, paused=True)
    sea.passes(20)
    assert await sea.recycle() == 0
    assert (await fate(sea, record)).paused
    await pause_rule(sea.work, rule, paused=False)
    assert await sea.recycle() == 1


async def test_a_changed_rule_binds_at_once(database: Database) -> None:
    """After 10 days the rule says 9 instead of 30."""
    sea = await sea_for(database)
    rule = await sea.rule(RuleKind.RECYCLING, IDLE)
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    sea.passes(10)
    assert await sea.recycle() == 0
    await update_rule(sea.work, rule, {"parameters": {"when": {"noFollowUp": {"days": 9}}}})
    assert await sea.recycle() == 1


async def test_deals_are_stuck_and_customers_buy(database: Database) -> None:
    """A deal 20 days in its first stage goes back, one that was moved does not; a customer with a deal is kept."""
    sea = await sea_for(database)
    stuck = {"stuckInStage": {"days": 20, "stages": ["lead"]}}
    when = {"any": [stuck, {"all": [{"noOpportunity": {"days": 20}}, {"notWon": {"days": 20}}]}]}
    await sea.rule(RuleKind.RECYCLING, {"when": when})
    still, moved = await sea.deal("ann"), await sea.deal("ann", stage_id=sea.floor.stages["offer"])
    await sea.release(None, still, moved, pool=sea.pool)
    bare, buying = await sea.customers(2)
    await sea.claim("ann", still, moved, bare, buying)
    await sea.deal("ann", customer_id=buying.id)
    sea.passes(20)
    assert await sea.recycle() == 2
    holders = await sea.holders()
    assert [holders[one] for one in (still, moved, bare, buying)] == [None, "ann", None, "ann"]


async def test_reminders_name_themselves(database: Database) -> None:
    """7 days and 1 day before 1 July; a night that was missed is caught up, and each has a name of its own."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.RECYCLING, IDLE, "idle")
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    told = {}
    for day in (23, 24, 25, 30):
        sea.day = date(2026, 6, day)
        found = await reminders(sea)
        told[day] = [(one.member_id, one.record, one.due_on, one.rule_key, one.once[-13:]) for one in found]
    ann, due = sea.floor.members["ann"], date(2026, 7, 1)
    assert told[23] == []
    assert told[24] == told[25] == [(ann, record, due, "idle", ":2026-07-01:7")]
    assert told[30] == [(ann, record, due, "idle", ":2026-07-01:1")]
    sea.day = due
    assert await reminders(sea) == []


async def test_several_workers_do_nothing_twice(database: Database) -> None:
    """Four runs at once over 300 records, in batches of 20: each goes back once."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.RECYCLING, IDLE)
    await sea.claim("ann", *await sea.customers(300))
    sea.passes(30)
    moved = await asyncio.gather(*(recycle_due(sea.work, batch=20) for _ in range(4)))
    left = await sea.recycle()
    assert sum(moved) + left == 300
    row = await sea.floor.one("SELECT count(*) FROM ownership_entry WHERE movement = 'recycle'")
    assert row["count"] == 300
    await replayed(sea.work)
