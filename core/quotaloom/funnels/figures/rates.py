"""Rules of what sums of deals come to: rates, averages, velocity. They know no database."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from quotaloom.funnels.figures.days import DaySpread
from quotaloom.funnels.figures.sums import DealSums
from quotaloom.platform.amounts import divided, half_up

_PLACES = 6


def share(part: int, whole: int) -> Decimal | None:
    """part ÷ whole, six places, half up; None where there is no whole."""
    if whole <= 0:
        return None
    return Decimal(divided(part * 10**_PLACES, whole)).scaleb(-_PLACES)


def win_rate(won: DealSums, lost: DealSums) -> Decimal | None:
    """won ÷ (won + lost), by count, six places; None where neither is. Invalid deals count nowhere."""
    return share(won.count, won.count + lost.count)


def average(deals: DealSums) -> int | None:
    """What a deal is worth on average, in minor units, half up, of those that stand in the amount; None without any."""
    return divided(deals.amount, deals.valued) if deals.valued else None


def velocity(open_count: int, won: DealSums, lost: DealSums, cycle: DaySpread) -> int | None:
    """Open count × win rate × average won value ÷ average cycle days, in minor units a day, rounded once, half up.

    None where nothing was closed or won, no won deal has an amount, or the cycle has no days.
    """
    if not won.count or not won.valued or not cycle.total:
        return None
    rate = Fraction(won.count, won.count + lost.count)
    return half_up(open_count * rate * Fraction(won.amount, won.valued) * Fraction(cycle.count, cycle.total))


def coverage(weighted_amount: int, remaining: int | None) -> Decimal | None:
    """Weighted pipeline ÷ remaining target, six places; None where nothing remains, or there is no target."""
    return None if remaining is None else share(weighted_amount, remaining)
