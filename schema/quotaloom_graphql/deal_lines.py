"""The lines of deals: which products, how many of each, and for how much."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.funnels.deal_lines import DealLine, lines_of_deals
from quotaloom.metrics.currencies import currency_scale, known_currency
from quotaloom.platform.amounts import format_amount, parse_amount
from quotaloom_graphql.context import Info
from quotaloom_graphql.decimals import shortest
from quotaloom_graphql.metrics import Product, load_products
from quotaloom_graphql.nodes import decode_id
from strawberry_breadth import batch, column


async def load_lines(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The lines of deals, in their order."""
    return [
        {
            **row,
            "amount": None if row["amount"] is None else format_amount(row["amount"], currency_scale(row["currency"])),
        }
        for row in await lines_of_deals(info.context.snapshot, keys)
    ]


@strawberry.type(description="A product of a deal: how many, and for how much.")
class OpportunityLine:
    """A line."""

    quantity: Decimal = column(shortest, of="quantity", description="How many of it.")
    amount: Decimal | None = strawberry.field(
        description="What all of them are worth, in the deal's currency; null where unknown."
    )
    product: Product | None = batch(load_products, key="product_id", by="id", one=True, description="What is sold.")


@strawberry.input(description="A product of a deal.")
class OpportunityLineInput:
    """A line."""

    product_id: strawberry.ID = strawberry.field(description="What is sold.")
    quantity: Decimal = strawberry.field(
        default=Decimal(1), description="How many of it: above 0, with up to four places."
    )
    amount: Decimal | None = strawberry.field(
        default=None, description="What all of them are worth: of every line, or of none."
    )


def lines_given(lines: list[OpportunityLineInput], currency: str) -> tuple[DealLine, ...]:
    """The lines of an input, their amounts in minor units of a currency; raises `InputError`."""
    scale = currency_scale(known_currency(currency, ("currency",)))
    return tuple(
        DealLine(
            decode_id(line.product_id, "Product", ("lines", number, "productId")),
            line.quantity,
            None if line.amount is None else parse_amount(line.amount, scale, ("lines", number, "amount")),
        )
        for number, line in enumerate(lines)
    )
