"""New customers: one count each, with the first deal that is won."""

from __future__ import annotations

import asyncio
from datetime import date

from quotaloom.achievements.ledger import Reversal, reverse
from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.stage_changes import reopen_opportunity, win_opportunity
from quotaloom.funnels.deals import OpportunityRow
from quotaloom.funnels.opportunity_batches import insert_opportunities
from quotaloom.platform.database import Database
from tests.integration.funnels.floors import HOST, TODAY, Floor, furnish

APRIL, MAY = date(2026, 4, 10), date(2026, 5, 20)

NEW = "new_customers"


async def customer(floor: Floor, name: str = "Contoso") -> int:
    return await create_customer(floor.work, NewCustomer(name))


async def counted(floor: Floor) -> list[tuple[int, date]]:
    """What stands under the metric, entry by entry."""
    rows = await floor.rows(
        "SELECT amount, business_date FROM achievement_entry JOIN metric ON metric.id = metric_id"
        " WHERE metric.key = $1 ORDER BY achievement_entry.id",
        NEW,
    )
    return [(row["amount"], row["business_date"]) for row in rows]


async def test_the_first_win_of_a_customer_counts_him_once(database: Database) -> None:
    """Ann wins Contoso in April, Bob sells to it again in May: one new customer, Ann's, of April."""
    floor = await furnish(database)
    contoso = await customer(floor)
    first, second = [await floor.open(name, customer_id=contoso) for name in ("ann", "bob")]
    await win_opportunity(floor.work, HOST, first, on=APRIL)
    await win_opportunity(floor.work, HOST, second, on=MAY)
    assert await counted(floor) == [(1, APRIL)]
    assert await floor.ledger(NEW) == {"ann": (1, 0)}
    assert await floor.ledger("orders") == {"ann": (1, 0), "bob": (1, 0)}


async def test_a_deal_without_a_customer_counts_none(database: Database) -> None:
    """Nobody knows who bought, so nobody is new."""
    floor = await furnish(database)
    await win_opportunity(floor.work, HOST, await floor.open("ann"))
    assert await counted(floor) == []


async def test_a_new_customer_is_credited_like_the_order(database: Database) -> None:
    """At 30/70 the larger share has the count, the other and the engineer have it as overlay."""
    floor = await furnish(database)
    splits = [floor.split("ann", "0.3"), floor.split("bob", "0.7"), floor.split("eve", "1", CreditKind.OVERLAY)]
    deal = await floor.open("ann", splits=splits, customer_id=await customer(floor))
    await win_opportunity(floor.work, HOST, deal)
    assert await floor.ledger(NEW) == {"ann": (0, 1), "bob": (1, 0), "eve": (0, 1)}


async def test_undoing_the_only_win_takes_the_count_back(database: Database) -> None:
    """Won in April, reopened, won again in May: −1 in April and one in May, one new customer in all."""
    floor = await furnish(database)
    deal = await floor.open("ann", customer_id=await customer(floor))
    await win_opportunity(floor.work, HOST, deal, on=APRIL)
    await reopen_opportunity(floor.work, deal)
    assert await floor.ledger(NEW) == {"ann": (0, 0)}
    await win_opportunity(floor.work, HOST, deal, on=MAY)
    assert await counted(floor) == [(1, APRIL), (-1, APRIL), (1, MAY)]


async def test_the_next_win_takes_the_place_of_one_that_is_undone(database: Database) -> None:
    """Ann's win of April is undone: Bob's of 20 May counts, as split as its order, and not Cem's of 1 June."""
    floor = await furnish(database)
    contoso = await customer(floor)
    splits = [floor.split("bob", "0.6"), floor.split("ann", "0.4")]
    first = await floor.open("ann", customer_id=contoso)
    later = await floor.open("cem", customer_id=contoso)
    second = await floor.open("bob", customer_id=contoso, splits=splits)
    for deal, day in ((first, APRIL), (later, TODAY), (second, MAY)):
        await win_opportunity(floor.work, HOST, deal, on=day)
    await reopen_opportunity(floor.work, first)
    assert await counted(floor) == [(1, APRIL), (-1, APRIL), (1, MAY), (1, MAY)]
    assert await floor.ledger(NEW) == {"ann": (0, 1), "bob": (1, 0)}
    await win_opportunity(floor.work, HOST, first, on=TODAY)
    assert await floor.ledger(NEW) == {"ann": (0, 1), "bob": (1, 0)}


async def test_undoing_another_win_leaves_the_count(database: Database) -> None:
    """Bob's later deal is reopened: Ann's count of April stays as it is."""
    floor = await furnish(database)
    contoso = await customer(floor)
    first, second = [await floor.open(name, customer_id=contoso) for name in ("ann", "bob")]
    await win_opportunity(floor.work, HOST, first, on=APRIL)
    await win_opportunity(floor.work, HOST, second, on=MAY)
    await reopen_opportunity(floor.work, second)
    assert await counted(floor) == [(1, APRIL)]


async def test_a_count_that_was_corrected_by_hand_is_not_made_again(database: Database) -> None:
    """Contoso was known before, says somebody, and takes the count back: the next deal does not bring it up again."""
    floor = await furnish(database)
    contoso = await customer(floor)
    first, second = [await floor.open(name, customer_id=contoso) for name in ("ann", "bob")]
    await win_opportunity(floor.work, HOST, first, on=APRIL)
    entry = await floor.one(
        "SELECT entry.id FROM achievement_entry AS entry JOIN metric ON metric.id = metric_id WHERE key = $1", NEW
    )
    correction = Reversal(entry["id"], None, "correction-1", "C-1")
    await floor.work.write(lambda transaction: reverse(transaction, floor.work.company, [correction]))
    await win_opportunity(floor.work, HOST, second, on=MAY)
    assert await counted(floor) == [(1, APRIL), (-1, APRIL)]


async def test_of_many_wins_at_once_the_earliest_counts(database: Database) -> None:
    """An import has Contoso's deals of May and April and one of Fabrikam: Contoso is new in April, with Bob."""
    floor = await furnish(database)
    contoso, fabrikam = await customer(floor), await customer(floor, "Fabrikam")
    wins = [("ann", contoso, MAY), ("bob", contoso, APRIL), ("cem", fabrikam, MAY), ("ann", contoso, APRIL)]
    rows = [
        OpportunityRow(floor.deal(name, stage_id=floor.stages["won"], customer_id=of), closed_on=day)
        for name, of, day in wins
    ]
    await floor.work.write(lambda transaction: insert_opportunities(transaction, floor.work.company, rows))
    assert await floor.ledger(NEW) == {"bob": (1, 0), "cem": (1, 0)}
    assert await counted(floor) == [(1, APRIL), (1, MAY)]


async def test_ten_deals_of_one_customer_won_at_once_count_one(database: Database) -> None:
    """Whoever is first, the other nine find the customer counted."""
    floor = await furnish(database)
    contoso = await customer(floor)
    deals = [await floor.open(name, customer_id=contoso) for name in ("ann", "bob") * 5]
    await asyncio.gather(*(win_opportunity(floor.work, HOST, deal, on=MAY) for deal in deals))
    assert await counted(floor) == [(1, MAY)]
