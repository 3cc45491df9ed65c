"""Deals of a department's funnel go to its positions alone, whichever way they go."""

from __future__ import annotations

from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.funnels.commands.opportunities import create_opportunity
from quotaloom.funnels.deals import NewOpportunity
from quotaloom.funnels.stages import NewFunnel
from quotaloom.ownership.owners import RecordKind, RecordName
from quotaloom.platform.database import Database
from quotaloom.pool.claiming import claim_next
from quotaloom.pool.commands import create_pool
from quotaloom.pool.explaining import explain_ownership
from quotaloom.pool.giving import Recipient
from quotaloom.pool.handing_out import hand_out
from quotaloom.pool.handing_over import HandOver, hand_over_records
from quotaloom.pool.permission import pool_reach
from quotaloom.pool.pools import NewPool
from tests.integration.funnels.floors import HOST
from tests.integration.funnels.stage_floors import CLOSED, LEAD
from tests.integration.pool.seas import Sea, codes, sea_for
from tests.integration.pool.test_handing_out import got, switch_on

STRANGER = "OTHER_UNITS_FUNNEL"


async def _easts_deal(sea: Sea) -> RecordName:
    """A deal of Ann's in East's funnel."""
    ids = sea.floor.units
    funnel = await create_funnel(sea.floor.work, NewFunnel("east", "East", (LEAD, *CLOSED), ids["east"]))
    deal = await create_opportunity(sea.floor.work, NewOpportunity(funnel, ids["ann"]))
    return RecordName(RecordKind.OPPORTUNITY, deal)


async def test_a_departments_deal_is_not_given_to_strangers(database: Database) -> None:
    """It stays with Ann and is refused to Cem of West, even where an admin overrides rules; Bob of East gets it."""
    sea = await sea_for(database)
    deal = await _easts_deal(sea)
    assert await sea.transfer("cem", deal) == [STRANGER]
    assert await sea.transfer("cem", deal, override=True, reason="A favour") == [STRANGER]
    members = sea.floor.members
    done = await hand_over_records(sea.work, HandOver(members["ann"], [Recipient(members["cem"])]))
    assert (done.moved, codes(done.refused)) == ((0,), [STRANGER])
    done = await hand_over_records(
        sea.work, HandOver(members["ann"], [Recipient(members["cem"]), Recipient(members["bob"])])
    )
    assert done.moved == (0, 1)
    assert await sea.holders() == {deal: "bob"}


async def test_a_departments_deal_is_not_claimed_by_strangers(database: Database) -> None:
    """In a pool of both departments Cem is refused it, is told why, and gets the next one; Bob claims it."""
    sea = await sea_for(database)
    ids = sea.floor.units
    both = NewPool("both", "Both", [RecordKind.OPPORTUNITY], unit_ids=[ids["east"], ids["west"]])
    pool = await create_pool(sea.floor.work, both)
    deal, other = await _easts_deal(sea), await sea.deal("bob")
    assert await sea.release("ann", deal, pool=pool) == [None]
    assert await sea.release("bob", other, pool=pool) == [None]
    assert await sea.claim("cem", deal) == [STRANGER]
    async with sea.of("cem").snapshot() as snapshot:
        reach = await pool_reach(snapshot, sea.of("cem").viewer, sea.day)
        told = await explain_ownership(snapshot, sea.of("cem"), deal, reach)
    assert told is not None
    assert (told.claimable, [one.code for one in told.refusals]) == (False, [STRANGER])
    assert await sea.assign("cem", deal, override=True, reason="A favour") == [STRANGER]
    answer = await claim_next(sea.of("cem"), pool, 2)
    assert [one.record for one in answer.outcomes] == [other]
    assert answer.stopped_by is not None
    assert answer.stopped_by.code == STRANGER
    assert await sea.claim("bob", deal) == [None]


async def test_a_departments_deal_is_not_handed_out_to_strangers(database: Database) -> None:
    """Of Cem of West and Bob of East, who take turns, Bob gets East's deal, even after one that anybody may have."""
    sea = await sea_for(database)
    floor = sea.floor
    pair = [floor.members["bob"], floor.members["cem"]]
    pool = await create_pool(floor.work, NewPool("two", "Two", [RecordKind.OPPORTUNITY], member_ids=pair))
    await switch_on(floor, "round_robin")
    deal, other = await _easts_deal(sea), await sea.deal("ann")
    assert await sea.release(None, other, pool=pool) == [None]
    assert got(floor, await hand_out(sea.work, HOST, pool)) == ["bob"]
    assert await sea.release(None, deal, pool=pool) == [None]
    assert got(floor, await hand_out(sea.work, HOST, pool)) == ["bob"]
