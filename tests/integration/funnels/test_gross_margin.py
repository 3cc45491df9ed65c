"""Gross margin: what a win posts of it, and what other systems do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from quotaloom.achievements.commands import NewAchievement, NewReversal, post_achievements, reverse_achievement
from quotaloom.achievements.entries import Credit, EntrySource
from quotaloom.funnels.commands.stage_changes import reopen_opportunity, win_opportunity
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.product_commands import NewProduct, define_product, update_product
from quotaloom.metrics.rates import RateKind
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from tests.integration.funnels.floors import HOST, Floor, furnish

MAY = date(2026, 5, 20)

MARGIN = "gross_margin"


async def product(floor: Floor, rate: str | None) -> int:
    return await define_product(
        floor.work, NewProduct("lamp", "Lamp", gross_margin_rate=None if rate is None else Decimal(rate))
    )


async def posting(floor: Floor, amount: str, key: str = "M-1", *shares: tuple[str, str]) -> NewAchievement:
    """An order's margin on 20 May, Ann's unless told otherwise."""
    async with floor.work.snapshot() as snapshot:
        (metric,) = await metrics_by_key(snapshot, [MARGIN])
    credits = tuple(Credit(floor.units[name], Fraction(share)) for name, share in shares or [("ann", "1")])
    return NewAchievement(metric["id"], Decimal(amount), MAY, EntrySource.ORDER, key, key, credits)


async def test_a_win_posts_the_margin_of_its_product(database: Database) -> None:
    """35.5% of 1,000.01 is 355.00355, so 355.00; reopening takes it back."""
    floor = await furnish(database)
    deal = await floor.open("ann", amount=1_000_01, product_id=await product(floor, "0.355"))
    await win_opportunity(floor.work, HOST, deal, on=MAY)
    assert await floor.ledger(MARGIN) == {"ann": (355_00, 0)}
    await reopen_opportunity(floor.work, deal)
    assert await floor.ledger(MARGIN) == {"ann": (0, 0)}


async def test_half_a_cent_of_margin_is_rounded_up_and_split_exactly(database: Database) -> None:
    """Half of 0.05 is 0.025, so 0.03; at 50/50 that is 0.02 for the first named and 0.01."""
    floor = await furnish(database)
    splits = [floor.split("ann", "0.5"), floor.split("bob", "0.5")]
    deal = await floor.open("ann", amount=5, splits=splits, product_id=await product(floor, "0.5"))
    await win_opportunity(floor.work, HOST, deal, on=MAY)
    assert await floor.ledger(MARGIN) == {"ann": (2, 0), "bob": (1, 0)}


async def test_the_margin_of_a_deal_in_another_currency_is_converted_like_its_revenue(database: Database) -> None:
    """A quarter of 10,000 USD at 7.20 is 2,500 USD, 18,000."""
    floor = await furnish(database)
    await set_exchange_rate(floor.work, "USD", RateKind.BOOKING, MAY, Decimal("7.20"))
    deal = await floor.open("ann", amount=10_000_00, currency="USD", product_id=await product(floor, "0.25"))
    await win_opportunity(floor.work, HOST, deal, on=MAY)
    entry = await floor.one(
        "SELECT entry.* FROM achievement_entry AS entry JOIN metric ON metric.id = metric_id WHERE key = $1", MARGIN
    )
    assert (entry["original_amount"], entry["currency"], entry["amount"]) == (2_500_00, "USD", 18_000_00)


async def test_an_unknown_margin_is_not_taken_for_nothing(database: Database) -> None:
    """A product without a rate, and a deal without a product, post no margin; a rate of 0 posts 0."""
    floor = await furnish(database)
    lamp = await product(floor, None)
    for product_id in (lamp, None):
        await win_opportunity(floor.work, HOST, await floor.open("ann", product_id=product_id), on=MAY)
    assert await floor.ledger(MARGIN) == {}
    await update_product(floor.work, lamp, {"gross_margin_rate": Decimal(0)})
    await win_opportunity(floor.work, HOST, await floor.open("ann", product_id=lamp), on=MAY)
    assert await floor.ledger(MARGIN) == {"ann": (0, 0)}


async def test_an_order_at_a_loss_has_a_negative_margin(database: Database) -> None:
    """−0.05 at 50/50 is −0.03 for the first named and −0.02; the whole of an entry can be taken back, no part."""
    floor = await furnish(database)
    loss = await posting(floor, "-0.05", "M-1", ("ann", "0.5"), ("bob", "0.5"))
    first, _ = await post_achievements(floor.work, [loss])
    assert await floor.ledger(MARGIN) == {"ann": (-3, 0), "bob": (-2, 0)}
    assert [entry.replayed for entry in await post_achievements(floor.work, [loss])] == [True, True]
    with pytest.raises(InputError) as caught:
        await reverse_achievement(floor.work, NewReversal(first.id, "R-1", "wrong", Decimal("0.01")))
    assert caught.value.code == "MORE_THAN_IS_LEFT"
    await reverse_achievement(floor.work, NewReversal(first.id, "R-1", "wrong"))
    assert await floor.ledger(MARGIN) == {"ann": (0, 0), "bob": (-2, 0)}


async def test_a_margin_that_does_not_fit_is_refused(database: Database) -> None:
    """Less than −92,233,720,368,547,758.07 is as bad as more than its opposite."""
    floor = await furnish(database)
    with pytest.raises(InputError) as caught:
        await post_achievements(floor.work, [await posting(floor, "-92233720368547758.08")])
    assert (caught.value.code, caught.value.path) == ("TOO_LARGE", ("items", 0, "amount"))
