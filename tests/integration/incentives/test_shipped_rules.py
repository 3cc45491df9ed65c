"""The rules that ship with the product, in runs."""

from __future__ import annotations

from quotaloom.platform.database import Database
from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.settings import PolicyChange, switch_policy
from tests.integration.incentives.payroll import LONG_AGO, Payroll, entries_of, open_payroll


async def shipped_payroll(database: Database, *policies: str) -> Payroll:
    """The company with shipped policies switched on."""
    payroll = await open_payroll(database)
    payroll.host = PolicyHost(discover())
    for policy in policies:
        change = PolicyChange(f"incentives.{policy}", active=True, valid_from=LONG_AGO)
        await switch_policy(payroll.work, payroll.host, change)
    return payroll


async def test_tiers_and_a_floor_correct_a_refunded_month_and_carry_the_rest_over(database: Database) -> None:
    """130,000 of 100,000 pay 7,400; 40,000 come back in April: -2,900 for March, 1,000 earned, 1,900 carried over."""
    payroll = await shipped_payroll(database, "tiers", "floor")
    quota = {"quota": 100_000_00, "cap_percent": 150}
    await payroll.rule("commission", "incentives.tiers", parameters=quota)
    await payroll.rule("floor", "incentives.floor", ordinal=9)
    await payroll.order("big", "ann", 90_000)
    await payroll.order("small", "ann", 40_000)
    march = (await payroll.statements(await payroll.pay("2026-03")))["ann"]
    assert march["lines"] == [("commission", "commission", 7_400_00)]
    assert sorted(entries_of(march["rows"][0])) == sorted(payroll.entries.values())
    await payroll.refund("small")
    await payroll.order("april", "ann", 20_000, "2026-04-10")
    april = (await payroll.statements(await payroll.pay("2026-04")))["ann"]
    assert april["lines"] == [
        ("commission", "correction:2026-03", -2_900_00),
        ("commission", "commission", 1_000_00),
        ("floor", "floor", 1_900_00),
    ]
    assert (april["total"], april["carried_out"]) == (0, -1_900_00)
    await payroll.order("may", "ann", 60_000, "2026-05-04")
    may = (await payroll.statements(await payroll.draft("2026-05")))["ann"]
    assert (may["lines"], may["total"]) == ([("commission", "commission", 3_000_00)], 1_100_00)


async def test_several_rules_work_on_one_another_in_their_order(database: Database) -> None:
    """5 %, at most 1,000 of it, 20 for each order, and 400 guaranteed: March earns 190, so 210 are paid in advance.

    April earns 1,100, of which 100 are cut off, and 20, and gives the 210 back. Hal has 1 % of what his team sold.
    """
    payroll = await shipped_payroll(database, "flat_rate", "spiff", "cap", "draw", "team_override")
    await payroll.rule("rate", "incentives.flat_rate", ordinal=1)
    per_deal = {"pays": "per_deal", "amount_per_deal": 20_00}
    await payroll.rule("extra", "incentives.spiff", ordinal=2, parameters=per_deal)
    limit = {"amount": 1_000_00, "rules": ["incentives.flat_rate"]}
    await payroll.rule("cap", "incentives.cap", ordinal=3, parameters=limit)
    guaranteed = {"amount": 400_00}
    await payroll.rule("draw", "incentives.draw", ordinal=4, unit_id=payroll.units["ann"], parameters=guaranteed)
    await payroll.rule("override", "incentives.team_override", ordinal=5, unit_id=payroll.units["east"])
    await payroll.order("one", "ann", 2_000)
    await payroll.order("two", "ann", 1_000)
    march = await payroll.statements(await payroll.pay("2026-03"))
    assert march["ann"]["lines"] == [("rate", "flat_rate", 150_00), ("extra", "spiff", 40_00), ("draw", "draw", 210_00)]
    assert (march["ann"]["total"], march["ann"]["advanced_after"]) == (400_00, 210_00)
    assert march["hal"]["lines"] == [("override", "override", 30_00)]
    await payroll.order("three", "ann", 22_000, "2026-04-02")
    april = (await payroll.statements(await payroll.draft("2026-04")))["ann"]
    assert april["lines"] == [
        ("rate", "flat_rate", 1_100_00),
        ("extra", "spiff", 20_00),
        ("cap", "cap", -100_00),
        ("draw", "draw", -210_00),
    ]
    assert (april["total"], april["advanced_after"]) == (810_00, 0)
