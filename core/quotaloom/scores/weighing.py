"""The arithmetic of scores: exact fractions, rounded once at the end."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from quotaloom.platform.amounts import half_up
from quotaloom.targets.attainment import RATE_SCALE


def contribution(
    achieved: int, target: int | None, cap: Decimal | None = None, *, lower_is_better: bool = False
) -> Fraction | None:
    """What a metric adds to a score before it is weighted; None where the target is 0 or absent.

    The attainment rate, or, where lower is better, 2 less the rate and not below 0, so that in both cases 1 is a target
    that is just met; never more than `cap`.
    """
    if not target:
        return None
    rate = Fraction(achieved, target)
    worth = max(Fraction(0), 2 - rate) if lower_is_better else rate
    return worth if cap is None else min(worth, Fraction(cap))


def weighted(weights: Sequence[Decimal], contributions: Sequence[Fraction | None]) -> Fraction | None:
    """The sum of weight × contribution ÷ the sum of the weights, which are positive; None where a contribution is."""
    total = Fraction(0)
    for weight, one in zip(weights, contributions, strict=True):
        if one is None:
            return None
        total += Fraction(weight) * one
    return total / sum(map(Fraction, weights))


def shares(weights: Sequence[Decimal]) -> list[Fraction]:
    """Each weight as a share of their sum."""
    whole = sum(map(Fraction, weights))
    return [Fraction(weight) / whole for weight in weights]


def six_places(value: Fraction | None) -> Decimal | None:
    """The value with six decimal places, half up; None stays None."""
    return None if value is None else Decimal(half_up(value * 10**RATE_SCALE)).scaleb(-RATE_SCALE)
