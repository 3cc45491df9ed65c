"""What must always hold of a half year: each is paid what the ledger says in the end, whichever runs came when."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from quotaloom.calendars.periods import Grain
from quotaloom.incentives.runs import cancel_run, return_run, review_run
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from tests.founding import at
from tests.integration.incentives.disputing import again, contest, grant
from tests.integration.incentives.payroll import Payroll, open_payroll

MONTHS = [f"2026-{month:02d}" for month in range(1, 7)]
PEOPLE = ("ann", "bob", "cem")
RUNS: tuple[tuple[str | None, ...], ...] = ((None,), ("east", "west"), ("west", "east"), ("west", None))


@dataclass
class Story:
    """A company with tiers, a draw and a floor by the month, and tiers by the quarter; `sold` is in yuan, by month."""

    payroll: Payroll
    chance: random.Random
    sold: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    orders: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    granted: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    async def sell(self, who: str, month: int, amount: int) -> None:
        """Post an order."""
        name = f"order-{self.payroll.posted}-{len(self.payroll.entries)}"
        await self.payroll.order(name, who, amount, f"{MONTHS[month]}-{self.chance.randint(1, 28):02d}")
        self.orders[name] = (who, month, amount)
        self.sold[who, month] += amount

    async def correct(self, name: str) -> None:
        """Take an order back in part, and credit that to somebody else or to nobody."""
        who, month, amount = self.orders.pop(name)
        part = self.chance.randint(1, amount)
        await self.payroll.refund(name, part)
        self.sold[who, month] -= part
        other = self.chance.choice([*PEOPLE, None])
        if other is not None:
            await self.sell(other, month, part)

    async def run(self, label: str, unit: str | None) -> None:
        """Pay a run, at once or after a detour; nothing happens where all have been paid."""
        payroll, detour = self.payroll, self.chance.choice(("none", "cancel", "return"))
        try:
            run_id = await payroll.draft(label, unit)
        except InputError as error:
            if error.code != "ALREADY_PAID":
                raise
            return
        if detour == "cancel":
            await cancel_run(payroll.as_member("ada"), run_id)
            run_id = await payroll.draft(label, unit)
        elif detour == "return":
            await review_run(payroll.as_member("ada"), run_id)
            who = self.chance.choice([one for one in PEOPLE if one in await payroll.statements(run_id)])
            await grant(payroll, await contest(payroll, who, 7, None))
            self.granted[who] += 7_00
            await return_run(payroll.as_member("ada"), run_id, "A dispute was granted.")
            await again(payroll, run_id)
        await payroll.close(run_id)


async def _told(database: Database, seed: int) -> Story:
    """Half a year, with orders and corrections of any month before each run, and a last run of all of each grain."""
    payroll = await open_payroll(database, "pay.tiers", "pay.floor", "pay.draw")
    await payroll.rule("tiers", "pay.tiers")
    await payroll.rule("draw", "pay.draw", ordinal=5, parameters={"amount": 1_000_00})
    await payroll.rule("floor", "pay.floor", ordinal=9)
    await payroll.rule("quarter", "pay.tiers", grain=Grain.QUARTER)
    story = Story(payroll, random.Random(seed))
    chance = story.chance
    for turn, label in enumerate(MONTHS):
        payroll.work = at(payroll.work, datetime(2026, turn + 2, 5, tzinfo=UTC))
        for _ in range(chance.randint(1, 5)):
            await story.sell(chance.choice(PEOPLE), chance.randint(0, turn), chance.randint(1, 150_000))
        for name in [one for one in story.orders if chance.random() < 0.3]:
            await story.correct(name)
        for unit in chance.choice(RUNS):
            await story.run(label, unit)
        if turn == 2:
            await payroll.pay("2026-Q1")
    for label, month in (("2026-07", 8), ("2026-Q2", 8), ("2026-Q3", 10)):
        payroll.work = at(payroll.work, datetime(2026, month, 5, tzinfo=UTC))
        await payroll.pay(label)
    return story


def _earned(yuan: int) -> int:
    """5 percent up to 100,000 and 8 above it, in minor units."""
    return 5 * min(yuan, 100_000) + 8 * max(yuan - 100_000, 0)


async def _check(database: Database, seed: int) -> None:
    story = await _told(database, seed)
    for who in PEOPLE:
        rows = await story.payroll.fetch(
            "SELECT run.grain, statement.total, statement.carried_out, statement.advanced_after"
            " FROM incentive_statement AS statement JOIN incentive_run AS run ON run.id = statement.run_id"
            " WHERE statement.member_id = $1 AND run.status = 'paid' ORDER BY run.starts_on",
            story.payroll.members[who],
        )
        by_month = [row for row in rows if row["grain"] == "month"]
        open_still = by_month[-1]["carried_out"] - by_month[-1]["advanced_after"]
        months = [story.sold[who, month] for month in range(6)]
        assert sum(row["total"] for row in by_month) + open_still == sum(map(_earned, months)) + story.granted[who]
        quarters = (sum(months[:3]), sum(months[3:]))
        assert sum(row["total"] for row in rows if row["grain"] == "quarter") == sum(map(_earned, quarters))


@pytest.mark.parametrize("seed", [6])
async def test_each_is_paid_what_the_ledger_says_in_the_end(database: Database, seed: int) -> None:
    """Runs of subtrees in any order, cancelled, returned, with grants; refunds, moved deals: nothing twice or lost."""
    await _check(database, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 130))
async def test_so_it_is_in_many_more_stories(database: Database, seed: int) -> None:
    """The same with other chances."""
    await _check(database, seed)
