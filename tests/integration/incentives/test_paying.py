"""Runs: what members are paid, what corrects earlier periods, and what is carried over."""

from __future__ import annotations

import pytest

from quotaloom.platform.database import Database
from tests.integration.incentives.payroll import entries_of, open_payroll


async def test_a_run_pays_by_the_rules_that_count_for_each(database: Database) -> None:
    """Everybody has 10 percent, Ann as a position 20, and the west 5: the closest rule of a key counts."""
    payroll = await open_payroll(database, "pay.rate")
    await payroll.rule("base", "pay.rate")
    await payroll.rule("base", "pay.rate", unit_id=payroll.units["west"], parameters={"percent": 5})
    await payroll.rule("base", "pay.rate", unit_id=payroll.units["ann"], parameters={"percent": 20})
    for name in ("ann", "bob", "cem"):
        await payroll.order(name, name, 1000)
    run_id = await payroll.draft("2026-03")
    assert await payroll.status(run_id) == ("draft", None)
    assert await payroll.totals(run_id) == {"ann": 200_00, "bob": 100_00, "cem": 50_00}


async def test_a_refund_after_payment_corrects_the_month_that_it_takes_from(database: Database) -> None:
    """Worked example 7: March paid 7,400; 40,000 refunded; April gets -2,900 that names March, pays 0, carries -1,900."""
    payroll = await open_payroll(database, "pay.tiers", "pay.floor")
    await payroll.rule("tiers", "pay.tiers")
    await payroll.rule("floor", "pay.floor", ordinal=9)
    await payroll.order("big", "ann", 90_000)
    await payroll.order("small", "ann", 40_000)
    march = await payroll.pay("2026-03")
    paid = (await payroll.statements(march))["ann"]
    assert paid["total"] == 7_400_00
    refund = await payroll.refund("small")
    await payroll.order("april", "ann", 20_000, "2026-04-10")
    april = await payroll.draft("2026-04")
    statement = (await payroll.statements(april))["ann"]
    correction = ("tiers", "correction:2026-03", -2_900_00)
    assert statement["lines"] == [correction, ("tiers", "tiers", 1_000_00), ("floor", "floor", 1_900_00)]
    assert statement["rows"][0]["corrects_statement_id"] == paid["id"]
    assert entries_of(statement["rows"][0]) == [refund]
    assert (statement["total"], statement["carried_out"]) == (0, -1_900_00)
    assert (await payroll.statements(march))["ann"] == paid
