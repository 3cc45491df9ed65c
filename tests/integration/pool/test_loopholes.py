"""Ways around the rules of pools that people would try."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace

import pytest

from quotaloom.activities.commands import log_activity
from quotaloom.activities.facts import Moment, NewActivity, Particulars, Subjects
from quotaloom.activities.kinds import ActivityKind
from quotaloom.funnels.commands.customers import NewCustomer, create_customer, update_customer
from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.funnels.commands.opportunities import create_opportunity
from quotaloom.funnels.commands.stage_changes import lose_opportunity, reopen_opportunity
from quotaloom.leads.commands import create_lead, mark_lead_invalid, reopen_lead
from quotaloom.leads.converting import Conversion, convert_lead
from quotaloom.leads.records import NewLead
from quotaloom.organizations.commands.members import leave
from quotaloom.organizations.terms import HOLDING, NewTerm, appoint
from quotaloom.ownership.owners import Movement, RecordKind, RecordName
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.pool.claiming import claim_next
from quotaloom.pool.commands import close_pool, create_pool, update_pool
from quotaloom.pool.giving import Giving, Recipient, assign_records, transfer_records
from quotaloom.pool.handing_out import hand_out
from quotaloom.pool.handing_over import HandOver, hand_over_records
from quotaloom.pool.nightly import remind_due
from quotaloom.pool.permission import pool_reach
from quotaloom.pool.pools import NewPool
from quotaloom.pool.reads import counts_of_pools
from quotaloom.pool.records import RecordFilter, pages_of_pools, waiting_records
from tests.integration.funnels.floors import FUNNEL, HOST
from tests.integration.ownership.replaying import replayed
from tests.integration.pool.seas import codes, sea_for
from tests.integration.pool.test_handing_out import got, switch_on
from tests.integration.pool.test_movements import refused


async def test_who_hands_over_to_himself_gains_no_time(database: Database) -> None:
    """Nothing moves, and after 10 days without a follow-up the record goes back as if he had not."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.RECYCLING, {"when": {"noFollowUp": {"days": 10}}})
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    sea.passes(9)
    ann = sea.floor.members["ann"]
    done = await hand_over_records(sea.of("ann"), HandOver(ann, [Recipient(ann)]))
    assert (done.moved, codes(done.refused)) == ((0,), ["NO_CHANGE"])
    sea.passes(1)
    assert await sea.recycle() == 1


async def test_who_takes_a_record_along_to_another_position_of_his_gains_no_time(database: Database) -> None:
    """Ann calls on day 3 and moves the customer to her second position on day 9: it goes back on day 13."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.RECYCLING, {"when": {"noFollowUp": {"days": 10}}})
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    floor = sea.floor
    term = NewTerm(floor.units["empty"], floor.members["ann"])
    await floor.work.write(lambda transaction: appoint(transaction, HOLDING, [term]))
    sea.passes(3)
    await sea.call("ann", record)
    sea.passes(6)
    elsewhere = Recipient(floor.members["ann"], floor.units["empty"])
    moved = await transfer_records(sea.of("ann"), [record], elsewhere, Giving(Movement.TRANSFER))
    assert codes(moved) == [None]
    sea.passes(3)
    assert await sea.recycle() == 0
    sea.passes(1)
    assert await sea.recycle() == 1
    await replayed(sea.work)


async def test_a_record_that_changes_position_takes_no_second_place(database: Database) -> None:
    """With a cap of 2 Ann holds one, and gets another along with it: that is two and not three."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.HOLDING_CAP, {"count": 2})
    first, second = await sea.customers(2)
    await sea.claim("ann", first)
    await sea.claim("bob", second)
    floor = sea.floor
    term = NewTerm(floor.units["empty"], floor.members["ann"])
    await floor.work.write(lambda transaction: appoint(transaction, HOLDING, [term]))
    elsewhere = Recipient(floor.members["ann"], floor.units["empty"])
    moved = await transfer_records(sea.work, [first, second], elsewhere, Giving(Movement.TRANSFER))
    assert codes(moved) == [None, None]


async def test_handing_over_into_a_pool_is_a_release(database: Database) -> None:
    """It needs a reason, goes into a pool of one's own, and takes nothing out of another pool than by an admin."""
    sea = await sea_for(database)
    pond = await create_pool(sea.work, NewPool("pond", "Pond", [RecordKind.CUSTOMER]))
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    ann = sea.floor.members["ann"]
    assert await refused(hand_over_records(sea.of("ann"), HandOver(ann, pool_id=pond))) == (
        "REASON_NEEDED",
        ("reason",),
    )
    into_pond = HandOver(ann, pool_id=pond, reason="Moving on")
    assert await refused(hand_over_records(sea.of("ann"), into_pond)) == ("NOT_FOUND", ("poolId",))
    await update_pool(sea.work, pond, {"member_ids": [ann]})
    done = await hand_over_records(sea.of("ann"), into_pond)
    assert (done.moved, codes(done.refused)) == ((0,), ["OTHER_POOL"])
    back = await hand_over_records(sea.of("ann"), HandOver(ann, pool_id=sea.pool, reason="Moving on"))
    assert (back.moved, back.refused) == ((1,), ())
    await sea.claim("ann", record)
    moved = await hand_over_records(sea.work, into_pond)
    assert (moved.moved, moved.refused) == ((1,), ())
    await replayed(sea.work)


async def test_a_cap_binds_customers_that_one_enters_for_himself(database: Database) -> None:
    """With a cap of 1 the second one is refused, and nothing is stored; one that nobody holds is free."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.HOLDING_CAP, {"count": 1}, pool_id=None)
    ann, position = sea.of("ann"), sea.floor.units["ann"]
    await create_customer(ann, NewCustomer("First"), position)
    assert await refused(create_customer(ann, NewCustomer("Second"), position)) == ("HOLDING_CAP", ("positionId",))
    await create_customer(ann, NewCustomer("Third"))
    assert sorted((await sea.holders()).values(), key=str) == [None, "ann"]


async def test_nobody_makes_room_by_closing_for_a_while(database: Database) -> None:
    """Ann loses her deal, puts her lead aside, and takes others: neither is reopened before one of these is gone."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.HOLDING_CAP, {"count": 1, "kinds": ["OPPORTUNITY"]}, "deals", pool_id=None)
    await sea.rule(RuleKind.HOLDING_CAP, {"count": 1, "kinds": ["LEAD"]}, "leads", pool_id=None)
    ann, position = sea.of("ann"), sea.floor.units["ann"]
    deal = await sea.deal("ann")
    await lose_opportunity(ann, deal.id)
    other = await sea.deal("ann")
    assert await refused(reopen_opportunity(ann, deal.id)) == ("HOLDING_CAP", ("id",))
    await lose_opportunity(ann, other.id)
    await reopen_opportunity(ann, deal.id)
    lead = await create_lead(ann, NewLead("Ada", position))
    await mark_lead_invalid(ann, lead, "Asleep")
    second = await create_lead(ann, NewLead("Bea", position))
    assert await refused(reopen_lead(ann, lead)) == ("HOLDING_CAP", ("id",))
    await mark_lead_invalid(ann, second, "Asleep")
    await reopen_lead(ann, lead)


async def test_what_a_lead_becomes_takes_its_place(database: Database) -> None:
    """With a cap of 1 of all kinds a lead becomes a customer; a customer and a deal would be two."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.HOLDING_CAP, {"count": 1}, pool_id=None)
    lead = await create_lead(sea.of("ann"), NewLead("Ada", sea.floor.units["ann"]))
    both = Conversion(customer=NewCustomer(""), opportunity=sea.floor.deal())
    assert (await refused(convert_lead(sea.of("ann"), lead, both)))[0] == "HOLDING_CAP"
    await convert_lead(sea.of("ann"), lead, Conversion(customer=NewCustomer("")))
    assert await refused(sea.deal("ann")) == ("HOLDING_CAP", ("positionId",))


async def test_customers_that_wait_or_are_held_are_not_everybodys(database: Database) -> None:
    """Cem of West changes neither, and gives neither to a deal; Ann, who holds hers, and her head do both."""
    sea = await sea_for(database)
    waiting, held = await sea.customers(2)
    await sea.claim("ann", held)
    for record in (waiting, held):
        changed = update_customer(sea.of("cem"), record.id, {"phone": "1"})
        assert await refused(changed) == ("UNKNOWN_CUSTOMER", ("id",))
        deal = create_opportunity(sea.of("cem"), sea.floor.deal("cem", customer_id=record.id))
        assert await refused(deal) == ("UNKNOWN_CUSTOMER", ("customerId",))
    await update_customer(sea.of("hal"), held.id, {"phone": "1"})
    await create_opportunity(sea.of("ann"), sea.floor.deal("ann", customer_id=held.id))
    free = await create_customer(sea.of("ann"), NewCustomer("Free"))
    await update_customer(sea.of("cem"), free, {"phone": "1"})


@pytest.mark.parametrize("key", ["a\0", "a\ud800", "a\n"])
async def test_keys_of_stages_that_cannot_be_stored_are_refused(database: Database, key: str) -> None:
    """The character NUL, half of a surrogate pair and a line feed are in no key."""
    sea = await sea_for(database)
    rule = sea.rule(RuleKind.RECYCLING, {"when": {"stuckInStage": {"days": 1, "stages": [key]}}})
    assert await refused(rule) == ("BAD_PARAMETERS", ("parameters", "when", "stuckInStage", "stages"))


async def test_what_is_over_keeps_nobody_from_what_waits_behind_it(database: Database) -> None:
    """Six invalid leads have waited the longest; Bob sees and gets the open one alone, and then the pool closes."""
    sea = await sea_for(database)
    await update_pool(sea.work, sea.pool, {"kinds": [RecordKind.LEAD]})
    for number in range(6):
        await mark_lead_invalid(sea.work, await create_lead(sea.work, NewLead(f"{number}", pool_id=sea.pool)), "A test")
    lead = await create_lead(sea.work, NewLead("Ada", pool_id=sea.pool))
    bob = sea.of("bob")
    async with bob.snapshot() as snapshot:
        assert await counts_of_pools(snapshot, [sea.pool]) == {sea.pool: (1, 0)}
        reach = await pool_reach(snapshot, bob.viewer, bob.today)
        listed = await waiting_records(snapshot, [sea.pool], RecordFilter(), 10, 0, reach)
        (of_pool,) = await pages_of_pools(snapshot, [sea.pool], RecordFilter(), 10, 0, reach)
    assert [([row["record_id"] for row in page.rows], page.total) for page in (listed, of_pool)] == [([lead], 1)] * 2
    answer = await claim_next(sea.of("bob"), sea.pool, 1)
    assert [one.record for one in answer.outcomes] == [RecordName(RecordKind.LEAD, lead)]
    empty = await claim_next(sea.of("bob"), sea.pool, 1)
    assert empty.stopped_by is not None
    assert empty.stopped_by.code == "POOL_EMPTY"
    await close_pool(sea.work, sea.pool)


async def test_what_one_gave_back_keeps_him_from_nothing_else(database: Database) -> None:
    """Ann gave back the 20 that have waited the longest; she gets the next two, and Bob the first of hers."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.COOLDOWN, {"days": 7})
    hers = await sea.customers(20)
    await sea.claim("ann", *hers)
    await sea.release("ann", *hers)
    sea.passes(1)
    others = await sea.customers(4)
    answer = await claim_next(sea.of("ann"), sea.pool, 2)
    assert ([one.record for one in answer.outcomes], answer.stopped_by) == (others[:2], None)
    first = await claim_next(sea.of("bob"), sea.pool, 1)
    assert [one.record for one in first.outcomes] == hers[:1]


async def test_what_a_successor_does_protects(database: Database) -> None:
    """Ann leaves on day 1 and Hal has her position: he is reminded, his call on day 9 counts, Bob's on day 12 not."""
    sea = await sea_for(database)
    floor = sea.floor
    await sea.rule(RuleKind.RECYCLING, {"when": {"noFollowUp": {"days": 10}}, "remindDays": [2]})
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    sea.passes(1)
    await leave(sea.work, floor.members["ann"], sea.day)
    term = NewTerm(floor.units["ann"], floor.members["hal"], sea.day)
    await floor.work.write(lambda transaction: appoint(transaction, HOLDING, [term]))
    sea.passes(8)
    reminded = [one.member_id for batch in [found async for found in remind_due(sea.work)] for one in batch]
    assert reminded == [floor.members["hal"]]
    await sea.call("hal", record)
    sea.passes(3)
    assert await sea.recycle() == 0
    subjects = Subjects(customer_id=record.id)
    by_bob = NewActivity(
        ActivityKind.CALL, subjects, Particulars("A call"), Moment(on=sea.day), member_id=floor.members["bob"]
    )
    await log_activity(sea.work, by_bob)
    sea.passes(7)
    assert await sea.recycle() == 1


async def test_recipients_out_of_sight_answer_alike(database: Database) -> None:
    """Who holds which position of the West is not found out: Ann gives to none of them, and is told the same of all.

    Cem with his position, with a vacant one, with Ann's and with none; Wu, who has none; nobody, and no such position.
    """
    sea = await sea_for(database)
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    floor, ann = sea.floor, sea.of("ann")
    cem, wu = floor.members["cem"], floor.members["wu"]
    held, vacant = floor.units["cem"], floor.units["empty"]
    by_member = [(cem, None), (wu, None), (999_999, None)]
    by_position = [(None, held), (None, vacant), (None, floor.units["west"]), (None, 999_999)]
    by_both = [(cem, held), (cem, vacant), (wu, held), (cem, 999_999), (999_999, held), (999_999, 999_999)]
    for given, place in ((by_member, "memberId"), (by_position, "positionId"), (by_both, "positionId")):
        for member_id, position_id in given:
            to = Recipient(member_id, position_id)
            unknown = ("NOT_FOUND", "there is no such recipient whose records are yours to move", (place,))
            moving = transfer_records(ann, [record], to, Giving(Movement.TRANSFER))
            assert await _told(moving) == unknown
            handing = hand_over_records(ann, HandOver(floor.members["ann"], [to]))
            assert await _told(handing) == unknown
    hers = [Recipient(member_id, floor.units["ann"]) for member_id in (cem, wu, 999_999)]
    told = [await _told(transfer_records(ann, [record], to, Giving(Movement.TRANSFER))) for to in hers]
    assert told == [("NOT_FOUND", f"he holds no position {floor.units['ann']} today", ("positionId",))] * 3


async def test_who_may_not_assign_learns_nothing_of_whom_he_names(database: Database) -> None:
    """It is access that is refused to Ann, whomever she would give her customer or one that waits."""
    sea = await sea_for(database)
    mine, waiting = await sea.customers(2)
    await sea.claim("ann", mine)
    floor = sea.floor
    named = [floor.members["cem"], floor.members["wu"], floor.members["ann"], 999_999, None]
    positions = [floor.units["cem"], floor.units["empty"], floor.units["ann"], 999_999, None]
    for record in (mine, waiting):
        for to in (Recipient(one, other) for one in named for other in positions if (one, other) != (None, None)):
            with pytest.raises(AccessDenied, match="needs an admin, of the company or of the records' pool"):
                await assign_records(sea.of("ann"), [record], to, Giving(Movement.ASSIGN))


async def test_of_several_positions_those_within_reach_count(database: Database) -> None:
    """Bob holds one in the West besides, of which Hal is told nothing: the record goes to Bob's in the East."""
    sea = await sea_for(database)
    floor = sea.floor
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    term = NewTerm(floor.units["empty"], floor.members["bob"])
    await floor.work.write(lambda transaction: appoint(transaction, HOLDING, [term]))
    west = Recipient(floor.members["bob"], floor.units["empty"])
    assert await _told(transfer_records(sea.of("hal"), [record], west, Giving(Movement.TRANSFER))) == (
        "NOT_FOUND",
        "there is no such recipient whose records are yours to move",
        ("positionId",),
    )
    assert await sea.transfer("bob", record, by=sea.of("hal")) == [None]
    assert (await floor.rows("SELECT position_id FROM ownership"))[0]["position_id"] == floor.units["bob"]


async def test_who_looks_after_a_pool_gives_to_its_people(database: Database) -> None:
    """Ann, who looks after it and heads nobody: to Bob of the East, and to Cem once the pool has him by name.

    She learns nothing of Cem before, whatever position she guesses. What Bob holds is not hers to hand over to him, nor
    what she holds.
    """
    sea = await sea_for(database)
    floor, ann = sea.floor, sea.of("ann")
    await update_pool(sea.work, sea.pool, {"admin_ids": [floor.members["ann"]]})
    first, second, third, mine = await sea.customers(4)
    await sea.claim("ann", mine)
    assert await sea.assign("bob", first, by=ann) == [None]
    assert await sea.transfer("ann", first, by=ann) == [None]
    cem, at = floor.members["cem"], floor.units["cem"]
    guesses = [Recipient(cem), Recipient(cem, at), Recipient(cem, floor.units["empty"]), Recipient(None, at)]
    for to in (*guesses, Recipient(999_999), Recipient(999_999, at), Recipient(None, 999_999)):
        for work in (
            assign_records(ann, [second], to, Giving(Movement.ASSIGN)),
            assign_records(ann, [mine], to, Giving(Movement.ASSIGN)),
            transfer_records(ann, [mine], to, Giving(Movement.TRANSFER)),
        ):
            assert await _told(work) == (
                "NOT_FOUND",
                "there is no such recipient whose records are yours to move",
                ("memberId" if to.position_id is None else "positionId",),
            )
    over = HandOver(floor.members["ann"], [Recipient(floor.members["bob"])])
    assert await refused(hand_over_records(ann, over)) == ("NOT_FOUND", ("memberId",))
    pond = await create_pool(sea.work, NewPool("pond", "Pond", [RecordKind.CUSTOMER], member_ids=[cem]))
    assert pond != sea.pool
    assert await refused(assign_records(ann, [second], guesses[0], Giving(Movement.ASSIGN))) == (
        "NOT_FOUND",
        ("memberId",),
    )
    await update_pool(sea.work, sea.pool, {"member_ids": [cem]})
    assert await sea.assign("cem", second, by=ann) == [None]
    by_position = await assign_records(ann, [third], guesses[3], Giving(Movement.ASSIGN))
    assert codes(by_position) == [None]


async def _told(work: Awaitable[object]) -> tuple[str, str, tuple[str | int, ...]]:
    """All that an error tells."""
    with pytest.raises(InputError) as caught:
        await work
    return caught.value.code, caught.value.message, caught.value.path


async def test_who_has_no_room_for_deals_is_still_given_customers(database: Database) -> None:
    """With a cap of 0 deals the customer goes out, the deal stays; a customer of no pool is told of as not waiting."""
    sea = await sea_for(database)
    await switch_on(sea.floor, "round_robin")
    await sea.rule(RuleKind.HOLDING_CAP, {"count": 0, "kinds": ["OPPORTUNITY"]})
    deal = await sea.deal("cem")
    await sea.release(None, deal, pool=sea.pool)
    (customer,) = await sea.customers(1)
    free = RecordName(RecordKind.CUSTOMER, await create_customer(sea.work, NewCustomer("Free")))
    answer = await hand_out(sea.work, HOST, sea.pool, [free, customer, deal])
    assert [one.record for one in answer.handed] == [deal, customer, free]
    assert got(sea.floor, answer) == [None, "ann", None]
    assert [one.refusal and one.refusal.code for one in answer.handed] == ["NOBODY", None, "NOT_WAITING"]


async def test_a_deal_stays_among_the_positions_that_its_funnel_is_for(database: Database) -> None:
    """West's deal waits in a pool of East: neither claimed, assigned nor handed out there, and not transferred."""
    sea = await sea_for(database)
    floor = sea.floor
    await switch_on(floor, "round_robin")
    west = await create_funnel(floor.work, replace(FUNNEL, key="west", unit_id=floor.units["west"]))
    new = replace(floor.deal("cem"), funnel_id=west)
    deal = RecordName(RecordKind.OPPORTUNITY, await create_opportunity(floor.work, new))
    assert await sea.transfer("ann", deal) == ["OTHER_UNITS_FUNNEL"]
    over = await hand_over_records(sea.work, HandOver(floor.members["cem"], [Recipient(floor.members["ann"])]))
    assert codes(over.refused) == ["OTHER_UNITS_FUNNEL"]
    assert await sea.release(None, deal, pool=sea.pool) == [None]
    assert await sea.claim("ann", deal) == ["OTHER_UNITS_FUNNEL"]
    assert await sea.assign("ann", deal, override=True, reason="Please") == ["OTHER_UNITS_FUNNEL"]
    out = await hand_out(sea.work, HOST, sea.pool)
    assert [one.refusal and one.refusal.code for one in out.handed] == ["NOBODY"]
    assert await sea.assign("cem", deal) == [None]
