from __future__ import annotations

import pytest

from quotaloom.organizations.commands.members import leave
from quotaloom.organizations.terms import HOLDING, NewTerm, appoint
from quotaloom.ownership.owners import Movement, RecordKind, RecordName
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.access import Scope
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.pool.claiming import claim_next, claim_records
from quotaloom.pool.commands import close_pool, create_pool
from quotaloom.pool.exempting import exempt_records
from quotaloom.pool.giving import Giving, Recipient, assign_records, transfer_records
from quotaloom.pool.handing_over import HandOver, hand_over_records
from quotaloom.pool.pools import NewPool
from quotaloom.pool.releasing import release_records
from tests.integration.funnels.floors import Floor
from tests.integration.ownership.replaying import replayed
from tests.integration.pool.seas import codes, sea_for


async def refused(work: object) -> tuple[str, tuple[str | int, ...]]:
    """Code and path of what is raised."""
    with pytest.raises(InputError) as caught:
        await work  # type: ignore[misc]  # a coroutine
    return caught.value.code, caught.value.path


async def deal_of(floor: Floor, record: RecordName) -> tuple[int | None, int | None, int]:
    """Position, member and stage of a deal."""
    row = await floor.one("SELECT position_id, member_id, stage_id FROM opportunity WHERE id = $1", record.id)
    return row["position_id"], row["member_id"], row["stage_id"]


async def test_a_deal_that_is_released_waits_and_is_claimed_in_its_stage(database: Database) -> None:
    """While it waits nobody has it; the claimant's position has it then, in the stage in which it was."""
    sea = await sea_for(database)
    floor, deal = sea.floor, await sea.deal("ann", stage_id=sea.floor.stages["offer"])
    assert await sea.release("ann", deal) == ["NO_POOL"]
    assert await sea.release("ann", deal, pool=sea.pool) == [None]
    assert await deal_of(floor, deal) == (None, None, floor.stages["offer"])
    assert await sea.claim("bob", deal) == [None]
    assert await deal_of(floor, deal) == (floor.units["bob"], floor.members["bob"], floor.stages["offer"])
    assert await sea.release("bob", deal) == [None]
    assert await deal_of(floor, deal) == (None, None, floor.stages["offer"])
    await replayed(sea.work)


async def test_who_sees_what_may_claim_it(database: Database) -> None:
    """Cem is of West, and Wu looks after the pool, but is no member; nobody's customers are in no pool."""
    sea = await sea_for(database)
    first, second = await sea.customers(2)
    assert await refused(sea.claim("cem", first)) == ("NOT_FOUND", ("recordIds", 0))
    assert await refused(sea.claim("wu", first)) == ("NOT_A_MEMBER", ("recordIds", 0))
    assert await refused(sea.claim("hal", first)) == ("NO_POSITION", ("positionId",))
    assert await sea.claim("ann", first) == [None]
    assert await sea.claim("bob", first, second) == ["ALREADY_CLAIMED", None]
    assert await sea.claim("bob", second) == ["YOURS_ALREADY"]
    with pytest.raises(AccessDenied):
        await claim_records(sea.service(), [first])


async def test_the_next_records_are_those_that_wait_the_longest(database: Database) -> None:
    """Two of three, then the last one and word that the pool is empty; those in cooldown are passed over."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.COOLDOWN, {"days": 7})
    first, second, third = await sea.customers(3)
    await sea.claim("ann", first)
    sea.passes(1)
    await sea.release("ann", first)
    answer = await claim_next(sea.of("bob"), sea.pool, 2)
    assert ([one.record for one in answer.outcomes], answer.stopped_by) == ([second, third], None)
    none = await claim_next(sea.of("ann"), sea.pool, 2)
    assert (none.outcomes, none.stopped_by and none.stopped_by.code) == ((), "COOLDOWN")
    last = await claim_next(sea.of("bob"), sea.pool, 2, key="once")
    assert [one.record for one in last.outcomes] == [first]
    assert last.stopped_by is not None
    assert last.stopped_by.code == "POOL_EMPTY"
    await sea.customers(1)
    assert await claim_next(sea.of("bob"), sea.pool, 2, key="once") == last


async def test_a_key_is_known_to_whoever_used_it(database: Database) -> None:
    """Ann claims under the key under which Bob did: she gets the next record, and not his answer."""
    sea = await sea_for(database)
    first, second = await sea.customers(2)
    for who, record in (("bob", first), ("ann", second), ("bob", first)):
        answer = await claim_next(sea.of(who), sea.pool, 1, key="once")
        assert [one.record for one in answer.outcomes] == [record]


async def test_a_limit_counts_what_one_claims_himself(database: Database) -> None:
    """Of one a day Bob's keeps Ann from nothing; her second is one too many."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.CLAIM_LIMIT, {"count": 1, "window": "DAY"})
    first, second, third = await sea.customers(3)
    claims = [("bob", first), ("ann", second), ("ann", third)]
    assert [await sea.claim(who, record) for who, record in claims] == [[None], [None], ["CLAIM_LIMIT"]]


async def test_the_strictest_of_several_caps_decides(database: Database) -> None:
    """With 3 of all and 2 of customers the third customer is refused by the second; a deal is still free."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.HOLDING_CAP, {"count": 3}, "all")
    cap = await sea.rule(RuleKind.HOLDING_CAP, {"count": 2, "kinds": ["CUSTOMER"]}, "customers")
    records = await sea.customers(3)
    answer = await claim_records(sea.of("ann"), records)
    assert codes(answer.outcomes) == [None, None, "HOLDING_CAP"]
    refusal = answer.outcomes[2].refusal
    assert refusal is not None
    assert (refusal.rule_id, refusal.used, refusal.limit, refusal.possible_on) == (cap, 2, 2, None)
    assert refusal.message == "Customers (customers): 2 of 2 are held already; give one back first"
    deal = await sea.deal("bob")
    await sea.release("bob", deal, pool=sea.pool)
    assert await sea.claim("ann", deal) == [None]


async def test_a_cap_binds_every_path(database: Database) -> None:
    """Assignments, transfers, handing over and new deals alike; an admin overrides it with a reason."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.HOLDING_CAP, {"count": 1}, pool_id=None)
    first, second, third = await sea.customers(3)
    assert await sea.assign("ann", first, second) == [None, "HOLDING_CAP"]
    assert await sea.assign("bob", second) == [None]
    assert await sea.transfer("ann", second) == ["HOLDING_CAP"]
    done = await hand_over_records(sea.work, HandOver(sea.floor.members["bob"], [Recipient(sea.floor.members["ann"])]))
    assert (done.moved, codes(done.refused)) == ((0,), ["HOLDING_CAP"])
    assert await refused(sea.deal("ann")) == ("HOLDING_CAP", ("positionId",))
    assert await refused(sea.assign("ann", third, override=True)) == ("REASON_NEEDED", ("reason",))
    assert await sea.assign("ann", third, override=True, reason="A key account") == [None]
    row = await sea.floor.one("SELECT override, reason FROM ownership_entry WHERE override")
    assert (row["override"], row["reason"]) == (True, "A key account")
    await sea.deal("cem")
    await replayed(sea.work)


async def test_won_customers_count_only_where_the_cap_says_so(database: Database) -> None:
    """A customer with a won deal takes no place, unless won ones are counted."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.HOLDING_CAP, {"count": 1, "kinds": ["CUSTOMER"]}, "cap")
    first, second = await sea.customers(2)
    await sea.claim("ann", first)
    assert await sea.claim("ann", second) == ["HOLDING_CAP"]
    deal = await sea.deal("cem", customer_id=first.id)
    await sea.floor.work.write(
        lambda transaction: transaction.execute(
            "UPDATE opportunity SET stage_id = $1 WHERE id = $2", sea.floor.stages["won"], deal.id
        )
    )
    assert await sea.claim("ann", second) == [None]
    await sea.rule(RuleKind.HOLDING_CAP, {"count": 2, "countWon": True}, "all")
    (third,) = await sea.customers(1)
    assert await sea.claim("ann", third) == ["HOLDING_CAP"]
    await sea.release("ann", second)
    assert await sea.claim("ann", third) == [None]


async def test_members_move_their_own_and_heads_those_below(database: Database) -> None:
    """Bob may not release Ann's customer, her head may; nobody transfers to where he has no say."""
    sea = await sea_for(database)
    first, second = await sea.customers(2)
    await sea.claim("ann", first, second)
    assert await refused(sea.release("bob", first)) == ("NOT_FOUND", ("recordIds", 0))
    assert await refused(sea.transfer("bob", first, by=sea.of("ann"))) == ("NOT_FOUND", ("memberId",))
    assert await sea.transfer("bob", first, by=sea.of("hal")) == [None]
    assert await sea.transfer("bob", first, by=sea.of("hal")) == ["NO_CHANGE"]
    assert await refused(sea.transfer("cem", first, by=sea.of("hal"))) == ("NOT_FOUND", ("memberId",))
    assert await sea.transfer("cem", first, by=sea.of("wu")) == [None]
    assert await sea.release("hal", second) == [None]
    assert await sea.release(None, second) == ["WAITING"]
    assert await sea.transfer("bob", second) == ["WAITING"]
    with pytest.raises(AccessDenied):
        await sea.assign("ann", second, by=sea.of("bob"))
    with pytest.raises(AccessDenied):
        await sea.transfer("bob", second, by=sea.of("bob"))
    assert await sea.assign("ann", second, by=sea.service()) == [None]
    assert await sea.assign("bob", second) == ["ALREADY_CLAIMED"]


async def test_who_is_given_a_record_is_told_by_whom(database: Database) -> None:
    """Bob by Hal, who heads both, and Ann by an admin, who is no member and is called "tests"."""
    sea = await sea_for(database)
    first, second = await sea.customers(2)
    await sea.claim("ann", first)
    await sea.transfer("bob", first, by=sea.of("hal"))
    await sea.assign("ann", second)
    told = await sea.floor.rows(
        "SELECT member.key, details->>'by' AS by FROM notification JOIN member ON member.id = member_id"
        " WHERE details ? 'by' ORDER BY notification.id"
    )
    assert [(row["key"], row["by"]) for row in told if row["key"] in ("ann", "bob")] == [
        ("bob", "Hal"),
        ("ann", "tests"),
    ]


async def test_only_admins_override(database: Database) -> None:
    """Wu, who looks after the pool, overrides the cooldown of his pool; a head does not override a cap."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.COOLDOWN, {"days": 7})
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    await sea.release("ann", record)
    assert await sea.assign("ann", record, by=sea.of("wu")) == ["COOLDOWN"]
    assert await sea.assign("ann", record, by=sea.of("wu"), override=True, reason="He asked for her") == [None]
    with pytest.raises(AccessDenied):
        await sea.transfer("bob", record, by=sea.of("hal"), override=True, reason="Please")
    ann, bob = (sea.floor.members[name] for name in ("ann", "bob"))
    with pytest.raises(AccessDenied):
        await hand_over_records(sea.of("hal"), HandOver(ann, [Recipient(bob)], reason="Please", override=True))


async def test_what_a_member_holds_elsewhere_is_not_his_heads_to_move(database: Database) -> None:
    """Eve has a seat in the West, too: Hal of the East puts nothing on it, and hands nothing over that lies there."""
    sea = await sea_for(database)
    first, second = await sea.customers(2)
    floor, eve = sea.floor, sea.floor.members["eve"]
    term = NewTerm(floor.units["empty"], eve)
    await floor.work.write(lambda transaction: appoint(transaction, HOLDING, [term]))
    western = Recipient(eve, floor.units["empty"])
    await sea.claim("ann", first)
    transfer = Giving(Movement.TRANSFER)
    assert await refused(transfer_records(sea.of("hal"), [first], western, transfer)) == ("NOT_FOUND", ("positionId",))
    assert codes(await assign_records(sea.work, [second], western, Giving(Movement.ASSIGN))) == [None]
    assert await sea.transfer("eve", first, by=sea.of("hal")) == [None]
    handed = await hand_over_records(sea.of("hal"), HandOver(eve, [Recipient(floor.members["bob"])]))
    assert (handed.moved, handed.refused) == ((1,), ())
    assert await sea.holders() == {first: "bob", second: "eve"}


async def test_a_leavers_records_are_divided(database: Database) -> None:
    """Ann leaves; her four customers go to Bob and Eve in turn, her won deal stays with the position."""
    sea = await sea_for(database)
    records = await sea.customers(4)
    await sea.claim("ann", *records)
    deal = await sea.deal("ann")
    await sea.floor.work.write(
        lambda transaction: transaction.execute(
            "UPDATE opportunity SET stage_id = $1 WHERE id = $2", sea.floor.stages["won"], deal.id
        )
    )
    sea.passes(1)
    await leave(sea.work, sea.floor.members["ann"], sea.day)
    to = [Recipient(sea.floor.members[name], path=("to", number)) for number, name in enumerate(("bob", "eve"))]
    done = await hand_over_records(sea.of("hal"), HandOver(sea.floor.members["ann"], to, reason="Ann left"))
    assert (done.moved, done.refused) == ((2, 2), ())
    holders = await sea.holders()
    assert [holders[record] for record in [*records, deal]] == ["bob", "eve", "bob", "eve", "ann"]
    again = await hand_over_records(sea.work, HandOver(sea.floor.members["ann"], to))
    assert again.moved == (0, 0)
    into = await hand_over_records(sea.work, HandOver(sea.floor.members["bob"], pool_id=sea.pool, reason="Left"))
    assert into.moved == (2,)
    await replayed(sea.work)


async def test_handing_over_needs_a_say(database: Database) -> None:
    """Cem has none over Ann's records; whoever has needs a recipient, or a pool, and not both."""
    sea = await sea_for(database)
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    ann, bob = (sea.floor.members[name] for name in ("ann", "bob"))
    to_bob = HandOver(ann, [Recipient(bob, path=("to", 0))])
    assert await refused(hand_over_records(sea.of("cem"), to_bob)) == ("NOT_FOUND", ("memberId",))
    to_cem = HandOver(ann, [Recipient(sea.floor.members["cem"], path=("to", 0))])
    assert await refused(hand_over_records(sea.of("hal"), to_cem)) == ("NOT_FOUND", ("to", 0, "memberId"))
    assert await refused(hand_over_records(sea.work, HandOver(ann))) == ("RECIPIENT_NEEDED", ("to",))


async def test_a_pool_closes_when_nothing_waits(database: Database) -> None:
    """Its records stay with their holders: they are neither given back nor recycled, and none is claimed."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.RECYCLING, {"when": {"noFollowUp": {"days": 1}}})
    (record,) = await sea.customers(1)
    assert await refused(close_pool(sea.work, sea.pool)) == ("NOT_EMPTY", ("id",))
    await sea.claim("ann", record)
    await close_pool(sea.work, sea.pool)
    assert await sea.release("ann", record) == ["POOL_CLOSED"]
    sea.passes(5)
    assert await sea.recycle() == 0
    await close_pool(sea.work, sea.pool, closed=False)
    assert await sea.recycle() == 1


async def test_a_pool_takes_its_kinds(database: Database) -> None:
    """A deal does not go into a pool of customers."""
    sea = await sea_for(database)
    pond = await create_pool(sea.work, NewPool("pond", "Pond", [RecordKind.CUSTOMER]))
    deal = await sea.deal("ann")
    assert await sea.release(None, deal, pool=pond) == ["WRONG_KIND"]
    assert await refused(release_records(sea.of("ann"), [deal], "No", pond)) == ("NOT_FOUND", ("poolId",))
    assert await refused(release_records(sea.of("ann"), [deal], " ")) == ("REASON_NEEDED", ("reason",))


async def test_exempt_records_are_never_recycled(database: Database) -> None:
    """Until the exemption ends; it needs a reason and an admin."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.RECYCLING, {"when": {"noFollowUp": {"days": 1}}})
    (record,) = await sea.customers(1)
    await sea.claim("ann", record)
    assert await refused(exempt_records(sea.work, [record], None)) == ("REASON_NEEDED", ("reason",))
    with pytest.raises(AccessDenied):
        await exempt_records(sea.of("ann"), [record], "Mine")
    await exempt_records(sea.of("wu"), [record], "A key account")
    sea.passes(9)
    assert await sea.recycle() == 0
    await exempt_records(sea.of("wu"), [record], None, exempt=False)
    assert await sea.recycle() == 1


async def test_services_need_the_scope_of_pools(database: Database) -> None:
    """One that writes deals does not lay out pools."""
    sea = await sea_for(database)
    with pytest.raises(AccessDenied):
        await create_pool(sea.floor.as_service(Scope.FUNNELS), NewPool("x", "X", [RecordKind.LEAD]))
