"""Rules and groups: whom a rule is for, from when to when, and what a paid run has used."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from quotaloom.calendars.periods import Grain
from quotaloom.incentives.groups import add_to_group, create_group, remove_from_group, update_group
from quotaloom.incentives.rules import RuleChange, end_rule, set_rule
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError
from tests.integration.incentives.payroll import Payroll, open_payroll

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


async def sold(database: Database) -> Payroll:
    """Everybody sold 1,000 in March, so that his percentage is what he is paid in tens."""
    payroll = await open_payroll(database, "pay.rate")
    for name in ("ann", "bob", "cem"):
        await payroll.order(name, name, 1000)
    return payroll


def percent(rate: int) -> dict[str, int]:
    """Parameters of a rate."""
    return {"percent": rate}


async def refused(doing: Any, code: str, *path: str | int) -> str:
    """The message of a refusal with that code at that place."""
    with pytest.raises(InputError) as caught:
        await doing
    assert (caught.value.code, caught.value.path) == (code, path)
    return caught.value.message


async def set_on(payroll: Payroll, key: str, day: date, **values: Any) -> int:
    """Set a rule from a day on."""
    return await set_rule(payroll.work, payroll.host, RuleChange(key, "pay.rate", valid_from=day, **values))


async def test_the_closest_rule_of_a_key_counts(database: Database) -> None:
    """Company 1, east 2, Bob's group 3, Ann's position 4; another key comes on top; what none gave is the setting's."""
    payroll = await sold(database)
    group = await create_group(payroll.work, "stars", "Stars")
    await add_to_group(payroll.work, group, [payroll.members["ann"], payroll.members["bob"]], MARCH)
    await payroll.rule("base", "pay.rate", parameters=percent(1))
    await payroll.rule("base", "pay.rate", parameters=percent(2), unit_id=payroll.units["east"])
    await payroll.rule("base", "pay.rate", parameters=percent(3), group_id=group)
    await payroll.rule("base", "pay.rate", parameters=percent(4), unit_id=payroll.units["ann"])
    await payroll.rule("more", "pay.rate", unit_id=payroll.units["west"])
    run_id = await payroll.draft("2026-03")
    assert await payroll.totals(run_id) == {"ann": 40_00, "bob": 30_00, "cem": 10_00 + 100_00}
    lines = (await payroll.statements(run_id))["cem"]["lines"]
    assert lines == [("base", "rate", 10_00), ("more", "rate", 100_00)]


async def test_what_counts_is_in_force_on_the_last_day(database: Database) -> None:
    """The rule of mid-March counts for all of March; who is out of the group before its last day is out of the rule."""
    payroll = await sold(database)
    group = await create_group(payroll.work, "stars", "Stars")
    stars = [payroll.members["ann"], payroll.members["bob"]]
    await add_to_group(payroll.work, group, stars, date(2026, 1, 1))
    await remove_from_group(payroll.work, group, stars[1:], date(2026, 3, 31))
    await payroll.rule("base", "pay.rate", parameters=percent(1))
    await set_on(payroll, "base", date(2026, 3, 16), parameters=percent(2))
    await payroll.rule("stars", "pay.rate", parameters=percent(5), group_id=group)
    await set_on(payroll, "late", APRIL, parameters=percent(50))
    await set_on(payroll, "yearly", date(2026, 1, 1), grain=Grain.YEAR, parameters=percent(90))
    assert await payroll.totals(await payroll.draft("2026-03")) == {"ann": 70_00, "bob": 20_00, "cem": 20_00}


async def test_a_rule_is_set_again_and_keeps_what_it_said(database: Database) -> None:
    """A later setting cuts the one before, one of the same day takes its place, and a later one is in the way."""
    payroll = await sold(database)
    await set_on(payroll, "base", date(2026, 1, 1), parameters=percent(1))
    await set_on(payroll, "base", MARCH, parameters=percent(2))
    await set_on(payroll, "base", MARCH, parameters=percent(3))
    message = await refused(set_on(payroll, "base", date(2026, 2, 1)), "LATER_RULE", "validTo")
    assert message.startswith("this rule is set from 2026-03-01 on already")
    await refused(set_on(payroll, "base", date(2026, 1, 10), valid_to=date(2026, 1, 20)), "RULE_CONTINUES", "validTo")
    rows = await payroll.fetch("SELECT valid_from, valid_to, revision FROM incentive_rule ORDER BY valid_from")
    assert [tuple(row) for row in rows] == [(date(2026, 1, 1), MARCH, 1), (MARCH, None, 3)]
    await set_on(payroll, "base", date(2026, 2, 1), replace_later=True)
    rows = await payroll.fetch("SELECT valid_from, valid_to, revision FROM incentive_rule ORDER BY valid_from")
    assert [tuple(row) for row in rows] == [
        (date(2026, 1, 1), date(2026, 2, 1), 1),
        (date(2026, 2, 1), None, 4),
    ]


async def test_what_a_paid_run_has_used_stays(database: Database) -> None:
    """March is paid: rules of months and groups change from April on; those of years from any day."""
    payroll = await sold(database)
    group = await create_group(payroll.work, "stars", "Stars")
    rule = await set_on(payroll, "base", date(2026, 1, 1))
    await payroll.pay("2026-03")
    message = await refused(set_on(payroll, "base", date(2026, 3, 31)), "PAST_DAY", "validFrom")
    assert message == "2026-03 is paid, and what it was paid by stays: a change counts from 2026-04-01 or later"
    await refused(end_rule(payroll.work, rule, MARCH), "PAST_DAY", "on")
    members = [payroll.members["ann"]]
    await refused(add_to_group(payroll.work, group, members, MARCH), "PAST_DAY", "validFrom")
    await add_to_group(payroll.work, group, members, APRIL)
    await refused(remove_from_group(payroll.work, group, members, MARCH), "PAST_DAY", "on")
    await set_on(payroll, "yearly", date(2026, 1, 1), grain=Grain.YEAR)
    assert await end_rule(payroll.work, rule, APRIL) == rule
    later = await set_on(payroll, "base", date(2026, 5, 1))
    assert await end_rule(payroll.work, later, date(2026, 5, 1)) is None
    assert len(await payroll.fetch("SELECT FROM incentive_rule WHERE key = 'base'")) == 1


async def test_a_closed_group_keeps_whom_it_has(database: Database) -> None:
    """Nobody comes in any more, whoever is in it stays; opened again it takes people in; twice on a day nobody is."""
    payroll = await sold(database)
    group = await create_group(payroll.work, "stars", "Stars")
    ann, bob = payroll.members["ann"], payroll.members["bob"]
    await add_to_group(payroll.work, group, [ann], MARCH, APRIL)
    await update_group(payroll.work, group, closed=True)
    await refused(add_to_group(payroll.work, group, [bob], MARCH), "GROUP_CLOSED", "groupId")
    await update_group(payroll.work, group, closed=False)
    await add_to_group(payroll.work, group, [bob, ann], APRIL)
    await refused(add_to_group(payroll.work, group, [bob, ann], date(2026, 3, 31)), "OVERLAP", "memberIds", 0)
    await refused(remove_from_group(payroll.work, group, [payroll.members["cem"]]), "NOT_IN_GROUP", "memberIds", 0)


async def test_rules_and_groups_are_for_admins_and_services_with_the_scope(database: Database) -> None:
    """A head sets none, a service without the scope neither."""
    payroll = await sold(database)
    for work in (payroll.as_member("hal"), payroll.as_service("settings:write")):
        with pytest.raises(AccessDenied, match="incentives:write"):
            await set_rule(work, payroll.host, RuleChange("base", "pay.rate"))
        with pytest.raises(AccessDenied, match="incentives:write"):
            await create_group(work, "stars", "Stars")
    await set_rule(payroll.as_service("incentives:write"), payroll.host, RuleChange("base", "pay.rate"))
