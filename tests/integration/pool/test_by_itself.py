"""Pools that hand out by themselves: what enters one goes to its people within seconds, by a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from quotaloom.leads.commands import create_lead
from quotaloom.leads.records import NewLead
from quotaloom.ownership.owners import RecordKind, RecordName
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.database import Database
from quotaloom.platform.jobs.handlers import Handlers
from quotaloom.platform.jobs.worker import JobWorker
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.pool.by_itself import handing_out_by_itself
from quotaloom.pool.commands import create_pool, update_pool
from quotaloom.pool.pools import NewPool
from quotaloom.pool.releasing import release_records
from quotaloom.pool.rule_commands import NewRule, archive_rule, create_rule
from tests.integration.funnels.floors import HOST, NOON, Floor, furnish
from tests.integration.graph.asking import do, gid
from tests.integration.jobs.doing import until

HOLDERS = """
SELECT member.key FROM ownership LEFT JOIN member ON member.id = ownership.member_id
WHERE pool_id = $1 AND kind = 'lead' ORDER BY ownership.id
"""


@pytest.fixture
async def floor(database: Database) -> Floor:
    """A floor whose pool of Ann and Bob hands out by itself, in turn."""
    floor = await furnish(database)
    pool = NewPool("north", "North", [RecordKind.LEAD], unit_ids=[floor.units["ann"], floor.units["bob"]])
    floor.units["north"] = await create_pool(floor.work, pool)
    await update_pool(floor.work, floor.units["north"], {"hands_out": True})
    await switch_policy(floor.work, HOST, PolicyChange("assignment.round_robin", active=True))
    return floor


@asynccontextmanager
async def working(floor: Floor, database_url: str) -> AsyncIterator[None]:
    """Two workers whose clock starts at noon; what is left is asked about twice a second."""
    started = datetime.now(UTC)
    handlers = Handlers([handing_out_by_itself(HOST, again=timedelta(milliseconds=500))])

    def clock() -> datetime:
        return NOON + (datetime.now(UTC) - started)

    async with (
        JobWorker(floor.work.database, database_url, handlers, clock=clock),
        JobWorker(floor.work.database, database_url, handlers, clock=clock),
    ):
        yield


async def leads(floor: Floor, count: int) -> list[RecordName]:
    """So many leads that enter the pool, one by one."""
    new = NewLead("Globex", pool_id=floor.units["north"])
    return [RecordName(RecordKind.LEAD, await create_lead(floor.work, new)) for _ in range(count)]


async def holders(floor: Floor) -> Counter[str | None]:
    """How many leads of the pool everybody holds."""
    return Counter([row["key"] for row in await floor.rows(HOLDERS, floor.units["north"])])


def are(floor: Floor, wanted: dict[str | None, int]) -> Callable[[], Coroutine[Any, Any, bool]]:
    """Whether everybody holds so many."""

    async def check() -> bool:
        return await holders(floor) == wanted

    return check


async def test_what_enters_goes_out_by_one_job(floor: Floor, database_url: str) -> None:
    """Four leads that come together: two each, by the policy and in the system's name, in one hand-out."""
    await leads(floor, 4)
    async with working(floor, database_url):
        await until(are(floor, {"ann": 2, "bob": 2}))
    entries = await floor.rows("SELECT DISTINCT actor, decided_by, at FROM ownership_entry WHERE movement = 'assign'")
    assert [(row["actor"], row["decided_by"]) for row in entries] == [("quotaloom", "assignment.round_robin")]
    told = await floor.one("SELECT count(*) AS told FROM notification WHERE topic = 'pool.assigned'")
    assert told["told"] == 4


async def test_what_a_holder_gives_back_goes_to_the_next(floor: Floor, database_url: str) -> None:
    """Ann and Bob have one each; who gives his back is the one whose turn is later."""
    records = await leads(floor, 2)
    async with working(floor, database_url):
        await until(are(floor, {"ann": 1, "bob": 1}))
    first, second = sorted(("ann", "bob"), key=floor.members.__getitem__)
    await release_records(floor.as_member(second), [records[1]], "no time")
    async with working(floor, database_url):
        await until(are(floor, {first: 2}))


async def test_what_nobody_may_have_stays_and_goes_out_later(floor: Floor, database_url: str) -> None:
    """With a cap of one the third lead waits; once the cap is gone it is given within one more asking."""
    rule = await create_rule(floor.work, NewRule("cap", "One", RuleKind.HOLDING_CAP, {"count": 1}))
    await leads(floor, 3)
    first, second = sorted(("ann", "bob"), key=floor.members.__getitem__)
    async with working(floor, database_url):
        await until(are(floor, {"ann": 1, "bob": 1, None: 1}))
        await archive_rule(floor.work, rule, archived=True)
        await until(are(floor, {first: 2, second: 1}))


async def test_other_pools_hand_out_when_they_are_told(floor: Floor) -> None:
    """A pool asks for no job unless it hands out by itself; when that begins, what waits already is asked for."""
    pool = floor.units["north"]
    await update_pool(floor.work, pool, {"hands_out": False})
    await floor.work.write(forget_jobs)
    await leads(floor, 1)
    assert await floor.rows("SELECT FROM quotaloom_jobs.job") == []
    payload = await do(floor, "updatePool", "pool { name handsOut }", id=gid("Pool", pool), handsOut=True)
    assert payload == {"pool": {"name": "North", "handsOut": True}, "errors": []}
    job = await floor.one("SELECT entrypoint, convert_from(payload, 'UTF8') AS payload FROM quotaloom_jobs.job")
    assert (job["entrypoint"], orjson.loads(job["payload"])) == ("pool.hand_out", {"pool": pool})
    entry = await floor.one(
        "SELECT before, after FROM audit_entry WHERE action = 'pool.update' ORDER BY id DESC LIMIT 1"
    )
    assert [orjson.loads(entry[side])["hands_out"] for side in ("before", "after")] == [False, True]


async def forget_jobs(transaction: Any) -> None:
    """Drop the jobs that are asked for."""
    await transaction.execute("DELETE FROM quotaloom_jobs.job")
