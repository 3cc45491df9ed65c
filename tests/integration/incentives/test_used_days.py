"""Days that a paid run has used: their rules stay, and what was paid by them is corrected whatever becomes of these."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date

import pytest

from quotaloom.calendars.periods import Grain
from quotaloom.incentives.rules import end_rule
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from tests.integration.incentives.payroll import open_payroll


async def _refused(attempt: Awaitable[object]) -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        await attempt
    return caught.value.code, str(caught.value)


async def test_days_of_a_paid_month_keep_their_rules(database: Database) -> None:
    """March is paid: its rule is neither ended nor set again within it, nor made one of quarters; from April on it is.

    A rule of quarters, for which nothing was paid yet, may begin in January.
    """
    payroll = await open_payroll(database, "pay.rate")
    rule_id = await payroll.rule("base", "pay.rate")
    await payroll.order("ann", "ann", 1000)
    await payroll.pay("2026-03")
    march, april = date(2026, 3, 31), date(2026, 4, 1)
    code, message = await _refused(payroll.rule("base", "pay.rate", valid_from=march))
    assert (code, "2026-04-01 or later" in message) == ("PAST_DAY", True)
    assert (await _refused(end_rule(payroll.work, rule_id, march)))[0] == "PAST_DAY"
    assert (await _refused(payroll.rule("base", "pay.rate", grain=Grain.QUARTER, valid_from=march)))[0] == "PAST_DAY"
    await payroll.rule("bonus", "pay.rate", grain=Grain.QUARTER)
    await payroll.rule("base", "pay.rate", grain=Grain.QUARTER, valid_from=april)
    found = await payroll.fetch("SELECT key, grain, valid_from, valid_to FROM incentive_rule ORDER BY id")
    assert [tuple(row) for row in found] == [
        ("base", "month", date(2026, 1, 1), april),
        ("bonus", "quarter", date(2026, 1, 1), None),
        ("base", "quarter", april, None),
    ]


async def test_what_was_paid_is_corrected_after_the_last_rule_has_ended(database: Database) -> None:
    """The only rule ends with March; 400 of Ann's 1,000 are refunded: a run of April, without any rule, takes 40."""
    payroll = await open_payroll(database, "pay.rate")
    await payroll.rule("base", "pay.rate", valid_to=date(2026, 4, 1))
    await payroll.order("ann", "ann", 1000)
    assert (await _refused(payroll.draft("2026-04")))[0] == "NO_RULES"
    await payroll.pay("2026-03")
    await payroll.refund("ann", 400)
    assert await payroll.totals(await payroll.draft("2026-04")) == {"ann": -40_00}
