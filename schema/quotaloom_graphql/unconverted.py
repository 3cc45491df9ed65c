"""Deals in currencies that cannot be converted."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.funnels.worth import Unconverted
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import format_amount


@strawberry.type(description="Deals in a currency without a rate; they are in no sum.")
class UnconvertedAmount:
    """What could not be converted."""

    currency: str = strawberry.field(description="ISO 4217 code.")
    count: int = strawberry.field(description="How many deals.")
    amount: Decimal = strawberry.field(description="Their sum in that currency.")


def unconverted_amounts(found: Iterable[Unconverted]) -> list[dict[str, Any]]:
    """As the graph shows them, each with the decimal places of its currency."""
    return [
        {
            "currency": apart.currency,
            "count": apart.count,
            "amount": format_amount(apart.amount, currency_scale(apart.currency)),
        }
        for apart in found
    ]
