"""Amounts, percentages and keys as an admin enters them, and how they are counted: exactly, and rounded once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from quotaloom_sdk import Parameters

HIGHEST_PERCENT = 100_000
"""Nobody reaches more than a thousand times of what he aims for: a higher bound was mistyped."""

Bounds = Literal["from", "above"]
"""Whether a bound itself counts as reached: `from` 100 % does, `above` 100 % does not."""

Percent = Annotated[Decimal, Field(ge=0, le=HIGHEST_PERCENT, max_digits=10, decimal_places=4)]
"""A part of a target, in percent."""

Rate = Annotated[Decimal, Field(ge=0, le=1000, max_digits=8, decimal_places=4)]
"""What is paid of an amount, in percent."""

Factor = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]
"""How many times something is paid."""

Money = Annotated[int, Field(ge=0, le=10**12)]
"""An amount in the smallest unit of the statement's currency."""

MetricKey = Annotated[str, Field(min_length=1, max_length=64)]
"""The key of a metric."""

ProductKey = Annotated[str, Field(min_length=1, max_length=100)]
"""The key of a product."""

RuleKey = Annotated[str, Field(min_length=1, max_length=130)]
"""The company's own key of a rule, or the full key of a policy, such as `incentives.tiers`."""


class Step(Parameters):
    """What begins at a part of the target; it lasts until the next step begins."""

    from_percent: Percent = Field(description="Where it begins, in percent of the target.")


def require_rising(steps: Sequence[Step]) -> None:
    """Raise `ValueError` unless each step begins above the one before."""
    for before, after in pairwise(steps):
        if after.from_percent <= before.from_percent:
            raise ValueError(
                f"steps must rise: {shown(after.from_percent)} % must not come after {shown(before.from_percent)} %"
            )


@lru_cache(maxsize=4096)
def share(percent: Decimal) -> Fraction:
    """5 percent are a twentieth."""
    return Fraction(percent) / 100


def half_up(amount: Fraction) -> int:
    """The nearest whole number, halves away from zero: what is taken back is what was given."""
    size = (2 * abs(amount.numerator) + amount.denominator) // (2 * amount.denominator)
    return size if amount >= 0 else -size


def plain(amount: Fraction) -> int | Decimal | Fraction:
    """A whole number where it is one, or else a decimal of up to ten places where it is one."""
    for places in range(11):
        if 10**places % amount.denominator == 0:
            whole = amount.numerator * (10**places // amount.denominator)
            return Decimal((whole < 0, tuple(map(int, str(abs(whole)))), -places)) if places else whole
    return amount


def in_percent(part: Fraction) -> int | Decimal | Fraction:
    """A part of 1 in percent, half up to four places."""
    return plain(Fraction(half_up(part * 10**6), 10**4))


@lru_cache(maxsize=4096)
def shown(number: Decimal) -> str:
    """A number without zeros that say nothing."""
    return f"{number.normalize():f}"
