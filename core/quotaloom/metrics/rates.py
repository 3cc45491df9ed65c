"""Exchange rates by day, and the conversion of minor units at a rate."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from quotaloom.platform.amounts import half_up
from quotaloom.platform.errors import InputError

OWN_RATE: Final = Decimal(1)
"""The rate of the company's own currency, always."""


class RateKind(StrEnum):
    """What a rate is used for: posting an entry, or figures at the plan rate."""

    BOOKING = "booking"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of `currency` is `rate` units of the company's, from `valid_from` until the next such rate."""

    currency: str
    kind: RateKind
    valid_from: date
    rate: Decimal


class RateTable:
    """A company's exchange rates, looked up by currency, kind and day."""

    def __init__(self, own_currency: str, rates: Iterable[Rate] = ()) -> None:
        self.own_currency = own_currency
        found: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(dict)
        for rate in rates:
            found[rate.currency, rate.kind][rate.valid_from] = rate.rate
        self._rates = {key: (sorted(by_day), [by_day[day] for day in sorted(by_day)]) for key, by_day in found.items()}

    def rate(self, currency: str, kind: RateKind, on: date) -> Decimal:
        """The latest rate of that kind whose first day is `on` or earlier; 1 for the company's own currency.

        Raises `InputError` MISSING_RATE, naming currency, kind and day, where none is stored: a missing rate
        is never 1.
        """
        if currency == self.own_currency:
            return OWN_RATE
        days, rates = self._rates.get((currency, kind), ([], []))
        place = bisect_right(days, on)
        if not place:
            raise InputError(
                "MISSING_RATE",
                f"there is no {kind.value} rate of {currency} for {on.isoformat()}: "
                f"set one that is valid from that day or earlier",
            )
        return rates[place - 1]

    def changes(self, kind: RateKind) -> tuple[date, ...]:
        """Every day on which a rate of that kind changes, of any currency, in order and once each."""
        return tuple(sorted({day for (_, of), (days, _) in self._rates.items() if of == kind for day in days}))


def exact(original_minor: int, rate: Decimal | Fraction, from_scale: int, to_scale: int) -> Fraction:
    """What `original_minor` is worth in minor units of the other currency, not yet rounded."""
    return original_minor * Fraction(rate) * Fraction(10) ** (to_scale - from_scale)


def convert(original_minor: int, rate: Decimal | Fraction, from_scale: int, to_scale: int) -> int:
    """`original_minor` at `rate`, in minor units of the other currency, half up (away from zero).

    `rate` is for whole units (one dollar, not one cent); the scales are decimal places: 1 yen (scale 0) at
    0.05 is 5 minor units at scale 2. Exact rational arithmetic before the one rounding.
    """
    return half_up(exact(original_minor, rate, from_scale, to_scale))
