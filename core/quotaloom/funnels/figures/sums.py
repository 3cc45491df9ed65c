"""How many deals, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce

from quotaloom.funnels.worth import Unconverted
from quotaloom.platform.amounts import half_up
from quotaloom.platform.unit_of_work import Record


@dataclass(frozen=True, slots=True)
class DealSums:
    """Some deals: all of them counted, and what they are worth in minor units of the company's currency.

    Deals are converted and told apart as in `StageFigures`. `weight` is the exact sum of each one's worth × the win
    probability of its stage.
    """

    count: int = 0
    amount: int = 0
    weight: Decimal = Decimal()
    without_amount: int = 0
    unconverted: tuple[Unconverted, ...] = ()

    @property
    def weighted_amount(self) -> int:
        """The weight, rounded once, half up."""
        return half_up(Fraction(self.weight))

    @property
    def valued(self) -> int:
        """How many deals stand in the amount."""
        return self.count - self.without_amount - sum(apart.count for apart in self.unconverted)

    def __add__(self, other: DealSums) -> DealSums:
        """These deals and other ones together."""
        return DealSums(
            self.count + other.count,
            self.amount + other.amount,
            self.weight + other.weight,
            self.without_amount + other.without_amount,
            _together(self.unconverted, other.unconverted),
        )


NO_DEALS = DealSums()


def _together(one: tuple[Unconverted, ...], other: tuple[Unconverted, ...]) -> tuple[Unconverted, ...]:
    if not one or not other:
        return one or other
    found: dict[str, Unconverted] = {apart.currency: apart for apart in one}
    for apart in other:
        so_far = found.get(apart.currency, Unconverted(apart.currency, 0, 0))
        found[apart.currency] = Unconverted(apart.currency, so_far.count + apart.count, so_far.amount + apart.amount)
    return tuple(found[currency] for currency in sorted(found))


def total(parts: Iterable[DealSums]) -> DealSums:
    """All of them together."""
    return reduce(DealSums.__add__, parts, NO_DEALS)


SUMS = """count(*) AS count, count(amount) AS with_amount, coalesce(sum(amount), 0) AS original,
    coalesce(sum(worth), 0) AS worth, coalesce(sum(worth * probability), 0) AS weight"""
"""The columns that `sums_of` reads, of rows with `amount`, `worth` and `probability`."""

APART = "CASE WHEN worth IS NULL AND amount IS NOT NULL THEN currency END"
"""The currency of a deal that cannot be converted; rows are to be grouped by it, as `apart`."""


def sums_of(row: Record) -> DealSums:
    """The deals of a row of a statement that selects `SUMS` and `apart`."""
    apart: tuple[Unconverted, ...] = ()
    if row["apart"] is not None:
        apart = (Unconverted(row["apart"], row["count"], int(row["original"])),)
    without_amount = row["count"] - row["with_amount"]
    return DealSums(row["count"], int(row["worth"]), Decimal(row["weight"]), without_amount, apart)
