"""Spreading one amount over months, exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from quotaloom.platform.amounts import LARGEST, Rational, apportion, half_up
from quotaloom.targets.ideals import whole_weights
from quotaloom.targets.refusals import DecompositionRefused

NOTHING_FIXED: Mapping[int, int] = MappingProxyType({})


def spread_over_months(total: int, weights: Sequence[Rational], fixed: Mapping[int, int] = NOTHING_FIXED) -> list[int]:
    """One unit's year over its months, in minor units, in the proportion of non-negative `weights`.

    `fixed` maps the index of a month to the locked or pinned amount that stays; the other months share the
    rest by largest remainder, ties to the earlier month, and equally where their weights are all 0. The
    result sums exactly to `total`. Raises `DecompositionRefused` where the fixed months exceed the total or
    leave an amount to no month, and where an amount or weight is negative.
    """
    check_amount(total)
    for month, amount in fixed.items():
        check_amount(amount, months=(month,))
    if not all(0 <= month < len(weights) for month in fixed):
        raise ValueError(f"fixed months {sorted(fixed)} do not lie within {len(weights)} months")
    shares = [whole_weights((weight,), month)[0] and Fraction(weight) for month, weight in enumerate(weights)]
    taken = sum(fixed.values())
    if taken > total:
        raise DecompositionRefused("LOCKED_EXCEEDS_TOTAL", required=taken, available=total)
    free = [month for month in range(len(weights)) if month not in fixed]
    if not free and taken != total:
        raise DecompositionRefused("LOCKED_BELOW_TOTAL", required=total, available=taken)
    months = [fixed.get(month, 0) for month in range(len(weights))]
    for month, part in zip(free, apportion(total - taken, [shares[month] for month in free]), strict=True):
        months[month] = part
    return months


def over_assigned(columns: Sequence[int], factor: Fraction) -> list[int]:
    """What the children of a parent share in each month: its cells × `factor`.

    The year is the factor × the parent's year, rounded half up; each month is the floor or ceiling of its
    own product, by largest remainder, ties to the earlier month.
    """
    if factor < 0:
        raise DecompositionRefused("OVER_ASSIGNMENT_REFUSED")
    above, below = factor.as_integer_ratio()
    months = [column * above // below for column in columns]
    missing = half_up(sum(columns) * factor) - sum(months)
    order = sorted(range(len(columns)), key=lambda month: -(columns[month] * above % below))
    for month in order[:missing]:
        months[month] += 1
    check_amount(sum(months))
    return months


def check_amount(amount: int, children: tuple[int, ...] = (), months: tuple[int, ...] = ()) -> None:
    """Raise `DecompositionRefused` unless 0 <= amount <= 2**63 - 1; it names the child and month given."""
    if amount < 0:
        raise DecompositionRefused("NEGATIVE_AMOUNT", children=children, months=months, required=amount, available=0)
    if amount > LARGEST:
        raise DecompositionRefused(
            "AMOUNT_TOO_LARGE", children=children, months=months, required=amount, available=LARGEST
        )
