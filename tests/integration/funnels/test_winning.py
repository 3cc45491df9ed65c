"""Winning and reopening deals, and what stands in the ledger then."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal

import pytest

from quotaloom.achievements.ledger import Reversal, reverse
from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.commands.stage_changes import (
    lose_opportunity,
    move_opportunity,
    reopen_opportunity,
    win_opportunity,
)
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.rates import RateKind
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from tests.integration.funnels.floors import HOST, TODAY, furnish

MAY = date(2026, 5, 20)


async def test_winning_posts_revenue_and_one_order_on_the_close_date(database: Database) -> None:
    """Ann's deal of 1,000.00 won on 20 May is her revenue and her one order of that day."""
    floor = await furnish(database)
    deal = await floor.open("ann", key="D-1")
    await win_opportunity(floor.work, HOST, deal, on=MAY)
    rows = await floor.rows(
        "SELECT metric.key, entry.* FROM achievement_entry AS entry JOIN metric ON metric.id = metric_id ORDER BY 1"
    )
    assert [(row["key"], row["amount"], row["business_date"]) for row in rows] == [
        ("orders", 1, MAY),
        ("revenue", 1_000_00, MAY),
    ]
    assert {(row["member_id"], row["source"], row["source_key"], row["opportunity_id"]) for row in rows} == {
        (floor.members["ann"], "opportunity", "D-1", deal)
    }
    assert rows[1]["idempotency_key"] == f"opportunity:{deal}:win:1:revenue#0"
    stored = await floor.one("SELECT * FROM opportunity")
    assert (stored["stage_id"], stored["closed_on"], stored["wins"]) == (floor.stages["won"], MAY, 1)


@pytest.mark.parametrize(
    ("amount", "parts"),
    [(100_001_00, (50_000_50, 30_000_30, 20_000_20)), (100_01, (50_01, 30_00, 20_00))],
)
async def test_a_split_deal_credits_each_exactly_and_the_engineer_on_top(
    database: Database, amount: int, parts: tuple[int, int, int]
) -> None:
    """100,001.00 at 50/30/20 is 50,000.50, 30,000.30, 20,000.20; a 100% overlay adds nothing to the company."""
    floor = await furnish(database)
    splits = [floor.split("ann", "0.5"), floor.split("bob", "0.3"), floor.split("cem", "0.2")]
    splits.append(floor.split("eve", "1", CreditKind.OVERLAY))
    deal = await floor.open("ann", amount=amount, splits=splits)
    await win_opportunity(floor.work, HOST, deal)
    assert await floor.ledger() == {
        "ann": (parts[0], 0),
        "bob": (parts[1], 0),
        "cem": (parts[2], 0),
        "eve": (0, amount),
    }
    assert await floor.ledger("orders") == {"ann": (1, 0), "bob": (0, 1), "cem": (0, 1), "eve": (0, 1)}


async def test_reopening_reverses_and_a_second_win_posts_its_own_amount(database: Database) -> None:
    """Won for 1,000.00, reopened, won for 800.00: the ledger has 1,000.00, -1,000.00 and 800.00, and one order."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await win_opportunity(floor.work, HOST, deal, on=MAY)
    await reopen_opportunity(floor.work, deal)
    assert await floor.ledger() == {"ann": (0, 0)}
    assert await floor.ledger("orders") == {"ann": (0, 0)}
    await win_opportunity(floor.work, HOST, deal, on=TODAY, amount=800_00)
    rows = await floor.rows(
        "SELECT amount, business_date FROM achievement_entry JOIN metric ON metric.id = metric_id"
        " WHERE metric.key = 'revenue' ORDER BY achievement_entry.id"
    )
    assert [tuple(row) for row in rows] == [(1_000_00, MAY), (-1_000_00, MAY), (800_00, TODAY)]
    assert await floor.ledger("orders") == {"ann": (1, 0)}


async def test_a_reversal_carries_the_day_of_the_reopening_where_the_company_says_so(database: Database) -> None:
    """With reversals on their own date, a win of 20 May reopened on 1 June leaves May as it was."""
    floor = await furnish(database, reversal_date="own")
    deal = await floor.open("ann")
    await win_opportunity(floor.work, HOST, deal, on=MAY)
    await reopen_opportunity(floor.work, deal, on=TODAY)
    rows = await floor.rows("SELECT business_date FROM achievement_entry WHERE reverses_id IS NOT NULL")
    assert [row["business_date"] for row in rows] == [TODAY, TODAY]


async def test_a_refund_is_not_taken_back_twice(database: Database) -> None:
    """Of 1,000.00 won, 400.00 are refunded; reopening reverses the other 600.00."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await win_opportunity(floor.work, HOST, deal)
    entry = await floor.one("SELECT id FROM achievement_entry WHERE currency IS NOT NULL")
    refund = Reversal(entry["id"], 400_00, "refund-1", "R-1")
    await floor.work.write(lambda transaction: reverse(transaction, floor.work.company, [refund]))
    await reopen_opportunity(floor.work, deal)
    assert await floor.ledger() == {"ann": (0, 0)}
    rows = await floor.rows("SELECT amount FROM achievement_entry WHERE currency IS NOT NULL ORDER BY id")
    assert [row["amount"] for row in rows] == [1_000_00, -400_00, -600_00]


async def test_two_wins_at_once_post_once(database: Database) -> None:
    """Ten people win the same deal at the same time: one does, nine are told that it is won."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    answers = await asyncio.gather(
        *(win_opportunity(floor.work, HOST, deal) for _ in range(10)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, InputError)]
    assert (answers.count(None), [error.code for error in refused]) == (1, ["CLOSED"] * 9)
    assert await floor.ledger() == {"ann": (1_000_00, 0)}
    assert await floor.ledger("orders") == {"ann": (1, 0)}


async def test_moving_to_the_won_stage_is_winning(database: Database) -> None:
    """A move into the won stage posts as a win does."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await move_opportunity(floor.work, HOST, deal, floor.stages["won"], on=MAY)
    assert await floor.ledger() == {"ann": (1_000_00, 0)}
    assert (await floor.one("SELECT closed_on, wins FROM opportunity"))["wins"] == 1


async def test_another_currency_is_converted_when_won(database: Database) -> None:
    """10,000 USD booked at 7.20 on the close date are revenue of 72,000."""
    floor = await furnish(database)
    await set_exchange_rate(floor.work, "USD", RateKind.BOOKING, MAY, Decimal("7.20"))
    deal = await floor.open("ann", amount=10_000_00, currency="USD")
    await win_opportunity(floor.work, HOST, deal, on=MAY)
    assert await floor.ledger() == {"ann": (72_000_00, 0)}


async def test_a_win_that_the_ledger_refuses_changes_nothing(database: Database) -> None:
    """Without a rate for the dollar the deal stays open, and the error names the currency."""
    floor = await furnish(database)
    deal = await floor.open("ann", currency="USD")
    with pytest.raises(InputError) as caught:
        await win_opportunity(floor.work, HOST, deal)
    assert (caught.value.code, caught.value.path) == ("MISSING_RATE", ("currency",))
    stored = await floor.one("SELECT stage_id, wins, version FROM opportunity")
    assert tuple(stored) == (floor.stages["lead"], 0, 1)


async def test_a_vacant_position_wins_nothing(database: Database) -> None:
    """Where nobody held the position on the close date, the error names the position."""
    floor = await furnish(database)
    deal = await floor.open("empty")
    with pytest.raises(InputError) as caught:
        await win_opportunity(floor.work, HOST, deal)
    assert (caught.value.code, caught.value.path) == ("NO_HOLDER", ("positionId",))


@pytest.mark.parametrize("values", [{"amount": None}, {"amount": 500_00, "amount_estimated": True}])
async def test_a_win_needs_an_amount_that_is_no_estimate(database: Database, values: dict[str, object]) -> None:
    """A list price is not revenue: it is refused until somebody tells what the deal was won for."""
    floor = await furnish(database)
    deal = await floor.open("ann", **values)
    with pytest.raises(InputError) as caught:
        await win_opportunity(floor.work, HOST, deal)
    assert (caught.value.code, caught.value.path) == ("AMOUNT_NEEDED", ("amount",))
    await win_opportunity(floor.work, HOST, deal, amount=480_00)
    assert await floor.ledger() == {"ann": (480_00, 0)}
    assert not (await floor.one("SELECT amount_estimated FROM opportunity"))["amount_estimated"]


async def test_losing_posts_nothing(database: Database) -> None:
    """A lost deal has its date and its reason, and the ledger stays empty."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    await lose_opportunity(floor.work, deal, on=MAY, reason="too expensive")
    stored = await floor.one("SELECT * FROM opportunity")
    assert (stored["stage_id"], stored["closed_on"], stored["lost_reason"]) == (
        floor.stages["lost"],
        MAY,
        "too expensive",
    )
    assert await floor.ledger() == {}


async def test_a_win_that_no_balance_could_hold_is_refused(database: Database) -> None:
    """A second deal of 92,233,720,368,547,758.07 on one day is refused at its amount and stays open."""
    floor = await furnish(database)
    first, second = [await floor.open("ann", amount=2**63 - 1) for _ in range(2)]
    await win_opportunity(floor.work, HOST, first, on=MAY)
    with pytest.raises(InputError, match="would not fit into 64 bits") as caught:
        await win_opportunity(floor.work, HOST, second, on=MAY)
    assert (caught.value.code, caught.value.path) == ("TOO_LARGE", ("amount",))
    assert (await floor.one("SELECT wins FROM opportunity WHERE id = $1", second))["wins"] == 0
