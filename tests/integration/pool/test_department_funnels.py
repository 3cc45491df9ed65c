"""Deals in the funnel of a department go to its positions alone, on whatever path."""

from __future__ import annotations

from quotaloom.ownership.owners import Movement, RecordKind, RecordName
from quotaloom.platform.database import Database
from quotaloom.pool.claiming import claim_next, claim_records
from quotaloom.pool.commands import create_pool
from quotaloom.pool.explaining import explain_ownership
from quotaloom.pool.giving import Giving, Recipient, assign_records, transfer_records
from quotaloom.pool.handing_out import hand_out
from quotaloom.pool.handing_over import HandOver, hand_over_records
from quotaloom.pool.moving import Outcome
from quotaloom.pool.permission import pool_reach
from quotaloom.pool.pools import NewPool
from tests.integration.funnels.floors import HOST, Floor, furnish
from tests.integration.pool.test_handing_out import switch_on, waiting


async def wests(database: Database) -> tuple[Floor, int, list[RecordName]]:
    """A pool of all of Acme with two deals in it, whose funnel is West's by now."""
    floor = await furnish(database)
    units = [floor.units["acme"]]
    pool = await create_pool(floor.work, NewPool("open", "Open", [RecordKind.OPPORTUNITY], unit_ids=units))
    names = await waiting(floor, pool, 2)
    await _give_to_west(floor)
    return floor, pool, names


async def _give_to_west(floor: Floor) -> None:
    await floor.work.write(
        lambda transaction: transaction.execute(
            "UPDATE funnel SET unit_id = $2 WHERE id = $1", floor.funnel, floor.units["west"]
        )
    )


def code(outcome: Outcome) -> str | None:
    return None if outcome.refusal is None else outcome.refusal.code


async def test_they_are_claimed_by_its_people_alone(database: Database) -> None:
    """Ann of East is told which funnel it is, and not of West, of which she does not know; Cem of West gets one."""
    floor, pool, (first, second) = await wests(database)
    (refused,) = (await claim_records(floor.as_member("ann"), [first])).outcomes
    assert refused.refusal is not None
    assert refused.refusal.code == "OTHER_UNITS_FUNNEL"
    assert refused.refusal.message == "the funnel 'Sales' is for the positions of another department"
    answer = await claim_next(floor.as_member("ann"), pool, 1)
    assert answer.outcomes == ()
    assert answer.stopped_by is not None
    assert answer.stopped_by.code == "OTHER_UNITS_FUNNEL"
    (given,) = (await claim_records(floor.as_member("cem"), [second])).outcomes
    assert given.refusal is None


async def test_nobody_else_is_given_them(database: Database) -> None:
    """Neither assigned nor transferred, an admin's override included; handed out they go past everybody to Cem."""
    floor, pool, (first, second) = await wests(database)
    ann, cem = Recipient(floor.members["ann"]), Recipient(floor.members["cem"])
    forced = Giving(Movement.ASSIGN, "I want it so", override=True)
    assert [code(one) for one in await assign_records(floor.work, [first], ann, forced)] == ["OTHER_UNITS_FUNNEL"]
    assert [code(one) for one in await assign_records(floor.work, [first], cem, forced)] == [None]
    transfer = Giving(Movement.TRANSFER)
    assert [code(one) for one in await transfer_records(floor.work, [first], ann, transfer)] == ["OTHER_UNITS_FUNNEL"]
    await switch_on(floor, "round_robin")
    answer = await hand_out(floor.work, HOST, pool, [second])
    assert [one.member_id for one in answer.handed] == [floor.members["cem"]]


async def test_it_is_explained_to_whom_they_are_not_open(database: Database) -> None:
    """Ann of East reads that it is West's funnel; to Cem of West nothing stands in the way."""
    floor, _, (first, _) = await wests(database)
    found = {}
    for name in ("ann", "cem"):
        work = floor.as_member(name)
        async with work.snapshot() as snapshot:
            reach = await pool_reach(snapshot, work.viewer, work.today)
            told = await explain_ownership(snapshot, work, first, reach)
        assert told is not None
        found[name] = (told.claimable, [one.code for one in told.refusals])
    assert found == {"ann": (False, ["OTHER_UNITS_FUNNEL"]), "cem": (True, [])}


async def test_the_position_that_has_one_keeps_it(database: Database) -> None:
    """Ann's position stands outside of the department by now: who holds it after her gets its deal, Eve does not."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await _give_to_west(floor)
    members, units = floor.members, floor.units
    await floor.work.write(
        lambda transaction: transaction.execute(
            "UPDATE holding SET member_id = $1 WHERE position_id = $2", members["bob"], units["ann"]
        )
    )
    other, same = (HandOver(members["ann"], [Recipient(position_id=units[name])]) for name in ("eve", "ann"))
    refused = await hand_over_records(floor.work, other)
    assert (refused.moved, [code(one) for one in refused.refused]) == ((0,), ["OTHER_UNITS_FUNNEL"])
    assert (await hand_over_records(floor.work, same)).moved == (1,)
    held = await floor.one("SELECT member_id FROM opportunity WHERE id = $1", deal)
    assert held["member_id"] == members["bob"]
