"""What must always hold: all payouts together are what one computation at the end gives, in any order and batches."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotaloom.incentives.running import compute_run
from quotaloom.incentives.runs import compute_again
from quotaloom.platform.database import Database
from tests.founding import at
from tests.integration.incentives.payroll import Payroll, open_payroll

MONTHS = ("2026-03", "2026-04")
LAST = "2026-05"
PEOPLE = ("ann", "bob", "cem")
ALL = 500


@dataclass(frozen=True)
class Deal:
    """An order of a position in one of the months, in yuan, posted before a run; part of it is refunded later."""

    position: str
    month: int
    amount: int
    posted: int
    refunded: int
    percent: int


deals = st.lists(
    st.builds(
        Deal,
        st.sampled_from(PEOPLE),
        st.integers(0, 1),
        st.integers(1, 200_000),
        st.integers(0, 2),
        st.integers(0, 2),
        st.sampled_from((0, 0, 30, 100)),
    ),
    min_size=3,
    max_size=8,
)


async def _company(database: Database, number: int) -> Payroll:
    """Tiers for all, two percent of the team's for its head, a draw for Ann, and nothing below 0."""
    payroll = await open_payroll(database, "pay.tiers", "pay.team", "pay.floor", "pay.draw", key=f"acme-{number}")
    await payroll.rule("tiers", "pay.tiers")
    await payroll.rule("override", "pay.team", ordinal=1, parameters={"percent": 2})
    east = payroll.units["east"]
    await payroll.rule("draw", "pay.draw", ordinal=2, unit_id=east, parameters={"amount": 3_000_00})
    await payroll.rule("floor", "pay.floor", ordinal=3)
    return payroll


def _paid_in(payroll: Payroll, month: int) -> None:
    """Set the clock to the fifth of the month after."""
    payroll.work = at(payroll.work, datetime(2026, 4 + month, 5, tzinfo=UTC))


async def _post(payroll: Payroll, number: int, deal: Deal) -> None:
    await payroll.order(f"deal-{number}", deal.position, deal.amount, f"{MONTHS[deal.month]}-10")


async def _refund(payroll: Payroll, number: int, deal: Deal) -> None:
    amount = deal.amount * deal.percent // 100
    if amount:
        await payroll.refund(f"deal-{number}", amount)


async def _paid_month_by_month(payroll: Payroll, given: list[Deal], batch: int) -> dict[str, int]:
    """Deals come and are refunded between the runs; each month is computed twice, in other batches."""
    sums: dict[str, int] = {}
    for turn in range(3):
        _paid_in(payroll, turn)
        for number, deal in enumerate(given):
            if max(deal.posted, deal.month) == turn:
                await _post(payroll, number, deal)
        for number, deal in enumerate(given):
            if max(deal.refunded, deal.posted, deal.month) == turn:
                await _refund(payroll, number, deal)
        await _pay(payroll, (*MONTHS, LAST)[turn], batch, sums)
    return sums


async def _pay(payroll: Payroll, label: str, batch: int, sums: dict[str, int]) -> None:
    run_id = await payroll.draft(label, batch=batch)
    found = await payroll.statements(run_id)
    if batch != ALL:
        await compute_again(payroll.as_member("ada"), run_id)
        await compute_run(payroll.work, payroll.host, run_id, 2, batch=ALL)
        again = await payroll.statements(run_id)
        assert [one["hash"] for one in again.values()] == [one["hash"] for one in found.values()]
    await payroll.close(run_id)
    for name, one in found.items():
        sums[name] = sums.get(name, 0) + one["total"]
    for name, one in found.items():
        sums[f"{name} open"] = one["carried_out"] - one["advanced_after"]


async def _paid_at_the_end(payroll: Payroll, given: list[Deal], chance: random.Random) -> dict[str, int]:
    """All deals and refunds are posted in another order, and the months are paid after that."""
    _paid_in(payroll, 2)
    order = list(enumerate(given))
    chance.shuffle(order)
    for number, deal in order:
        await _post(payroll, number, deal)
    for number, deal in order:
        await _refund(payroll, number, deal)
    sums: dict[str, int] = {}
    for label in (*MONTHS, LAST):
        await _pay(payroll, label, ALL, sums)
    return sums


def _balances(sums: dict[str, int]) -> dict[str, int]:
    """What each has been paid, with what is still carried over, without what is still to be got back."""
    names = {name.removesuffix(" open") for name in sums}
    return {name: sums.get(name, 0) + sums.get(f"{name} open", 0) for name in names}


async def _check(database: Database, given: list[Deal], seed: int) -> None:
    chance = random.Random(seed)
    one = await _company(database, 2 * seed)
    other = await _company(database, 2 * seed + 1)
    in_turn = await _paid_month_by_month(one, given, chance.choice((1, 3)))
    at_the_end = await _paid_at_the_end(other, given, chance)
    assert _balances(in_turn) == _balances(at_the_end)


_numbers = iter(range(10**9))


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(given=deals)
async def test_all_payouts_are_one_computation_at_the_end(database: Database, given: list[Deal]) -> None:
    """Whatever comes late or is refunded: payouts, and what is left open, sum to what the end alone would give."""
    await _check(database, given, next(_numbers))


@pytest.mark.soak
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(given=deals)
async def test_so_they_are_for_many_more(database: Database, given: list[Deal]) -> None:
    """The same for many more histories."""
    await _check(database, given, next(_numbers))
