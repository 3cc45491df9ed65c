"""Customers and deals as policies and plugins are told of them, many at once.

`unit_ids` are the positions whose deals may be told of; None stands for all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.funnels.opportunity_reads import opportunities_by_id
from quotaloom.funnels.reads import customers_by_id
from quotaloom.metrics.reads import products_by_id
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom_sdk import NO_ATTRIBUTES, Attributes, CustomerFact, DealFact

_NONE: Mapping[int, Attributes] = {}


async def customer_facts(
    snapshot: Snapshot, ids: Sequence[int], unit_ids: Collection[int] | None = None, *, attributes: bool = True
) -> dict[int, CustomerFact]:
    """The customers of these ids that have a deal of one of the positions, or no deal at all, by id."""
    rows = await customers_by_id(snapshot, ids, unit_ids)
    noted = await attributes_of(snapshot, Subject.CUSTOMER, [row["id"] for row in rows]) if attributes else _NONE
    return {
        row["id"]: CustomerFact(str(row["id"]), row["name"], attributes=noted.get(row["id"], NO_ATTRIBUTES))
        for row in rows
    }


async def deal_facts(
    snapshot: Snapshot, ids: Sequence[int], unit_ids: Collection[int] | None = None, *, attributes: bool = True
) -> dict[int, DealFact]:
    """The deals of these ids that belong to the positions, with their customers, by id."""
    rows = await opportunities_by_id(snapshot, ids, unit_ids)
    noted = await attributes_of(snapshot, Subject.OPPORTUNITY, [row["id"] for row in rows]) if attributes else _NONE
    customer_ids = sorted({row["customer_id"] for row in rows} - {None})
    customers = await customer_facts(snapshot, customer_ids, attributes=attributes)
    product_ids = sorted({row["product_id"] for row in rows} - {None})
    products = {row["id"]: row["key"] for row in await products_by_id(snapshot, product_ids)}
    return {
        row["id"]: DealFact(
            id=str(row["id"]),
            name=row["name"],
            amount=row["amount"],
            currency=row["currency"],
            position_id=str(row["position_id"]),
            member_id=None if row["member_id"] is None else str(row["member_id"]),
            product_key=products.get(row["product_id"]),
            customer=customers.get(row["customer_id"]),
            opened_on=row["opened_on"],
            expected_close_on=row["expected_close_on"],
            closed_on=row["closed_on"],
            attributes=noted.get(row["id"], NO_ATTRIBUTES),
        )
        for row in rows
    }
