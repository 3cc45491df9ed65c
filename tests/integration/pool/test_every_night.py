"""Every night what is due goes back to its pool, and members are told what they lose, get, and may claim."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from quotaloom.leads.commands import create_lead
from quotaloom.leads.records import NewLead
from quotaloom.organizations.terms import HOLDING, NewTerm, appoint
from quotaloom.ownership.owners import Movement, RecordKind, RecordName
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.database import Database
from quotaloom.platform.jobs.handlers import Handlers, Job
from quotaloom.platform.jobs.worker import JobWorker
from quotaloom.pool.commands import create_pool
from quotaloom.pool.every_night import RECYCLE, REMIND, recycle, remind
from quotaloom.pool.giving import Giving, Recipient, assign_records
from quotaloom.pool.pools import NewPool
from quotaloom.pool.releasing import release_records
from quotaloom.pool.rule_commands import NewRule, create_rule
from tests.graph_client import Moment
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.jobs.doing import until

DAY = timedelta(days=1)

# Of two o'clock in the night of the eleventh of June in Shanghai, ten days after leads were entered on the first.
ELEVENTH = datetime(2026, 6, 10, 18, tzinfo=UTC)


@pytest.fixture
async def floor(database: Database) -> Floor:
    """A floor with a pool of East, from which leads go back after ten days without follow-up, three days' notice."""
    floor = await furnish(database)
    pool = NewPool("north", "North", [RecordKind.LEAD], unit_ids=[floor.units["east"]])
    floor.units["north"] = await create_pool(floor.work, pool)
    rule = {"when": {"noFollowUp": {"days": 10}}, "remindDays": [3]}
    await create_rule(floor.work, NewRule("back", "Back", RuleKind.RECYCLING, rule))
    return floor


async def lead(floor: Floor, position: str | None, name: str = "Globex") -> RecordName:
    """A lead of the pool that somebody holds, or nobody."""
    held = None if position is None else floor.units[position]
    return RecordName(
        RecordKind.LEAD, await create_lead(floor.work, NewLead(name, position_id=held, pool_id=floor.units["north"]))
    )


async def told(floor: Floor, name: str) -> list[tuple[str, Any]]:
    """Topic and subject of what somebody was told, in its order."""
    rows = await floor.rows(
        "SELECT topic, subject_type, subject_id FROM notification WHERE member_id = $1 ORDER BY id", floor.members[name]
    )
    return [(row["topic"], (row["subject_type"], row["subject_id"])) for row in rows]


def night(floor: Floor, now: datetime) -> Job:
    """A nightly job of the company."""
    return Job("night", floor.work.company.id, {}, 1, floor.work.database, now)


async def test_a_holder_is_reminded_once_and_then_loses_the_record(floor: Floor) -> None:
    """Nothing in the seventh night, a reminder in the eighth and none again; in the eleventh it goes back."""
    record = await lead(floor, "ann")
    about = ("Lead", record.id)
    for days in (4, 3, 2, 1):
        await remind(night(floor, ELEVENTH - days * DAY))
        await remind(night(floor, ELEVENTH - days * DAY))
        await recycle(night(floor, ELEVENTH - days * DAY))
        assert await told(floor, "ann") == ([] if days == 4 else [("pool.recycling_soon", about)])
    await recycle(night(floor, ELEVENTH))
    await recycle(night(floor, ELEVENTH))
    pool = ("Pool", floor.units["north"])
    assert await told(floor, "ann") == [
        ("pool.recycling_soon", about),
        ("pool.recycled", about),
        ("pool.entered", pool),
    ]
    row = await floor.one("SELECT details FROM notification WHERE topic = 'pool.recycling_soon'")
    assert row["details"] == '{"on": "2026-06-11", "pool": "North", "record": "Globex"}'
    for name, knows in (("bob", [("pool.entered", pool)]), ("hal", [("pool.entered", pool)]), ("cem", [])):
        assert await told(floor, name) == knows


async def test_whoever_has_the_position_by_then_is_told_of_what_goes_back(floor: Floor) -> None:
    """Ann leaves her seat to Bob on the fifth: it is he who loses the lead, and she learns no more of it."""
    record = await lead(floor, "ann")
    members, term = floor.members, NewTerm(floor.units["ann"], floor.members["bob"], date(2026, 6, 5))
    await floor.work.write(lambda transaction: appoint(transaction, HOLDING, [term], replace=True))
    await recycle(night(floor, ELEVENTH))
    rows = await floor.rows("SELECT member_id FROM notification WHERE topic = 'pool.recycled'")
    assert [row["member_id"] for row in rows] == [members["bob"]]
    assert ("pool.recycled", ("Lead", record.id)) not in await told(floor, "ann")


async def test_missed_nights_are_made_up_for_by_a_worker(floor: Floor, database_url: str) -> None:
    """A worker that comes three weeks late takes the lead back once, in the one job that it asks for."""
    await lead(floor, "ann")
    clock = Moment(ELEVENTH + 21 * DAY)
    handlers = Handlers([RECYCLE, REMIND])

    async def taken() -> list[Any]:
        return await floor.rows("SELECT moved_on FROM ownership_entry WHERE movement = 'recycle'")

    async with (
        JobWorker(floor.work.database, database_url, handlers, clock=clock, look_seconds=0.1),
        JobWorker(floor.work.database, database_url, handlers, clock=clock, look_seconds=0.1),
    ):
        await until(taken)
        await until(lambda: floor.rows("SELECT FROM quotaloom_jobs.job HAVING count(*) = 0"))
    assert [row["moved_on"].isoformat() for row in await taken()] == ["2026-07-02"]


async def test_who_is_given_records_is_told_and_who_moves_them_is_not(floor: Floor) -> None:
    """A lead is assigned to Bob: he is told which; what he releases, all others of East hear of, and he does not."""
    record = await lead(floor, None)
    before = {name: await told(floor, name) for name in ("hal", "ann", "bob", "eve")}
    pool = ("Pool", floor.units["north"])
    assert set(map(tuple, before.values())) == {(("pool.entered", pool),)}
    await assign_records(
        floor.work, [record], Recipient(floor.members["bob"]), Giving(Movement.ASSIGN, reason="He knows them")
    )
    assert await told(floor, "bob") == [*before["bob"], ("pool.assigned", ("Lead", record.id))]
    await release_records(floor.as_member("bob"), [record], "no budget")
    for name in ("hal", "ann", "eve"):
        assert await told(floor, name) == [*before[name], ("pool.entered", pool)]
    assert len(await told(floor, "bob")) == 2


async def test_many_records_at_once_are_told_as_a_number(floor: Floor) -> None:
    """Twenty-one leads that Bob is given at once make one note that says so."""
    records = [await lead(floor, None, f"Lead {number}") for number in range(21)]
    before = len(await told(floor, "bob"))
    await assign_records(floor.work, records, Recipient(floor.members["bob"]), Giving(Movement.ASSIGN))
    assert (await told(floor, "bob"))[before:] == [("pool.assigned_many", (None, None))]
    row = await floor.one("SELECT details FROM notification WHERE topic = 'pool.assigned_many'")
    assert row["details"] == '{"by": "tests", "count": 21}'
