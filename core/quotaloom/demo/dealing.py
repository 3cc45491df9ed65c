"""Making up the deals: how many close in a month, whose they are, what they are worth, how they went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from quotaloom.achievements.splits import CreditKind
from quotaloom.calendars.periods import Period
from quotaloom.calendars.workdays import WorkingDays
from quotaloom.demo.dice import dice
from quotaloom.demo.market import FOREIGN_CURRENCY, NEEDS_ENGINEER
from quotaloom.demo.story import DemoCustomer, DemoDeal, DemoSplit, Duty, Seat
from quotaloom.demo.words import LOST_REASONS
from quotaloom.metrics.product_commands import NewProduct

DEALS_A_MONTH: Final = 110
"""How many deals close in a usual month, won or lost."""

SEASON: Final = {1: 80, 2: 55, 3: 150, 4: 75, 5: 90, 6: 115, 7: 85, 8: 85, 9: 115, 10: 80, 11: 105, 12: 165}
"""How busy a calendar month is, in percent of a usual one."""

WON, LOST = "won", "lost"
OPEN_STAGES: Final = ("qualified", "solution", "proposal", "negotiation")

WINS_IN_PERCENT: Final = 62
_QUANTITIES: Final = (1, 1, 1, 1, 2, 2, 2, 3, 4, 6)
_QUANTITIES_OF_SYSTEMS: Final = (1, 1, 1, 1, 1, 2)
_SHARES: Final = (Decimal("0.6"), Decimal("0.7"), Decimal("0.8"))
_OVERLAY: Final = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Market:
    """Who sells what to whom, and on which days."""

    seats: Sequence[Seat]
    customers: Sequence[DemoCustomer]
    products: Sequence[NewProduct]
    working: WorkingDays
    currency: str


def deals_closing_in(month: Period, growth: int, market: Market) -> list[DemoDeal]:
    """All deals that close in a calendar month, whenever that is; `growth` in percent of a usual year.

    What is made up for a month depends on that month and the market alone.
    """
    random = dice("deals", month.label)
    days = market.working.days(month.starts_on, month.ends_on)
    count = DEALS_A_MONTH * SEASON[month.starts_on.month] * growth // 10_000
    closings = sorted(random.choice(days) for _ in range(count))
    return [_deal(random, f"D-{month.label}-{number:03}", day, market) for number, day in enumerate(closings, 1)]


def as_of(deal: DemoDeal, today: date) -> DemoDeal | None:
    """The deal as it stands on a day; None where nobody knows of it yet.

    While it is open its credit is not divided.
    """
    if deal.closed_on is not None and deal.closed_on <= today:
        return deal
    if deal.opened_on > today:
        return None
    moves = tuple(move for move in deal.moves if move[1] <= today)
    return replace(deal, closed_on=None, moves=moves, lost_reason=None, splits=())


def _deal(random: Random, key: str, closed_on: date, market: Market) -> DemoDeal:
    sellers = [seat for seat in market.seats if seat.duty is not Duty.ENGINEER and seat.held_on(closed_on)]
    (seat,) = random.choices(sellers, [seat.strength for seat in sellers])
    customer, product = random.choice(market.customers), random.choice(market.products)
    won = seat.duty is Duty.SALES and random.randrange(100) < WINS_IN_PERCENT
    reached = len(OPEN_STAGES) if won else random.randint(1, len(OPEN_STAGES))
    days_taken = random.randint(20, 120)
    opened_on = closed_on - timedelta(days=days_taken)
    value = _value(random, product)
    return DemoDeal(
        key=key,
        name=f"{product.name} · {customer.name}",
        customer_key=customer.key,
        product_key=product.key,
        position_key=seat.key,
        amount=value // 700 * 100 if customer.overseas else value,
        currency=FOREIGN_CURRENCY if customer.overseas else market.currency,
        value=value,
        opened_on=opened_on,
        expected_close_on=closed_on + timedelta(days=random.randint(-7, 14)),
        closed_on=closed_on,
        moves=(*_climb(random, opened_on, days_taken, reached), (WON if won else LOST, closed_on)),
        lost_reason=None if won else random.choice(LOST_REASONS),
        splits=_splits(random, seat, product, closed_on, market.seats),
    )


def _value(random: Random, product: NewProduct) -> int:
    """A quantity, mostly small, at a discount of up to 22 percent, in whole hundreds of the currency."""
    quantity = random.choice(_QUANTITIES_OF_SYSTEMS if product.key in NEEDS_ENGINEER else _QUANTITIES)
    listed = (product.list_price or 0) * quantity
    return max(listed * random.randint(78, 100) // 100 // 10_000, 1) * 10_000


def _climb(random: Random, opened_on: date, days: int, reached: int) -> list[tuple[str, date]]:
    """The open stages that a deal climbed, with days in order; the first on the day it was opened."""
    later = sorted(random.randint(1, days) for _ in range(reached - 1))
    return [
        (stage, opened_on + timedelta(days=day)) for stage, day in zip(OPEN_STAGES[:reached], [0, *later], strict=True)
    ]


def _splits(random: Random, seat: Seat, product: NewProduct, day: date, seats: Sequence[Seat]) -> tuple[DemoSplit, ...]:
    """One deal in fourteen is shared with a colleague of the region; every other system brings in an engineer."""
    beside = [one for one in seats if one.region_key == seat.region_key and one is not seat and one.held_on(day)]
    splits = [DemoSplit(seat.key, Decimal(1))]
    if random.randrange(14) == 0:
        colleague = random.choice([one for one in beside if one.duty is Duty.SALES])
        share = random.choice(_SHARES)
        splits = [DemoSplit(seat.key, share), DemoSplit(colleague.key, 1 - share)]
    if product.key in NEEDS_ENGINEER and random.randrange(2) == 0:
        engineer = random.choice([one for one in beside if one.duty is Duty.ENGINEER])
        splits.append(DemoSplit(engineer.key, _OVERLAY, CreditKind.OVERLAY))
    return tuple(splits) if len(splits) > 1 else ()
