"""The life of a run: who may take which step, in which order, and what is closed once it is paid."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from datetime import date
from typing import Any

import asyncpg
import pytest

from quotaloom.incentives.running import compute_run
from quotaloom.incentives.runs import (
    approve_run,
    cancel_run,
    compute_again,
    pay_run,
    return_run,
    review_run,
    start_run,
)
from quotaloom.organizations.terms import HOLDING, NewTerm, appoint
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound, Unavailable
from quotaloom.policies.discovery import Discovery
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.settings import PolicyChange, switch_policy
from tests.integration.incentives.paying_rules import PAY
from tests.integration.incentives.payroll import Payroll, open_payroll


async def paid_by_rate(database: Database) -> Payroll:
    """The company with one rule, and an order of each position in March."""
    payroll = await open_payroll(database, "pay.rate")
    await payroll.rule("base", "pay.rate")
    for name in ("ann", "cem"):
        await payroll.order(name, name, 1000)
    return payroll


async def refused(doing: object, *codes: str) -> str:
    """The message of the refusal that must come."""
    with pytest.raises(InputError) as caught:
        await doing  # type: ignore[misc]
    assert caught.value.code in codes
    return caught.value.message


async def test_duties_are_apart(database: Database) -> None:
    """Ada starts and reviews: she cannot approve; Ben approves: he cannot pay; services do neither; members nothing."""
    payroll = await paid_by_rate(database)
    run_id = await payroll.draft("2026-03")
    ada, ben, cyd = (payroll.as_member(name) for name in ("ada", "ben", "cyd"))
    service = payroll.as_service("incentives:write")
    await refused(approve_run(ben, run_id), "BAD_STATUS")
    with pytest.raises(AccessDenied, match="needs an admin"):
        await review_run(payroll.as_member("hal"), run_id)
    await review_run(cyd, run_id)
    for work in (ada, cyd):
        with pytest.raises(AccessDenied, match="does not approve it"):
            await approve_run(work, run_id)
    with pytest.raises(AccessDenied, match="not for a service"):
        await approve_run(service, run_id)
    await approve_run(ben, run_id)
    with pytest.raises(AccessDenied, match="does not pay it"):
        await pay_run(ben, run_id)
    with pytest.raises(AccessDenied, match="not for a service"):
        await pay_run(service, run_id)
    await pay_run(ada, run_id)
    assert await payroll.status(run_id) == ("paid", None)
    steps = await payroll.fetch("SELECT step, actor FROM incentive_run_step ORDER BY id")
    assert [tuple(row) for row in steps] == [("start", "ada"), ("review", "cyd"), ("approve", "ben"), ("pay", "ada")]


async def test_nobody_decides_on_his_own_statement(database: Database) -> None:
    """Ben holds a position by now: what he earns is approved and paid by others."""
    payroll = await paid_by_rate(database)
    await payroll.work.write(
        lambda transaction: appoint(
            transaction,
            HOLDING,
            [NewTerm(payroll.units["cem"], payroll.members["ben"], date(2026, 3, 20))],
            replace=True,
        )
    )
    run_id = await payroll.draft("2026-03")
    await review_run(payroll.as_service("incentives:write"), run_id)
    with pytest.raises(AccessDenied, match="nobody approves a run that has his own statement in it"):
        await approve_run(payroll.as_member("ben"), run_id)
    await approve_run(payroll.as_member("cyd"), run_id)
    with pytest.raises(AccessDenied, match="nobody pays a run that has his own statement in it"):
        await pay_run(payroll.as_member("ben"), run_id)
    await pay_run(payroll.as_member("ada"), run_id)


async def test_what_is_returned_is_reviewed_anew(database: Database) -> None:
    """Cyd reviewed before it was returned, which counts no more; without a reason nothing is returned."""
    payroll = await paid_by_rate(database)
    run_id = await payroll.draft("2026-03")
    ada, ben, cyd = (payroll.as_member(name) for name in ("ada", "ben", "cyd"))
    await review_run(cyd, run_id)
    await refused(return_run(ada, run_id, " "), "REASON_MISSING")
    await return_run(ada, run_id, "Ann's order is missing")
    await refused(return_run(ada, run_id, "again"), "BAD_STATUS")
    await review_run(ben, run_id)
    await approve_run(cyd, run_id)
    await return_run(ben, run_id, "one more")
    await review_run(ben, run_id)
    with pytest.raises(Conflict):
        await approve_run(cyd, run_id, expected_version=1)


async def test_a_member_is_in_one_open_run_of_a_grain(database: Database) -> None:
    """The east's March is open: neither all of March nor of April can be run, but the west's and the quarter's can."""
    payroll = await paid_by_rate(database)
    ada = payroll.as_member("ada")
    east = await start_run(ada, payroll.host, "2026-03", payroll.units["east"])
    message = await refused(start_run(ada, payroll.host, "2026-03"), "RUN_OPEN")
    assert message == "Ann is in the run of 2026-03, which is open: pay or cancel that one first"
    await refused(start_run(ada, payroll.host, "2026-04"), "RUN_OPEN")
    await start_run(ada, payroll.host, "2026-03", payroll.units["west"])
    await refused(start_run(ada, payroll.host, "2026-Q1"), "NO_RULES")
    await cancel_run(ada, east, "a try")
    await start_run(ada, payroll.host, "2026-03", payroll.units["east"])


async def test_who_is_paid_is_out_of_later_runs_of_the_period(database: Database) -> None:
    """After the east is paid, all of March is the west; after that nobody is left, and February is over for all."""
    payroll = await paid_by_rate(database)
    await payroll.pay("2026-03", "east")
    assert await payroll.totals(await payroll.pay("2026-03")) == {"cem": 100_00}
    for label in ("2026-03", "2026-02"):
        await refused(start_run(payroll.as_member("ada"), payroll.host, label), "ALREADY_PAID")


async def test_a_paid_run_is_closed_for_whoever_asks(database: Database, admin_url: str) -> None:
    """Not even the owner of the tables changes, adds or takes away anything of it; of a draft he may."""
    payroll = await paid_by_rate(database)
    paid = await payroll.pay("2026-03")
    await payroll.order("april", "ann", 10, "2026-04-02")
    draft = await payroll.draft("2026-04")
    statement = (await payroll.statements(paid))["ann"]["id"]
    other = (await payroll.statements(draft))["ann"]["id"]
    ada = payroll.members["ada"]
    line = "company_id, statement_id, ordinal, rule_key, policy, line_key, title, amount, explanation, entries"
    connection = await asyncpg.connect(**credentials(admin_url))
    try:
        for sql in (
            f"UPDATE incentive_run SET status = 'draft', paid_at = NULL WHERE id = {paid}",
            f"DELETE FROM incentive_run WHERE id = {paid}",
            f"UPDATE incentive_statement SET total = 0 WHERE id = {statement}",
            f"UPDATE incentive_statement SET run_id = {paid}, member_id = {ada} WHERE id = {other}",
            f"UPDATE statement_line SET amount = 0 WHERE statement_id = {statement}",
            f"UPDATE statement_line SET statement_id = {statement}, ordinal = 7 WHERE statement_id = {other}",
            f"DELETE FROM statement_line WHERE statement_id = {statement}",
            f"INSERT INTO statement_line ({line}) VALUES ({payroll.work.company.id}, {statement}, 9, 'a', 'b', 'c',"
            " 'd', 1, '{}', '[]')",
            f"DELETE FROM incentive_run_member WHERE run_id = {paid}",
            "TRUNCATE statement_line",
        ):
            with pytest.raises(asyncpg.RestrictViolationError):
                await connection.execute(sql)
        await connection.execute(f"UPDATE statement_line SET amount = 0 WHERE statement_id = {other}")
    finally:
        await connection.close()


async def test_a_run_needs_rules_whose_policies_are_on(database: Database) -> None:
    """Without a rule nothing starts; a policy that is off on the last day is named; so is an unknown unit or period."""
    payroll = await open_payroll(database)
    ada = payroll.as_member("ada")
    await refused(start_run(ada, payroll.host, "2026-03"), "NO_RULES")
    await payroll.rule("base", "pay.rate")
    message = await refused(start_run(ada, payroll.host, "2026-03"), "POLICY_OFF")
    assert message.startswith("rule base names pay.rate, which is switched off on 2026-03-31")
    await switch_policy(payroll.work, payroll.host, PolicyChange("pay.rate", active=True, valid_from=date(2026, 1, 1)))
    for label in ("2026-07", "2026-03-01/2026-03-05", "March"):
        await refused(start_run(ada, payroll.host, label), "BAD_PERIOD")
    with pytest.raises(NotFound):
        await start_run(ada, payroll.host, "2026-03", 10**15)


class Ending(PolicyHost):
    """The tests' plugin in a server that is shut down after so many calls."""

    left = 2

    async def ask(self, *arguments: Any, **options: Any) -> Any:
        """Answer as long as the server is there."""
        self.left -= 1
        if self.left < 0:
            raise Unavailable
        return await super().ask(*arguments, **options)


async def test_a_run_that_was_broken_off_goes_on_where_it_stood(database: Database) -> None:
    """Ann is stored when the server ends, and sells more; the rest is computed, she anew, and no line is doubled."""
    payroll = await paid_by_rate(database)
    run_id = await start_run(payroll.as_member("ada"), payroll.host, "2026-03")
    with pytest.raises(Unavailable):
        await compute_run(payroll.work, Ending(Discovery((PAY,), ())), run_id, 1, batch=1)
    assert await payroll.status(run_id) == ("computing", None)
    assert await payroll.totals(run_id) == {"ann": 100_00}
    await payroll.order("late", "ann", 500)
    await compute_run(payroll.work, payroll.host, run_id, 1, batch=2)
    assert await payroll.totals(run_id) == {"ann": 150_00, "cem": 100_00}
    assert len(await payroll.fetch("SELECT FROM statement_line")) == 2


async def test_an_attempt_that_was_overtaken_stores_nothing(database: Database) -> None:
    """Once a run is computed again, or cancelled, the job of the attempt before does nothing any more."""
    payroll = await paid_by_rate(database)
    run_id = await start_run(payroll.as_member("ada"), payroll.host, "2026-03")
    await compute_again(payroll.as_member("ada"), run_id)
    await compute_run(payroll.work, payroll.host, run_id, 1)
    assert await payroll.statements(run_id) == {}
    await cancel_run(payroll.as_member("ada"), run_id)
    await compute_run(payroll.work, payroll.host, run_id, 2)
    assert await payroll.statements(run_id) == {}


async def test_another_worker_goes_on_where_one_was_killed(database: Database, database_url: str) -> None:
    """It is killed in the third of five members: the two before him stay, the rest is computed, no line is twice."""
    payroll = await paid_by_rate(database)
    run_id = await start_run(payroll.as_member("ada"), payroll.host, "2026-03")
    arguments = (database_url, str(payroll.work.company.id), str(run_id))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.incentives.slow_worker", *arguments, stdout=PIPE
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"third\n"
    process.kill()
    await process.wait()
    done = "SELECT FROM incentive_run_member WHERE computed"
    assert (len(await payroll.fetch(done)), len(await payroll.fetch("SELECT FROM incentive_statement"))) == (2, 2)
    await compute_run(payroll.work, payroll.host, run_id, 1)
    assert await payroll.status(run_id) == ("draft", None)
    assert await payroll.totals(run_id) == {"ann": 100_00, "cem": 100_00}
    assert len(await payroll.fetch("SELECT FROM statement_line")) == 2


async def test_a_run_whose_members_are_gone_is_not_computed_again(database: Database) -> None:
    """Cem's position is Ann's by now, who is in the east's open run: the west's is refused, at its id."""
    payroll = await paid_by_rate(database)
    ada = payroll.as_member("ada")
    east = await start_run(ada, payroll.host, "2026-03", payroll.units["east"])
    west = await start_run(ada, payroll.host, "2026-03", payroll.units["west"])
    term = NewTerm(payroll.units["cem"], payroll.members["ann"], date(2026, 3, 20))
    await payroll.work.write(lambda transaction: appoint(transaction, HOLDING, [term], replace=True))
    with pytest.raises(InputError) as caught:
        await compute_again(ada, west)
    assert (caught.value.code, caught.value.path) == ("RUN_OPEN", ("id",))
    await cancel_run(ada, east)
    await compute_again(ada, west)
