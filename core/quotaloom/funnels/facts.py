"""Customers and deals as policies and plugins are told of them, many at once.

`unit_ids` are the positions whose deals may be told of; None stands for all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from asyncpg import Record

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.funnels.reads import customers_by_id
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom_sdk import NO_ATTRIBUTES, Attributes, CustomerFact, DealFact

_DEALS = """
SELECT deal.id, deal.name, deal.amount, deal.currency, deal.position_id, deal.member_id, deal.customer_id,
    deal.opened_on, deal.expected_close_on, deal.closed_on, customer.name AS customer_name, product.key AS product_key
FROM opportunity AS deal
LEFT JOIN customer ON customer.company_id = deal.company_id AND customer.id = deal.customer_id
LEFT JOIN product ON product.company_id = deal.company_id AND product.id = deal.product_id
WHERE deal.company_id = $1 AND deal.id = ANY($2::bigint[]) AND ($3::bigint[] IS NULL OR deal.position_id = ANY($3))
"""

Noted = Mapping[int, Attributes]


async def customer_facts(
    snapshot: Snapshot, ids: Sequence[int], unit_ids: Collection[int] | None = None
) -> dict[int, CustomerFact]:
    """The customers of these ids that have a deal of one of the positions, or no deal at all, by id."""
    rows = await customers_by_id(snapshot, ids, unit_ids)
    noted = await attributes_of(snapshot, Subject.CUSTOMER, [row["id"] for row in rows])
    return {row["id"]: CustomerFact(str(row["id"]), row["name"], attributes=noted[row["id"]]) for row in rows}


async def deal_facts(
    snapshot: Snapshot, ids: Sequence[int], unit_ids: Collection[int] | None = None, *, attributes: bool = True
) -> dict[int, DealFact]:
    """The deals of these ids that belong to the positions, with their customers, by id; attributes where asked for."""
    rows = await snapshot.fetch(_DEALS, snapshot.company_id, list(ids), unit_ids)
    deals: Noted = {}
    customers: Noted = {}
    if attributes:
        deals = await attributes_of(snapshot, Subject.OPPORTUNITY, [row["id"] for row in rows])
        customer_ids = sorted({row["customer_id"] for row in rows} - {None})
        customers = await attributes_of(snapshot, Subject.CUSTOMER, customer_ids)
    return {row["id"]: _deal(row, deals, customers) for row in rows}


def _deal(row: Record, deals: Noted, customers: Noted) -> DealFact:
    customer = None
    if row["customer_id"] is not None:
        noted = customers.get(row["customer_id"], NO_ATTRIBUTES)
        customer = CustomerFact(str(row["customer_id"]), row["customer_name"], attributes=noted)
    return DealFact(
        id=str(row["id"]),
        name=row["name"],
        amount=row["amount"],
        currency=row["currency"],
        position_id=str(row["position_id"]),
        member_id=None if row["member_id"] is None else str(row["member_id"]),
        product_key=row["product_key"],
        customer=customer,
        opened_on=row["opened_on"],
        expected_close_on=row["expected_close_on"],
        closed_on=row["closed_on"],
        attributes=deals.get(row["id"], NO_ATTRIBUTES),
    )
