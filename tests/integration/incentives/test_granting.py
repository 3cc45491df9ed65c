"""What a granted dispute gives: a line of the next statement, once, whatever happens on the way there."""

from __future__ import annotations

from datetime import date

import pytest

from quotaloom.calendars.periods import Grain
from quotaloom.incentives.rules import end_rule
from quotaloom.incentives.running import compute_run
from quotaloom.incentives.runs import approve_run, cancel_run, pay_run, return_run, review_run, start_run
from quotaloom.organizations.membership import let_leave
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Unavailable
from quotaloom.policies.discovery import Discovery
from tests.integration.incentives.disputing import again, contest, grant, paid_month, sold
from tests.integration.incentives.paying_rules import PAY
from tests.integration.incentives.test_run_life import Ending


def line(dispute_id: int, amount: int) -> tuple[str, str, int]:
    """The line that a granted dispute gives, in yuan."""
    return ("disputes.granted", f"dispute:{dispute_id}", amount * 100)


async def test_what_is_granted_stands_in_the_next_statement(database: Database) -> None:
    """March was paid 100; 30 of it were missing: April has them beside its own 50, and March stays to the byte."""
    payroll = await paid_month(database)
    (march,) = await payroll.fetch("SELECT id FROM incentive_run")
    before = await payroll.statements(march["id"])
    dispute_id = await contest(payroll, "ann", claimed=30)
    await grant(payroll, dispute_id)
    await payroll.order("april", "ann", 500, "2026-04-02")
    april = await payroll.pay("2026-04")
    statement = (await payroll.statements(april))["ann"]
    assert statement["lines"] == [line(dispute_id, 30), ("base", "rate", 50_00)]
    assert statement["total"] == 80_00
    assert (statement["rows"][0]["dispute_id"], statement["rows"][0]["title"]) == (
        dispute_id,
        "Granted on dispute of 2026-03: Rate",
    )
    assert await payroll.statements(march["id"]) == before
    assert (await payroll.statements(await payroll.draft("2026-05")))["ann"]["lines"] == []


async def test_it_is_paid_once_whatever_becomes_of_the_runs(database: Database) -> None:
    """April is computed twice, returned, cancelled, run anew and paid: the line is in it; May has none."""
    payroll = await paid_month(database)
    dispute_id = await contest(payroll, "ann")
    await grant(payroll, dispute_id, 30)
    first = await payroll.draft("2026-04")
    hashes = {(await payroll.statements(first))["ann"]["hash"]}
    await again(payroll, first)
    await review_run(payroll.as_member("ada"), first)
    await return_run(payroll.as_member("ada"), first, "once more")
    await again(payroll, first, 3)
    hashes.add((await payroll.statements(first))["ann"]["hash"])
    await cancel_run(payroll.as_member("ada"), first)
    second = await payroll.pay("2026-04")
    statement = (await payroll.statements(second))["ann"]
    assert statement["lines"] == [line(dispute_id, 30)]
    assert hashes == {statement["hash"]}
    assert await payroll.totals(await payroll.pay("2026-05")) == {}


async def test_a_run_that_was_broken_off_has_it_once(database: Database) -> None:
    """The server ends when Ann's statement of April is stored; another goes on, and she is computed anew."""
    payroll = await paid_month(database)
    dispute_id = await contest(payroll, "ann")
    await grant(payroll, dispute_id, 30)
    await payroll.order("april", "ann", 100, "2026-04-02")
    april = await start_run(payroll.as_member("ada"), payroll.host, "2026-04")
    with pytest.raises(Unavailable):
        await compute_run(payroll.work, Ending(Discovery((PAY,), ())), april, 1, batch=1)
    assert await payroll.totals(april) == {"ann": 40_00}
    await payroll.order("late", "ann", 100, "2026-04-03")
    await compute_run(payroll.work, payroll.host, april, 1, batch=2)
    statement = (await payroll.statements(april))["ann"]
    assert statement["lines"] == [line(dispute_id, 30), ("base", "rate", 20_00)]


async def test_a_draft_has_it_once_it_is_computed_again(database: Database) -> None:
    """Granted while April is a draft: it is there after computing again; while it is reviewed: in May."""
    payroll = await paid_month(database)
    of_ann, of_bob = await contest(payroll, "ann"), await contest(payroll, "bob")
    april = await payroll.draft("2026-04")
    await grant(payroll, of_ann, 30)
    assert (await payroll.statements(april))["ann"]["lines"] == []
    await again(payroll, april)
    await review_run(payroll.as_member("cyd"), april)
    await grant(payroll, of_bob, 7)
    await approve_run(payroll.as_member("ben"), april)
    await pay_run(payroll.as_member("ada"), april)
    assert await payroll.totals(april) == {"ann": 30_00}
    assert await payroll.totals(await payroll.pay("2026-05")) == {"bob": 7_00}


async def test_the_disputed_run_itself_has_it_where_it_is_returned(database: Database) -> None:
    """March is reviewed; Ann's dispute is granted; it is returned and computed again: her statement has both lines."""
    payroll = await sold(database)
    march = await payroll.draft("2026-03")
    await review_run(payroll.as_member("ada"), march)
    dispute_id = await contest(payroll, "ann")
    await grant(payroll, dispute_id, 30)
    await return_run(payroll.as_member("ada"), march, "Ann was right")
    await again(payroll, march)
    await payroll.close(march)
    assert (await payroll.statements(march))["ann"]["lines"] == [line(dispute_id, 30), ("base", "rate", 100_00)]
    assert await payroll.totals(await payroll.pay("2026-04")) == {}


async def test_a_refund_corrects_what_the_rules_gave_and_nothing_else(database: Database) -> None:
    """100 were paid on 1,000, and 30 granted; all is refunded: -100, and the 30 stay; then nothing more comes."""
    payroll = await paid_month(database)
    dispute_id = await contest(payroll, "ann")
    await grant(payroll, dispute_id, 30)
    await payroll.refund("ann", 400)
    april = (await payroll.statements(await payroll.pay("2026-04")))["ann"]
    assert april["lines"] == [("base", "correction:2026-03", -40_00), line(dispute_id, 30)]
    await payroll.refund("ann", 600)
    await payroll.order("april", "ann", 100, "2026-04-20")
    may = (await payroll.statements(await payroll.pay("2026-05")))["ann"]
    assert may["lines"] == [("base", "correction:2026-03", -60_00), ("base", "correction:2026-04", 10_00)]
    assert (await payroll.statements(await payroll.draft("2026-06")))["ann"]["lines"] == []


async def test_floors_count_it_as_corrected(database: Database) -> None:
    """April earns 10 and loses 100 to a refund; 30 granted leave -60, which a floor of 0 carries on."""
    payroll = await sold(database, "pay.floor")
    await payroll.rule("floor", "pay.floor", ordinal=9)
    await payroll.pay("2026-03")
    dispute_id = await contest(payroll, "ann")
    await grant(payroll, dispute_id, 30)
    await payroll.refund("ann")
    await payroll.order("april", "ann", 100, "2026-04-02")
    april = (await payroll.statements(await payroll.pay("2026-04")))["ann"]
    assert april["lines"][-1] == ("floor", "floor", 60_00)
    assert (april["total"], april["carried_out"]) == (0, -60_00)


async def test_who_has_left_or_has_no_rules_gets_it_too(database: Database) -> None:
    """Cem has left, and no rule is left for Bob: both have a statement with what was granted alone."""
    payroll = await paid_month(database)
    for name, amount in (("bob", 3), ("cem", 4)):
        await grant(payroll, await contest(payroll, name), amount)
    left = date(2026, 4, 1)
    await payroll.work.write(lambda transaction: let_leave(transaction, payroll.members["cem"], left))
    (rule,) = await payroll.fetch("SELECT id FROM incentive_rule")
    await end_rule(payroll.work, rule["id"], left)
    await payroll.rule("other", "pay.rate", unit_id=payroll.units["ann"], valid_from=left)
    may = await payroll.pay("2026-05")
    assert await payroll.totals(may) == {"bob": 3_00, "cem": 4_00}


async def test_a_run_of_another_grain_leaves_it_alone(database: Database) -> None:
    """The quarter is open beside April: what was granted of March is in April's statement, and not in the quarter's."""
    payroll = await paid_month(database)
    await payroll.rule("quarterly", "pay.rate", grain=Grain.QUARTER, parameters={"percent": 1})
    await grant(payroll, await contest(payroll, "ann"), 30)
    quarter, april = await payroll.draft("2026-Q1"), await payroll.draft("2026-04")
    assert await payroll.totals(april) == {"ann": 30_00}
    assert (await payroll.totals(quarter))["ann"] == 10_00


async def test_nothing_is_granted_where_what_is_wrong_is_mended_where_it_came_from(database: Database) -> None:
    """Granted with 0, and with nothing claimed, no line corrects anything; the late order does."""
    payroll = await paid_month(database)
    await grant(payroll, await contest(payroll, "ann", claimed=50), 0)
    await grant(payroll, await contest(payroll, "bob"))
    await payroll.order("late", "ann", 500)
    assert await payroll.totals(await payroll.draft("2026-04")) == {"ann": 50_00}
