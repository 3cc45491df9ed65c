"""What pool policies are told of candidates: what they achieved this month, and how soon they answer."""

from __future__ import annotations

from datetime import timedelta

from quotaloom.activities.commands import log_activity, plan_activity
from quotaloom.activities.kinds import ActivityKind
from quotaloom.funnels.commands.stage_changes import win_opportunity
from quotaloom.leads.commands import create_lead
from quotaloom.leads.records import NewLead
from quotaloom.metrics.commands import update_metric
from quotaloom.ownership.owners import Movement, RecordKind, RecordName
from quotaloom.platform.database import Database
from quotaloom.pool.candidate_facts import Candidate, candidate_facts
from quotaloom.pool.commands import create_pool
from quotaloom.pool.giving import Giving, Recipient, assign_records
from quotaloom.pool.pools import NewPool
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.plans import create_plan, publish_plan
from quotaloom_sdk import CandidateFact, LineFact, Need
from tests.integration.activities.working import later, something
from tests.integration.funnels.floors import HOST, NOON, Floor, furnish

HISTORY = frozenset({Need.HISTORY})
HISTORY_AND_PLAN = frozenset({Need.HISTORY, Need.PLAN})


async def told(floor: Floor, needs: frozenset[Need], days: int = 0) -> dict[str, CandidateFact]:
    """What policies are told of Ann, Bob and Eve, so many days after the first of June."""
    names = ("ann", "bob", "eve")
    candidates = [Candidate(floor.members[name], name, None, None) for name in names]
    async with floor.work.snapshot() as snapshot:
        facts = await candidate_facts(snapshot, floor.work.company, candidates, NOON + timedelta(days=days), needs)
    return dict(zip(names, facts, strict=True))


async def given(floor: Floor, pool: int, name: str) -> int:
    """A lead of the pool that somebody is given at noon."""
    lead = await create_lead(floor.work, NewLead("Globex", pool_id=pool))
    record = RecordName(RecordKind.LEAD, lead)
    (outcome,) = await assign_records(
        floor.work, [record], Recipient(floor.members[name]), Giving(Movement.ASSIGN, "yours")
    )
    assert outcome.refusal is None
    return lead


async def answered(floor: Floor, lead: int, name: str, **after: float) -> None:
    """Somebody calls a lead so long after noon."""
    at = NOON + timedelta(**after)
    await log_activity(later(floor.as_member(name), at), something(ActivityKind.CALL, lead=lead, at=at))


async def test_the_first_response_is_the_lower_median_of_the_last_thirty_days(database: Database) -> None:
    """Ann answers after 10, 20 and 60 minutes: 20; with a fourth after 30 it is 20 as well, the lower of the middle."""
    floor = await furnish(database)
    pool = await create_pool(floor.work, NewPool("p", "P", [RecordKind.LEAD], unit_ids=[floor.units["east"]]))
    leads = [await given(floor, pool, "ann") for _ in range(4)]
    await answered(floor, leads[0], "ann", minutes=60)
    await answered(floor, leads[1], "ann", minutes=10)
    await answered(floor, leads[1], "ann", minutes=40)  # not the first
    await answered(floor, leads[2], "ann", minutes=20, seconds=59)
    assert (await told(floor, HISTORY))["ann"].first_response_minutes == 20
    await answered(floor, leads[3], "ann", minutes=30)
    assert (await told(floor, HISTORY))["ann"].first_response_minutes == 20
    assert (await told(floor, HISTORY, days=30))["ann"].first_response_minutes == 20
    assert (await told(floor, HISTORY, days=31))["ann"].first_response_minutes is None


async def test_only_what_the_new_holder_did_is_an_answer(database: Database) -> None:
    """Not what his head did, nor what is planned, nor anything for a lead that he entered himself."""
    floor = await furnish(database)
    pool = await create_pool(floor.work, NewPool("p", "P", [RecordKind.LEAD], unit_ids=[floor.units["east"]]))
    answered_by_bob, answered_by_hal, planned = [await given(floor, pool, "bob") for _ in range(3)]
    await answered(floor, answered_by_bob, "bob", hours=2)
    await answered(floor, answered_by_hal, "hal", minutes=1)
    soon = something(ActivityKind.CALL, lead=planned, at=NOON + timedelta(minutes=5))
    await plan_activity(floor.as_member("bob"), soon)
    own = await create_lead(floor.work, NewLead("Initech", position_id=floor.units["eve"]))
    await answered(floor, own, "eve", minutes=3)
    facts = await told(floor, HISTORY)
    assert [facts[name].first_response_minutes for name in ("ann", "bob", "eve")] == [None, 120, None]


async def test_lines_are_of_the_current_month_and_planned_metrics(database: Database) -> None:
    """Ann has 1,000.00 of 4,000.00 in June, Eve nothing and no target; without PLAN none, without HISTORY no lines.

    Which way the metric is aimed for is told in any case.
    """
    floor = await furnish(database, plans_need_owners=False)
    metric = await floor.one("SELECT id FROM metric WHERE key = 'revenue'")
    plan_id = await create_plan(floor.work, "Plan", metric["id"], 2026)
    cells = [CellChange(floor.units["ann"], month, {"target": 4_000_00}) for month in ("2026-06", "2026-07")]
    await set_target_cells(floor.work, plan_id, cells)
    await publish_plan(floor.work, plan_id)
    await win_opportunity(floor.work, HOST, await floor.open("ann"))
    facts = await told(floor, HISTORY_AND_PLAN)
    assert facts["ann"].lines == (LineFact("revenue", 1_000_00, 4_000_00),)
    assert facts["eve"].lines == (LineFact("revenue", 0),)
    assert (await told(floor, HISTORY))["ann"].lines == (LineFact("revenue", 1_000_00),)
    assert (await told(floor, HISTORY_AND_PLAN, days=30))["ann"].lines == (LineFact("revenue", 0, 4_000_00),)
    assert (await told(floor, frozenset()))["ann"].lines == ()
    await update_metric(floor.work, metric["id"], lower_is_better=True)
    assert (await told(floor, HISTORY))["ann"].lines == (LineFact("revenue", 1_000_00, lower_is_better=True),)
