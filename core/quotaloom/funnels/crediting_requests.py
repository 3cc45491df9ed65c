"""What a crediting rule is told of deals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from asyncpg import Record

from quotaloom.achievements.splits import CreditKind
from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom_sdk import (
    NO_ATTRIBUTES,
    Attributes,
    Credit,
    CreditingRequest,
    CustomerFact,
    DealFact,
    Need,
    Parameters,
)

_DEALS = """
SELECT deal.id, deal.name, deal.position_id, deal.member_id, deal.customer_id, deal.opened_on,
    deal.expected_close_on, customer.name AS customer_name, product.key AS product_key
FROM opportunity AS deal
LEFT JOIN customer ON customer.company_id = deal.company_id AND customer.id = deal.customer_id
LEFT JOIN product ON product.company_id = deal.company_id AND product.id = deal.product_id
WHERE deal.id = ANY($1)
"""

Noted = Mapping[int, Attributes]


@dataclass(frozen=True, slots=True)
class WinFacts:
    """A deal that is won, or about to be, on `closed_on`; `amount` in minor units of `currency`.

    `version` is that of the deal that was read.
    """

    deal_id: int
    version: int
    amount: int
    currency: str
    closed_on: date


async def crediting_requests(
    snapshot: Snapshot, wins: Sequence[WinFacts], needs: frozenset[Need]
) -> list[CreditingRequest[Any]]:
    """A request for each deal, in their order; all must exist. What `needs` does not name is not read.

    Attributes are those of the snapshot's moment: what is noted after the rule was asked changes no credit.
    """
    ids = [win.deal_id for win in wins]
    rows = {row["id"]: row for row in await snapshot.fetch(_DEALS, ids)}
    named = await _named(snapshot, ids)
    deals: Noted = {}
    customers: Noted = {}
    if Need.ATTRIBUTES in needs:
        deals = await attributes_of(snapshot, Subject.OPPORTUNITY, ids)
        customer_ids = sorted({row["customer_id"] for row in rows.values()} - {None})
        customers = await attributes_of(snapshot, Subject.CUSTOMER, customer_ids)
    return [
        CreditingRequest(
            _deal(rows[win.deal_id], win, deals, customers), tuple(named.get(win.deal_id, ())), Parameters()
        )
        for win in wins
    ]


async def _named(snapshot: Snapshot, ids: Sequence[int]) -> dict[int, list[Credit]]:
    rows = await snapshot.fetch(
        "SELECT opportunity_id, position_id, member_id, credit, share FROM opportunity_split"
        " WHERE opportunity_id = ANY($1) ORDER BY opportunity_id, ordinal",
        list(ids),
    )
    found: dict[int, list[Credit]] = {}
    for row in rows:
        overlay = row["credit"] == CreditKind.OVERLAY.value
        credit = Credit(str(row["position_id"]), Fraction(row["share"]), overlay, str(row["member_id"]))
        found.setdefault(row["opportunity_id"], []).append(credit)
    return found


def _deal(row: Record, win: WinFacts, deals: Noted, customers: Noted) -> DealFact:
    customer = None
    if row["customer_id"] is not None:
        noted = customers.get(row["customer_id"], NO_ATTRIBUTES)
        customer = CustomerFact(str(row["customer_id"]), row["customer_name"], attributes=noted)
    return DealFact(
        id=str(row["id"]),
        name=row["name"],
        amount=win.amount,
        currency=win.currency,
        position_id=str(row["position_id"]),
        member_id=None if row["member_id"] is None else str(row["member_id"]),
        product_key=row["product_key"],
        customer=customer,
        opened_on=row["opened_on"],
        expected_close_on=row["expected_close_on"],
        closed_on=win.closed_on,
        attributes=deals.get(row["id"], NO_ATTRIBUTES),
    )
