"""Amounts at the end of what 64 bits hold."""

from __future__ import annotations

from datetime import date

import pytest

from quotaloom.achievements.rollups import achieved_at_plan_rate, achieved_by_member, achieved_by_unit
from quotaloom.achievements.verification import verify_balances
from quotaloom.calendars.periods import date_range
from quotaloom.metrics.rates import RateKind
from quotaloom.metrics.reads import rate_table
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from tests.integration.achievements.trees import append, plant

YEAR = date_range(date(2026, 1, 1), date(2027, 1, 1))

TEAM = {"acme": None, "ann": "acme", "bob": "acme"}


async def test_sums_may_pass_what_one_balance_holds(database: Database) -> None:
    """Two positions with 92,233,720,368,547,758.07 each make 184,467,440,737,095,516.14 of their team."""
    tree = await plant(database, TEAM)
    await append(
        tree.work,
        tree.posting("a", 9_223_372_036_854_775_807, tree.direct("ann")),
        tree.posting("b", 9_223_372_036_854_775_807, tree.direct("bob"), tree.overlay("ann")),
    )
    units, metric = [tree.units["acme"], tree.units["ann"]], tree.counting()
    async with tree.work.snapshot() as snapshot:
        rates = await rate_table(snapshot, "CNY", RateKind.PLAN)
        rolled = await achieved_by_unit(snapshot, units, metric, [YEAR])
        planned = await achieved_at_plan_rate(snapshot, units, metric, 2, [YEAR], rates)
        (member,) = await achieved_by_member(snapshot, [tree.members["ann"]], metric, [YEAR])
        assert await verify_balances(snapshot) == []
    expected = [18_446_744_073_709_551_614, 18_446_744_073_709_551_614]
    assert [row["achieved"] for row in rolled] == expected
    assert [row.achieved for row in planned] == expected
    assert all(type(row["achieved"]) is int for row in rolled)
    assert (member["achieved"], member["overlay"]) == (18_446_744_073_709_551_614, 9_223_372_036_854_775_807)


async def test_a_balance_that_would_not_fit_is_refused(database: Database) -> None:
    """One more minor unit on the fullest balance is refused with its reason, in the same batch or later."""
    tree = await plant(database, TEAM)
    full, more = tree.posting("a", LARGEST, tree.direct("ann")), tree.posting("b", 1, tree.direct("ann"))
    with pytest.raises(InputError, match="balance of a position would not fit"):
        await append(tree.work, full, more)
    await append(tree.work, full)
    with pytest.raises(InputError) as caught:
        await append(tree.work, more)
    assert caught.value.code == "TOO_LARGE"
    async with tree.work.snapshot() as snapshot:
        assert len(await snapshot.fetch("SELECT FROM achievement_entry")) == 1
