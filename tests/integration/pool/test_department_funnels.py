"""Deals in the funnel of a department go to its positions alone, on whatever path."""

from __future__ import annotations

from quotaloom.ownership.owners import Movement, RecordKind, RecordName
from quotaloom.platform.database import Database
from quotaloom.pool.claiming import claim_next, claim_records
from quotaloom.pool.commands import create_pool
from quotaloom.pool.giving import Giving, Recipient, assign_records, transfer_records
from quotaloom.pool.handing_out import hand_out
from quotaloom.pool.moving import Outcome
from quotaloom.pool.pools import NewPool
from tests.integration.funnels.floors import HOST, Floor, furnish
from tests.integration.pool.test_handing_out import switch_on, waiting


async def wests(database: Database) -> tuple[Floor, int, list[RecordName]]:
    """A pool of all of Acme with two deals in it, whose funnel is West's by now."""
    floor = await furnish(database)
    units = [floor.units["acme"]]
    pool = await create_pool(floor.work, NewPool("open", "Open", [RecordKind.OPPORTUNITY], unit_ids=units))
    names = await waiting(floor, pool, 2)
    await floor.work.write(
        lambda transaction: transaction.execute(
            "UPDATE funnel SET unit_id = $2 WHERE id = $1", floor.funnel, floor.units["west"]
        )
    )
    return floor, pool, names


def code(outcome: Outcome) -> str | None:
    return None if outcome.refusal is None else outcome.refusal.code


async def test_they_are_claimed_by_its_people_alone(database: Database) -> None:
    """Ann of East is told whose funnel it is; Cem of West gets one."""
    floor, pool, (first, second) = await wests(database)
    (refused,) = (await claim_records(floor.as_member("ann"), [first])).outcomes
    assert refused.refusal is not None
    assert refused.refusal.code == "OTHER_UNITS_FUNNEL"
    assert refused.refusal.message == "the funnel 'Sales' is for positions below 'West' alone"
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
