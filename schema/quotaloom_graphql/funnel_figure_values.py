"""Parts of the figures of funnels: sums of deals, and days."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import strawberry

from quotaloom.funnels.figures import days, sums
from quotaloom.platform.amounts import format_amount
from quotaloom_graphql.unconverted import UnconvertedAmount, unconverted_amounts

ANSWERS: Final = 100
"""The figures of how many periods are worked out at a stretch: those of a funnel with some stages take 50 µs each."""


@strawberry.type(
    description="Some deals, in the company's currency: closed ones at the booking rates of the day they closed, open"
    " ones at those of today. A deal counts whole for the position that has it, whoever shares it."
)
class DealSums:
    """Deals, counted and added up."""

    count: int = strawberry.field(description="How many.")
    amount: Decimal = strawberry.field(description="What they are worth.")
    weighted_amount: Decimal = strawberry.field(
        description="The sum of each one's worth × the win probability of its stage, rounded once, half up."
    )
    without_amount: int = strawberry.field(description="How many of them have no amount.")
    unconverted: list[UnconvertedAmount] = strawberry.field(
        description="Those left out of the amounts, for want of a rate."
    )


@strawberry.type(description="How many whole days something took.")
class DaySpread:
    """A spread of days."""

    count: int = strawberry.field(description="Of how many the days are known.")
    median: int | None = strawberry.field(description="Half of them took so many days or fewer; null without any.")
    p90: int | None = strawberry.field(description="90% of them took so many days or fewer; null without any.")
    mean: Decimal | None = strawberry.field(description="Their average, one place; null without any.")
    unknown: int = strawberry.field(description="Of how many more the days are not known; they are in nothing else.")


def deal_sums(found: sums.DealSums, scale: int) -> dict[str, Any]:
    """As the graph shows them."""
    return {
        "count": found.count,
        "amount": format_amount(found.amount, scale),
        "weighted_amount": format_amount(found.weighted_amount, scale),
        "without_amount": found.without_amount,
        "unconverted": unconverted_amounts(found.unconverted),
    }


def day_spread(found: days.DaySpread) -> dict[str, Any]:
    """As the graph shows it."""
    return {
        "count": found.count,
        "median": found.median,
        "p90": found.p90,
        "mean": found.mean,
        "unknown": found.unknown,
    }
