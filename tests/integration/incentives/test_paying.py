"""Runs: what members are paid, what corrects earlier periods, and what is carried over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from quotaloom.achievements.ledger import Reversal
from quotaloom.achievements.ledger import reverse as reverse_in
from quotaloom.incentives.rules import end_rule
from quotaloom.incentives.running import compute_run
from quotaloom.incentives.runs import compute_again
from quotaloom.organizations.membership import let_leave
from quotaloom.organizations.placing import place_unit
from quotaloom.organizations.terms import HOLDING, end_term
from quotaloom.platform.database import Database
from quotaloom.policies.settings import PolicyChange, switch_policy
from tests.integration.incentives.paying_rules import PAY, host_of
from tests.integration.incentives.payroll import LONG_AGO, entries_of, open_payroll


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
    """March was paid 7,400; 40,000 are refunded; April gets -2,900 that names March, pays 0 and carries -1,900."""
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


async def test_what_a_floor_cut_off_is_carried_on_once(database: Database) -> None:
    """April carries 1,900; May earns 1,000 and carries 900; June earns 1,000 and pays the 100 that are left."""
    payroll = await open_payroll(database, "pay.tiers", "pay.floor")
    await payroll.rule("tiers", "pay.tiers")
    await payroll.rule("floor", "pay.floor", ordinal=9)
    await payroll.order("big", "ann", 90_000)
    await payroll.order("small", "ann", 40_000)
    await payroll.pay("2026-03")
    await payroll.refund("small")
    for month in ("04", "05", "06"):
        await payroll.order(month, "ann", 20_000, f"2026-{month}-01")
    labels = ("2026-04", "2026-05", "2026-06")
    found = [(await payroll.statements(await payroll.pay(label)))["ann"] for label in labels]
    assert [one["total"] for one in found] == [0, 0, 100_00]
    assert [(one["carried_in"], one["carried_out"]) for one in found] == [
        (0, -1_900_00),
        (-1_900_00, -900_00),
        (-900_00, 0),
    ]
    assert [line["corrects_statement_id"] is None for line in found[1]["rows"]] == [True, True]


async def test_a_draft_that_is_computed_again_stays_as_it_is_to_the_byte(database: Database) -> None:
    """The same ledger gives the same lines, inputs and hash; a late order gives others."""
    payroll = await open_payroll(database, "pay.tiers")
    await payroll.rule("tiers", "pay.tiers")
    await payroll.order("one", "ann", 130_000)
    run_id = await payroll.draft("2026-03")
    before = (await payroll.statements(run_id))["ann"]
    await compute_again(payroll.work, run_id)
    await compute_run(payroll.work, payroll.host, run_id, 2, batch=1)
    after = (await payroll.statements(run_id))["ann"]
    assert (after["hash"], after["inputs"], after["lines"]) == (before["hash"], before["inputs"], before["lines"])
    await payroll.order("two", "ann", 10_000)
    await compute_again(payroll.work, run_id)
    await compute_run(payroll.work, payroll.host, run_id, 3)
    late = (await payroll.statements(run_id))["ann"]
    assert (late["total"], late["hash"] != before["hash"]) == (8_200_00, True)


async def test_who_has_left_is_corrected_too(database: Database) -> None:
    """Cem leaves in April; the 1,000 that were taken back from his March are in his statement of May."""
    payroll = await open_payroll(database, "pay.rate")
    await payroll.rule("base", "pay.rate")
    await payroll.order("cem", "cem", 1000)
    await payroll.pay("2026-03")
    left = date(2026, 4, 1)
    await payroll.work.write(lambda transaction: let_leave(transaction, payroll.members["cem"], left))
    april = await payroll.pay("2026-04")
    assert "cem" not in await payroll.statements(april)
    await payroll.refund("cem")
    statement = (await payroll.statements(await payroll.pay("2026-05")))["cem"]
    assert statement["lines"] == [("base", "correction:2026-03", -100_00)]
    assert statement["total"] == -100_00
    assert "cem" not in await payroll.statements(await payroll.draft("2026-06"))


async def test_draws_are_got_back_and_corrections_know_of_them(database: Database) -> None:
    """A draw of 300: March earns 100 and is lent 200; a late deal earns 50 more; April gives the 200 back."""
    payroll = await open_payroll(database, "pay.rate", "pay.draw")
    await payroll.rule("base", "pay.rate")
    await payroll.rule("draw", "pay.draw", ordinal=1, unit_id=payroll.units["ann"], parameters={"amount": 300_00})
    await payroll.order("march", "ann", 1000)
    march = (await payroll.statements(await payroll.pay("2026-03")))["ann"]
    assert (march["total"], march["advanced_after"]) == (300_00, 200_00)
    await payroll.order("late", "ann", 500)
    await payroll.order("april", "ann", 9000, "2026-04-02")
    april = (await payroll.statements(await payroll.pay("2026-04")))["ann"]
    # The rule of March comes to 50 more; its draw, which would have been 150, comes to nothing either way.
    assert april["lines"] == [
        ("base", "correction:2026-03", 50_00),
        ("base", "rate", 900_00),
        ("draw", "draw", -200_00),
    ]
    assert (april["total"], april["advanced_before"], april["advanced_after"]) == (750_00, 200_00, 0)


async def test_heads_are_paid_for_their_teams_as_those_were(database: Database) -> None:
    """Hal has 10 percent of Ann's 1,000 and Bob's 500 in March; a late 2,000 of Bob's corrects Hal's March in April."""
    payroll = await open_payroll(database, "pay.team")
    await payroll.rule("override", "pay.team", unit_id=payroll.units["east"])
    await payroll.order("ann", "ann", 1000)
    await payroll.order("bob", "bob", 500)
    await payroll.order("cem", "cem", 7000)
    march = await payroll.pay("2026-03")
    assert await payroll.totals(march) == {"hal": 150_00}
    await payroll.order("late", "bob", 2000)
    april = await payroll.pay("2026-04")
    assert (await payroll.statements(april))["hal"]["lines"] == [("override", "correction:2026-03", 200_00)]
    assert await payroll.totals(await payroll.draft("2026-05")) == {}


async def test_what_was_paid_by_counts_wherever_somebody_stands_later(database: Database) -> None:
    """Ann's position is taken from her for March afterwards: she was paid by its rule, and what she sold is hers."""
    payroll = await open_payroll(database, "pay.rate")
    await payroll.rule("base", "pay.rate", unit_id=payroll.units["ann"])
    await payroll.order("ann", "ann", 1000)
    await payroll.pay("2026-03")
    (held,) = await payroll.fetch("SELECT id FROM holding WHERE member_id = $1", payroll.members["ann"])
    await payroll.work.write(lambda transaction: end_term(transaction, HOLDING, held["id"], date(2026, 3, 1)))
    assert await payroll.statements(await payroll.draft("2026-04")) == {}


async def test_a_rule_whose_plugin_is_gone_is_not_guessed_at(database: Database) -> None:
    """Of version 1.2 of the plugin nothing is left but 2.0: March is not looked at again, and the run says so."""
    payroll = await open_payroll(database, "pay.rate")
    await payroll.rule("base", "pay.rate", valid_to=date(2026, 4, 1))
    await payroll.order("ann", "ann", 1000)
    await payroll.pay("2026-03")
    await payroll.refund("ann")
    payroll.host = host_of(replace(PAY, version="2.0"))
    await switch_policy(payroll.work, payroll.host, PolicyChange("pay.floor", active=True, valid_from=LONG_AGO))
    await payroll.rule("floor", "pay.floor", valid_from=date(2026, 4, 1))
    april = await payroll.draft("2026-04")
    ((warnings,),) = await payroll.fetch(
        "SELECT warnings FROM incentive_run_member WHERE run_id = $1 AND member_id = $2", april, payroll.members["ann"]
    )
    assert "2026-03 is not looked at again: pay.rate of rule base cannot be asked" in warnings
    assert (await payroll.statements(april))["ann"]["lines"] == []


async def test_a_policy_that_fails_fails_the_run_and_names_the_member(database: Database) -> None:
    """Bob has less than nothing, which the policy refuses; once that is mended the run can be computed again."""
    payroll = await open_payroll(database, "pay.picky")
    await payroll.rule("picky", "pay.picky")
    await payroll.order("ann", "ann", 1000)
    await payroll.order("feb", "bob", 1000, "2026-02-02")
    undoing = Reversal(payroll.entries["feb"], None, "undo", "undo", business_date=date(2026, 3, 3))
    await payroll.work.write(lambda transaction: reverse_in(transaction, payroll.work.company, [undoing]))
    run_id = await payroll.draft("2026-03")
    status, failure = await payroll.status(run_id)
    assert status == "failed"
    assert failure == "rule picky for Bob: policy 'pay.picky' cannot decide: less than nothing was achieved"
    await payroll.order("mar", "bob", 5000)
    await compute_again(payroll.work, run_id)
    await compute_run(payroll.work, payroll.host, run_id, 2)
    assert await payroll.status(run_id) == ("draft", None)


async def test_a_paid_statement_stays_whatever_happens_later(database: Database) -> None:
    """Refunded, reorganized, ruled and planned otherwise: what was paid for March has the same rows and hash."""
    payroll = await open_payroll(database, "pay.tiers")
    rule = await payroll.rule("tiers", "pay.tiers")
    await payroll.order("ann", "ann", 130_000)
    march = await payroll.pay("2026-03")
    before = await payroll.statements(march)
    await payroll.refund("ann", 40_000)
    moved = payroll.units["ann"], payroll.units["west"], date(2026, 3, 10)
    await payroll.work.write(lambda transaction: place_unit(transaction, *moved))
    await end_rule(payroll.work, rule, date(2026, 4, 1))
    await payroll.rule("other", "pay.tiers", valid_from=date(2026, 4, 1), parameters={"quota": 1})
    await payroll.pay("2026-04")
    assert await payroll.statements(march) == before
