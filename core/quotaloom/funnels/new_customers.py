"""New customers: each counts once, with the first of his deals that is won, credited like its order.

A deal that is entered later counts for nobody, even if it was won earlier. Where the win that counted is undone, the
earliest deal of the customer that is still won takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from quotaloom.achievements.entries import Draft, PostedEntry
from quotaloom.achievements.storing import ENTRY_COLUMNS, posted, store
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts

# Every writer takes customers before all else that he waits for, and in one order.
_HOLD = "SELECT FROM customer WHERE company_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE"

_WON = """
FROM opportunity AS deal JOIN stage ON stage.company_id = deal.company_id AND stage.id = deal.stage_id
    AND stage.outcome = 'won'
"""

_WON_OF_CUSTOMERS = f"""
SELECT deal.customer_id, 'opportunity:' || deal.id || ':win:' || deal.wins || ':customer#0' AS key {_WON}
WHERE deal.company_id = $1 AND deal.customer_id = ANY($2)
"""

_WRITTEN = """
SELECT entry.idempotency_key FROM unnest($1::text[]) AS wanted (key)
JOIN achievement_entry AS entry ON entry.idempotency_key = wanted.key
"""

_ORDER_OF_THE_EARLIEST = f"""
WITH earliest AS MATERIALIZED (
    SELECT deal.id, deal.wins {_WON} WHERE deal.company_id = $1 AND deal.customer_id = $2
    ORDER BY deal.closed_on, deal.id LIMIT 1
)
SELECT {", ".join(f"entry.{name}" for name in ENTRY_COLUMNS.split(", "))} FROM earliest
JOIN achievement_entry AS entry ON entry.company_id = $1 AND entry.opportunity_id = earliest.id
    AND starts_with(entry.idempotency_key, 'opportunity:' || earliest.id || ':win:' || earliest.wins || ':order#')
ORDER BY entry.id
"""  # noqa: S608 (constants)


async def hold_customers(transaction: Transaction, customer_ids: Sequence[int | None]) -> None:
    """Wait for everybody else who wins or reopens deals of these customers; held until the transaction ends."""
    wanted = sorted({customer_id for customer_id in customer_ids if customer_id is not None})
    if wanted:
        await transaction.fetch(_HOLD, transaction.company_id, wanted)


async def first_wins(source: Snapshot | Transaction, wins: Sequence[tuple[int | None, date]]) -> frozenset[int]:
    """The places of the wins that are the first of their customers: of several, the earliest, then the first named.

    `wins` are the customer, who is held where they are written, and the close date of each.
    """
    customers = sorted({customer_id for customer_id, _ in wins if customer_id is not None})
    if not customers:
        return frozenset()
    counted = await _counted(source, customers)
    firsts: dict[int, int] = {}
    for place in sorted(range(len(wins)), key=lambda place: wins[place][1]):
        customer_id = wins[place][0]
        if customer_id is not None and customer_id not in counted:
            firsts.setdefault(customer_id, place)
    return frozenset(firsts.values())


async def pass_on(transaction: Transaction, company: CompanyFacts, metric_id: int, customer_id: int) -> None:
    """Count the customer, who is held, with the earliest deal that is won, unless a deal that is won has counted him.

    The entries are those of that deal's order, as it was credited then.
    """
    if await _counted(transaction, [customer_id]):
        return
    rows = await transaction.fetch(_ORDER_OF_THE_EARLIEST, transaction.company_id, customer_id)
    await store(transaction, company, [_counting(posted(row), metric_id) for row in rows])


async def _counted(source: Snapshot | Transaction, customer_ids: Sequence[int]) -> set[int]:
    """Those of the customers whom a deal that is won has counted."""
    won = await source.fetch(_WON_OF_CUSTOMERS, source.company_id, customer_ids)
    # Two statements, as the planner cannot know how few entries have one of these keys, and might try all.
    rows = await source.fetch(_WRITTEN, [row["key"] for row in won])
    written = {row["idempotency_key"] for row in rows}
    return {row["customer_id"] for row in won if row["key"] in written}


def _counting(order: PostedEntry, metric_id: int) -> Draft:
    return Draft(
        metric_id=metric_id,
        position_id=order.position_id,
        member_id=order.member_id,
        business_date=order.business_date,
        credit=order.credit,
        amount=order.amount,
        original_amount=order.original_amount,
        currency=None,
        rate=None,
        source=order.source,
        source_key=order.source_key,
        idempotency_key=order.idempotency_key.replace(":order#", ":customer#"),
        opportunity_id=order.opportunity_id,
        customer_id=order.customer_id,
        product_id=order.product_id,
    )
