"""Earlier periods that are computed again: in one order, past what refuses, and once more where one was passed over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from quotaloom.achievements.ledger import Reversal
from quotaloom.achievements.ledger import reverse as reverse_in
from quotaloom.attributes.commands import define_attribute
from quotaloom.attributes.definitions import NewAttribute, Subject
from quotaloom.attributes.values import NewValue
from quotaloom.incentives.running import compute_run
from quotaloom.incentives.runs import cancel_run, compute_again
from quotaloom.leads.attributes import set_attributes_of
from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.terms import HOLDING, NewTerm, appoint, end_term
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom_sdk.attributes import AttributeKind
from tests.founding import at
from tests.integration.incentives.paying_rules import PAY, host_of
from tests.integration.incentives.payroll import LONG_AGO, Payroll, open_payroll


async def _warnings(payroll: Payroll, run_id: int, name: str) -> str:
    sql = "SELECT warnings FROM incentive_run_member WHERE run_id = $1 AND member_id = $2"
    ((warnings,),) = await payroll.fetch(sql, run_id, payroll.members[name])
    return str(warnings)


async def test_corrections_have_one_order_whoever_is_computed_with_a_member(database: Database) -> None:
    """Bob's February and March are corrected in this order, also beside Ann, who has nothing but a March."""
    payroll = await open_payroll(database, "pay.rate")
    await payroll.rule("base", "pay.rate")
    await payroll.order("february", "bob", 1000, "2026-02-10")
    for name in ("ann", "bob"):
        await payroll.order(name, name, 1000)
    await payroll.pay("2026-02", "bob")
    await payroll.pay("2026-03")
    for name in ("ann", "bob", "february"):
        await payroll.refund(name)
    run_id = await payroll.draft("2026-04")
    together = (await payroll.statements(run_id))["bob"]
    expected = [("base", "correction:2026-02", -100_00), ("base", "correction:2026-03", -100_00)]
    assert together["lines"] == expected
    await compute_again(payroll.work, run_id)
    await compute_run(payroll.work, payroll.host, run_id, 2, batch=1)
    assert (await payroll.statements(run_id))["bob"]["hash"] == together["hash"]


async def test_a_paid_month_that_a_policy_refuses_now_does_not_end_a_run(database: Database) -> None:
    """Bob's March has less than nothing now, which its policy refuses: it stays, the run says so, and April is paid.

    Once more is sold than was taken back, May corrects March: 4,000 more are 400.
    """
    payroll = await open_payroll(database, "pay.picky", "pay.rate")
    await payroll.rule("picky", "pay.picky", valid_to=date(2026, 4, 1))
    await payroll.rule("base", "pay.rate")
    await payroll.order("march", "bob", 1000)
    await payroll.pay("2026-03")
    await payroll.order("february", "bob", 5000, "2026-02-02")
    undoing = Reversal(payroll.entries["february"], None, "undo", "undo", business_date=date(2026, 3, 3))
    await payroll.work.write(lambda transaction: reverse_in(transaction, payroll.work.company, [undoing]))
    await payroll.order("april", "bob", 3000, "2026-04-10")
    april = await payroll.draft("2026-04")
    assert (await payroll.statements(april))["bob"]["lines"] == [("base", "rate", 300_00)]
    told = await _warnings(payroll, april, "bob")
    assert "2026-03 stays as it was paid: rule picky for Bob: policy 'pay.picky' cannot decide" in told
    await payroll.close(april)
    await payroll.order("late", "bob", 9000)
    may = await payroll.draft("2026-05")
    assert (await payroll.statements(may))["bob"]["lines"] == [("base", "correction:2026-03", 400_00)]
    assert await _warnings(payroll, may, "bob") == "[]"


async def test_a_month_that_was_passed_over_is_looked_at_once_its_plugin_is_back(database: Database) -> None:
    """March was refunded while its plugin was away; long after April was paid without it, May takes the 100 back."""
    payroll = await open_payroll(database, "pay.rate")
    both = payroll.host = host_of(PAY, replace(PAY, name="other"))
    await switch_policy(payroll.work, both, PolicyChange("other.rate", active=True, valid_from=LONG_AGO))
    await payroll.rule("base", "pay.rate", valid_to=date(2026, 4, 1))
    await payroll.rule("more", "other.rate", valid_from=date(2026, 4, 1))
    await payroll.order("ann", "ann", 1000)
    await payroll.pay("2026-03")
    await payroll.refund("ann")
    payroll.host = host_of(replace(PAY, name="other"))
    april = await payroll.pay("2026-04")
    assert "2026-03 is not looked at again" in await _warnings(payroll, april, "ann")
    payroll.host = both
    payroll.work = at(payroll.work, datetime(2026, 9, 1, tzinfo=UTC))
    may = await payroll.draft("2026-05")
    assert (await payroll.statements(may))["ann"]["lines"] == [("base", "correction:2026-03", -100_00)]


async def test_a_promotion_does_not_reach_back(database: Database) -> None:
    """Ann has 10 percent of her 1,000 in March, 20 from April on; a late 500 of March earns her 50 more, not 200."""
    payroll = await open_payroll(database, "pay.graded")
    await payroll.rule("graded", "pay.graded")
    ann, ada = payroll.members["ann"], payroll.as_member("ada")
    await define_attribute(ada, NewAttribute(Subject.MEMBER, "percent", "Percent", AttributeKind.NUMBER))
    await define_attribute(ada, NewAttribute(Subject.MEMBER, "since", "Since", AttributeKind.DATE))
    noted = [NewValue("percent", Decimal(10)), NewValue("since", date(2020, 2, 1))]
    await set_attributes_of(ada, Subject.MEMBER, ann, noted)
    await payroll.order("march", "ann", 1000)
    await payroll.pay("2026-03")
    await set_attributes_of(ada, Subject.MEMBER, ann, [NewValue("percent", Decimal(20))])
    await payroll.order("april", "ann", 1000, "2026-04-10")
    april = await payroll.draft("2026-04")
    assert (await payroll.statements(april))["ann"]["lines"] == [("graded", "graded", 200_00)]
    await payroll.order("late", "ann", 500)
    await compute_again(ada, april)
    await compute_run(payroll.work, payroll.host, april, 2)
    correction = ("graded", "correction:2026-03", 50_00)
    assert (await payroll.statements(april))["ann"]["lines"] == [correction, ("graded", "graded", 200_00)]


async def test_the_currency_of_statements_stays_that_of_the_company(database: Database) -> None:
    """A draw is paid before anything is sold: what is carried on and corrected later counts in the same currency."""
    payroll = await open_payroll(database, "pay.draw")
    await payroll.rule("draw", "pay.draw", parameters={"amount": 300_00})
    await payroll.pay("2026-03")
    with pytest.raises(InputError) as caught:
        await update_company(payroll.as_member("ada"), {"currency": "USD"})
    assert caught.value.code == "IN_USE"


async def test_a_month_of_a_holder_who_was_entered_late_is_paid_once(database: Database) -> None:
    """Cyd's 1,000 of March are known after March was paid: April has 100 that name its run, and May no more of it.

    When all of it is taken back later, June takes the 100.
    """
    payroll = await open_payroll(database, "pay.rate")
    await payroll.rule("base", "pay.rate")
    await payroll.order("ann", "ann", 1000)
    march = await payroll.pay("2026-03")
    term = NewTerm(payroll.units["bob"], payroll.members["cyd"], date(2026, 3, 5))
    await payroll.work.write(lambda transaction: appoint(transaction, HOLDING, [term], replace=True))
    await payroll.order("cyd", "bob", 1000, "2026-03-20")
    april = await payroll.pay("2026-04")
    statement = (await payroll.statements(april))["cyd"]
    assert statement["lines"] == [("base", "correction:2026-03", 100_00)]
    assert [line["corrects_run_id"] for line in statement["rows"]] == [march]
    assert await payroll.totals(april) == {"cyd": 100_00}
    assert await payroll.totals(await payroll.pay("2026-05")) == {}
    await payroll.refund("cyd")
    assert await payroll.totals(await payroll.draft("2026-06")) == {"cyd": -100_00}


async def test_a_month_without_a_rule_is_paid_where_one_counts_by_now(database: Database) -> None:
    """Cem has no rule in the west, and no statement for March; that he held Ann's position then is entered late.

    So 20 percent of the 500 that he is credited there are his, once, whoever else is computed with him.
    """
    payroll = await open_payroll(database, "pay.rate", "pay.floor")
    east = {"unit_id": payroll.units["east"]}
    await payroll.rule("base", "pay.rate", parameters={"percent": 20}, **east)
    await payroll.rule("floor", "pay.floor", ordinal=9, **east)
    await payroll.order("ann", "ann", 1000)
    assert set(await payroll.statements(await payroll.pay("2026-03"))) == {"ann", "bob", "hal"}
    term = NewTerm(payroll.units["ann"], payroll.members["cem"], date(2026, 3, 11), date(2026, 4, 1))
    await payroll.work.write(lambda transaction: appoint(transaction, HOLDING, [term], replace=True))
    await payroll.order("late", "ann", 500, "2026-03-20", member_id=payroll.members["cem"])
    april = await payroll.draft("2026-04", batch=1)
    assert (await payroll.statements(april))["cem"]["lines"] == [("base", "correction:2026-03", 100_00)]
    await payroll.close(april)
    assert await payroll.totals(await payroll.draft("2026-05")) == {}


async def test_a_run_of_a_subtree_settles_a_month_for_nobody_else(database: Database) -> None:
    """The east was paid for March, the west not yet: a run of April corrects Cyd's seat in the east, and not Cem's.

    That Cyd left the seat before the end of March is entered later still: 400 that are refunded are taken back. For Cem
    the run says that March is to be run first, as long as that can be.
    """
    payroll = await open_payroll(database, "pay.rate")
    await payroll.rule("base", "pay.rate")
    await payroll.order("cem", "cem", 7000)
    await payroll.pay("2026-03", "east")
    term = NewTerm(payroll.units["bob"], payroll.members["cyd"], date(2026, 3, 5))
    await payroll.work.write(lambda transaction: appoint(transaction, HOLDING, [term], replace=True))
    await payroll.order("cyd", "bob", 1000, "2026-03-20")
    april = await payroll.draft("2026-04", "east")
    assert await payroll.totals(april) == {"cyd": 100_00}
    await payroll.close(april)
    (held,) = await payroll.fetch("SELECT id FROM holding WHERE member_id = $1", payroll.members["cyd"])
    await payroll.work.write(lambda transaction: end_term(transaction, HOLDING, held["id"], date(2026, 3, 25)))
    await payroll.refund("cyd", 400)
    assert await payroll.totals(await payroll.draft("2026-05", "east")) == {"cyd": -40_00}
    early = await payroll.draft("2026-04", "west")
    assert "2026-03 is paid to others and not to him: run it first" in await _warnings(payroll, early, "cem")
    await cancel_run(payroll.as_member("ada"), early)
    assert await payroll.totals(await payroll.pay("2026-03", "west")) == {"cem": 700_00}
    assert await _warnings(payroll, await payroll.draft("2026-04", "west"), "cem") == "[]"
