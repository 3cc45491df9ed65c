"""Handing out what waits in a pool: by policies, within the rules, as a trial first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from quotaloom.ownership.owners import Movement, RecordKind, RecordName
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.access import Scope
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.platform.work import Work
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.pool.chains import opt_out, set_chain
from quotaloom.pool.commands import create_pool
from quotaloom.pool.giving import Giving, Recipient, assign_records
from quotaloom.pool.handing_out import HandOutAnswer, hand_out
from quotaloom.pool.pools import NewPool
from quotaloom.pool.releasing import release_records
from quotaloom.pool.rule_commands import NewRule, create_rule
from quotaloom.pool.schedules import note_absence
from tests.integration.funnels.floors import HOST, TODAY, Floor, furnish


async def pool_of(floor: Floor, *units: str) -> int:
    """A pool for deals that the people of these units may claim from."""
    units = units or ("east",)
    return await create_pool(
        floor.work,
        NewPool("open", "Open", [RecordKind.OPPORTUNITY], unit_ids=[floor.units[name] for name in units]),
    )


async def waiting(floor: Floor, pool_id: int, count: int, owner: str = "cem") -> list[RecordName]:
    """So many deals that Cem gave to the pool."""
    names = [RecordName(RecordKind.OPPORTUNITY, await floor.open(owner)) for _ in range(count)]
    outcomes = await release_records(floor.work, names, "for everybody", pool_id)
    assert all(one.refusal is None for one in outcomes)
    return names


async def switch_on(floor: Floor, *policies: str) -> None:
    for ordinal, key in enumerate(policies):
        await switch_policy(floor.work, HOST, PolicyChange(f"assignment.{key}", active=True, ordinal=ordinal))


def got(floor: Floor, answer: HandOutAnswer) -> list[str | None]:
    """Who gets each record, by name."""
    names = {member_id: name for name, member_id in floor.members.items()}
    return [None if one.member_id is None else names[one.member_id] for one in answer.handed]


def later(work: Work, days: int) -> Work:
    return replace(work, now=work.now + timedelta(days=days))


async def test_records_go_out_in_turn_through_the_ledger(database: Database) -> None:
    """Ann, Bob and Eve of East in turn; the ledger names the policy, and the next hand-out goes on with Bob."""
    floor = await furnish(database)
    pool = await pool_of(floor)
    await switch_on(floor, "round_robin")
    await waiting(floor, pool, 4)
    answer = await hand_out(floor.work, HOST, pool)
    everybody = sorted(("ann", "bob", "eve"), key=floor.members.__getitem__)
    assert got(floor, answer) == [*everybody, everybody[0]]
    await waiting(floor, pool, 1)
    assert got(floor, await hand_out(floor.work, HOST, pool)) == [everybody[1]]
    entry = await floor.one(
        "SELECT movement, reason, decided_by FROM ownership_entry WHERE movement = 'assign' ORDER BY id LIMIT 1"
    )
    assert tuple(entry) == ("assign", "It was your turn.", "assignment.round_robin")
    held = await floor.one("SELECT count(*) AS held FROM opportunity WHERE position_id = $1", floor.units[everybody[0]])
    assert held["held"] == 2


async def test_a_trial_changes_nothing(database: Database) -> None:
    """It shows the same as the hand-out that follows, and its explanations."""
    floor = await furnish(database)
    pool = await pool_of(floor)
    await switch_on(floor, "round_robin")
    await waiting(floor, pool, 3)
    trial = await hand_out(floor.work, HOST, pool, trial=True)
    counted = await floor.one("SELECT count(*) AS waiting FROM ownership WHERE position_id IS NULL")
    assert counted["waiting"] == 3
    assert [explanation.text for _, explanation in trial.explanations] == ["Each went to whoever had waited longest."]
    assert await hand_out(floor.work, HOST, pool) == trial


async def test_fair_over_absences_through_ten_days(database: Database) -> None:
    """Worked example 13 with a tenth of the leads: 3 a day, one of three away on the first seven: 13 or 14 each, 3."""
    floor = await furnish(database)
    pool = await pool_of(floor)
    await switch_on(floor, "round_robin")
    first, second, third = sorted(("ann", "bob", "eve"), key=floor.members.__getitem__)
    await note_absence(floor.work, floor.members[third], TODAY, TODAY + timedelta(days=7), None)
    total: Counter[str | None] = Counter()
    for day in range(10):
        await waiting(floor, pool, 3)
        total.update(got(floor, await hand_out(later(floor.work, day), HOST, pool)))
    assert total == {first: 14, second: 13, third: 3}


async def test_caps_bind_and_what_is_left_stays(database: Database) -> None:
    """Each may hold two: of seven records six go out, and one waits on."""
    floor = await furnish(database)
    pool = await pool_of(floor)
    await switch_on(floor, "round_robin")
    await create_rule(floor.work, NewRule("cap", "At most two", RuleKind.HOLDING_CAP, {"count": 2}))
    await waiting(floor, pool, 7, owner="empty")
    answer = await hand_out(floor.work, HOST, pool)
    assert Counter(got(floor, answer)) == {"ann": 2, "bob": 2, "eve": 2, None: 1}
    refusal = answer.handed[-1].refusal
    assert refusal is not None
    assert refusal.code == "NOBODY"


async def test_who_gave_a_record_back_does_not_get_it_at_once(database: Database) -> None:
    """Ann gave it back today and waits seven days; it goes to somebody else, though it would be her turn."""
    floor = await furnish(database)
    pool = await pool_of(floor, "ann", "bob")
    await switch_on(floor, "round_robin")
    await create_rule(floor.work, NewRule("cool", "A week", RuleKind.COOLDOWN, {"days": 7}))
    await waiting(floor, pool, 1, owner="ann")
    assert got(floor, await hand_out(floor.work, HOST, pool, trial=True)) == ["bob"]
    after = await hand_out(later(floor.work, 7), HOST, pool, trial=True)
    assert got(floor, after) == [min(("ann", "bob"), key=floor.members.__getitem__)]


async def test_who_opted_out_gets_nothing(database: Database) -> None:
    """He may do so himself and come back; a colleague may not do it for him."""
    floor = await furnish(database)
    pool = await pool_of(floor, "ann", "bob")
    await switch_on(floor, "round_robin")
    await waiting(floor, pool, 2)
    await opt_out(floor.as_member("ann"), pool, floor.members["ann"], opted_out=True)
    assert got(floor, await hand_out(floor.work, HOST, pool, trial=True)) == ["bob", "bob"]
    with pytest.raises(NotFound):
        await opt_out(floor.as_member("bob"), pool, floor.members["ann"], opted_out=False)
    await opt_out(floor.as_member("ann"), pool, floor.members["ann"], opted_out=False)
    assert set(got(floor, await hand_out(floor.work, HOST, pool, trial=True))) == {"ann", "bob"}


async def test_who_looks_after_a_pool_leaves_out_its_people_alone(database: Database) -> None:
    """Hal names Ann, whose unit's pool it is; Cem of the West answers him as if he were not there, not so an admin."""
    floor = await furnish(database)
    east, hal = [floor.units["east"]], [floor.members["hal"]]
    new = NewPool("open", "Open", [RecordKind.OPPORTUNITY], unit_ids=east, admin_ids=hal)
    pool = await create_pool(floor.work, new)
    await opt_out(floor.as_member("hal"), pool, floor.members["ann"], opted_out=True)
    with pytest.raises(NotFound, match="there is no such member"):
        await opt_out(floor.as_member("hal"), pool, floor.members["cem"], opted_out=True)
    await opt_out(floor.work, pool, floor.members["cem"], opted_out=True)
    await opt_out(floor.as_member("hal"), pool, floor.members["cem"], opted_out=False)


async def test_a_pool_may_name_its_own_chain(database: Database) -> None:
    """Only what it names is asked, in its order, as far as it is switched on; none of it on is refused."""
    floor = await furnish(database)
    pool = await pool_of(floor)
    await switch_on(floor, "round_robin", "capacity")
    await waiting(floor, pool, 1)
    await set_chain(floor.work, HOST.registry, pool, ["assignment.capacity", "assignment.skill"])
    answer = await hand_out(floor.work, HOST, pool, trial=True)
    assert [stamp.policy for stamp, _ in answer.explanations] == ["assignment.capacity"]
    await set_chain(floor.work, HOST.registry, pool, ["assignment.skill"])
    with pytest.raises(InputError, match=r"none of this pool's policies \(assignment.skill\) is switched on"):
        await hand_out(floor.work, HOST, pool, trial=True)
    with pytest.raises(InputError, match="named twice"):
        await set_chain(floor.work, HOST.registry, pool, ["assignment.skill", "assignment.skill"])
    with pytest.raises(InputError) as unknown:
        await set_chain(floor.work, HOST.registry, pool, ["allocation.even"])
    assert unknown.value.path == ("policies", 0)


async def test_only_named_records_go_out(database: Database) -> None:
    """One that does not wait any more stays where it is, and its answer says so."""
    floor = await furnish(database)
    pool = await pool_of(floor)
    await switch_on(floor, "round_robin")
    _, second, third = await waiting(floor, pool, 3)
    await assign_records(floor.work, [third], Recipient(floor.members["bob"]), Giving(Movement.ASSIGN))
    answer = await hand_out(floor.work, HOST, pool, [second, third])
    assert [one.record for one in answer.handed] == [second, third]
    assert [one.refusal and one.refusal.code for one in answer.handed] == [None, "NOT_WAITING"]
    counted = await floor.one("SELECT count(*) AS waiting FROM ownership WHERE position_id IS NULL")
    assert counted["waiting"] == 1


async def test_who_may_hand_out(database: Database) -> None:
    """Admins and services with the scope; a member of the pool is refused, an outsider finds no pool."""
    floor = await furnish(database)
    pool = await pool_of(floor)
    await switch_on(floor, "round_robin")
    await hand_out(floor.as_service(Scope.POOL.value), HOST, pool)
    with pytest.raises(AccessDenied, match="needs an admin"):
        await hand_out(floor.as_member("ann"), HOST, pool)
    with pytest.raises(NotFound):
        await hand_out(floor.as_member("cem"), HOST, pool)


async def test_without_a_policy_nothing_goes_out(database: Database) -> None:
    """It says what to do."""
    floor = await furnish(database)
    with pytest.raises(InputError, match="no pool policy is switched on: switch one on first"):
        await hand_out(floor.work, HOST, await pool_of(floor))
