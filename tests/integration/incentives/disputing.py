"""A company that has paid a month, and what it takes to contest it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from quotaloom.incentives.disputes import Decision, NewDispute, decide_dispute, open_dispute
from quotaloom.incentives.running import compute_run
from quotaloom.incentives.runs import compute_again
from quotaloom.organizations.terms import HEADSHIP, HOLDING, NewTerm, appoint
from quotaloom.platform.database import Database
from tests.integration.incentives.payroll import Payroll, open_payroll

LINE = ("base", "rate")


async def sold(database: Database, *policies: str) -> Payroll:
    """A company whose rule pays 10 percent; Ann, Bob and Cem sold for 1,000 in March."""
    payroll = await open_payroll(database, "pay.rate", *policies)
    await payroll.rule("base", "pay.rate")
    for name in ("ann", "bob", "cem"):
        await payroll.order(name, name, 1000)
    return payroll


async def paid_month(database: Database, *policies: str) -> Payroll:
    """The same, with March paid on 1 June: 100 each."""
    payroll = await sold(database, *policies)
    await payroll.pay("2026-03")
    return payroll


async def contest(
    payroll: Payroll,
    name: str,
    claimed: int | None = None,
    line: tuple[str, str] | None = LINE,
) -> int:
    """A member contests a line of his latest statement that is not cancelled, or misses one; the dispute's number."""
    rows = await payroll.fetch(
        "SELECT statement.id FROM incentive_statement AS statement JOIN incentive_run AS run"
        " ON run.company_id = statement.company_id AND run.id = statement.run_id AND run.status <> 'cancelled'"
        " WHERE statement.member_id = $1 ORDER BY run.starts_on DESC",
        payroll.members[name],
    )
    rule, key = line or (None, None)
    new = NewDispute(rows[0]["id"], "This is wrong.", rule, key, None if claimed is None else Decimal(claimed))
    return await open_dispute(payroll.as_member(name), new)


async def head(payroll: Payroll, unit: str, name: str) -> None:
    """Let a member head a unit from June on."""
    term = NewTerm(payroll.units[unit], payroll.members[name], date(2026, 6, 1))
    await payroll.work.write(lambda transaction: appoint(transaction, HEADSHIP, [term], replace=True))


async def hold(payroll: Payroll, position: str, name: str, since: date = date(2026, 6, 1)) -> None:
    """Let a member hold a position from June on."""
    term = NewTerm(payroll.units[position], payroll.members[name], since)
    await payroll.work.write(lambda transaction: appoint(transaction, HOLDING, [term], replace=True))


async def again(payroll: Payroll, run_id: int, attempt: int = 2) -> None:
    """Compute a draft again."""
    await compute_again(payroll.as_member("ada"), run_id)
    await compute_run(payroll.work, payroll.host, run_id, attempt)


async def grant(payroll: Payroll, dispute_id: int, amount: int | None = None, by: str = "ada") -> None:
    """Grant a dispute, all that was claimed or an amount in yuan."""
    decision = Decision("You are right.", granted=True, amount=None if amount is None else Decimal(amount))
    await decide_dispute(payroll.as_member(by), dispute_id, decision)
