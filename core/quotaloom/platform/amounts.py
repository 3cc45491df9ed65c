"""Exact arithmetic on whole numbers of a metric's smallest unit (cents, orders)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache

from quotaloom.platform.errors import InputError

Rational = int | Decimal | Fraction

LARGEST = 2**63 - 1
"""The largest amount that is stored: 64 bits."""


def half_up(value: Fraction) -> int:
    """The nearest whole number, halves away from zero."""
    return divided(value.numerator, value.denominator)


def divided(number: int, by: int) -> int:
    """`half_up` of a quotient, `by` above 0, without the work of reducing it first."""
    whole = (2 * abs(number) + by) // (2 * by)
    return whole if number >= 0 else -whole


def apportion(total: int, weights: Sequence[Rational]) -> list[int]:
    """Whole parts of `total` in proportion to non-negative `weights`, summing exactly to it.

    By largest remainder, ties to the earlier; weights that are all zero count as equal. A negative total
    is the mirror image of the positive one.
    """
    if not weights:
        if total:
            raise ValueError(f"{total} cannot be split among nobody")
        return []
    if total < 0:
        return [-part for part in apportion(-total, weights)]
    exact = [Fraction(weight) for weight in weights]
    whole = sum(exact)
    if whole == 0:
        exact, whole = [Fraction(1)] * len(exact), Fraction(len(exact))
    ideals = [total * weight / whole for weight in exact]
    parts = [ideal.numerator // ideal.denominator for ideal in ideals]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - ideals[index], index))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts


def parse_amount(value: Decimal | str, scale: int, path: tuple[str | int, ...] = ()) -> int:
    """`value` in minor units; raises `InputError` where it is no number, too precise or too large."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise InputError("NOT_A_NUMBER", f"{value!r} is not a decimal number such as 1234.50", path) from None
    if not number.is_finite():
        raise InputError("NOT_A_NUMBER", f"{value!r} is not a finite number", path)
    if not number:
        return 0
    if number.adjusted() > 18:
        raise InputError("TOO_LARGE", f"{value} does not fit into 64 bits of minor units", path)
    digits = number.as_tuple()
    shift = int(digits.exponent) + scale
    coefficient = int("".join(map(str, digits.digits)))
    if shift < 0 and (-shift > len(digits.digits) or coefficient % 10**-shift):
        allowed = f"{scale} decimal places" if scale else "whole numbers"
        raise InputError("TOO_PRECISE", f"{value} has more than the {allowed} that are allowed", path)
    minor = int(coefficient * 10**shift) if shift >= 0 else coefficient // int(10**-shift)
    if minor > LARGEST:
        raise InputError("TOO_LARGE", f"{value} does not fit into 64 bits of minor units", path)
    return -minor if digits.sign else minor


def has_places(value: Decimal, most: int) -> bool:
    """Whether a decimal is a number with so many decimal places at the most; told without computing with its digits."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -most


def format_amount(minor: int, scale: int) -> str:
    """Minor units as decimal text with exactly `scale` places: 123450 at scale 2 is "1234.50"."""
    return amount_writer(scale)(minor)


@cache
def amount_writer(scale: int) -> Callable[[int], str]:
    """What `format_amount` does, for whoever writes many amounts of one scale."""
    if not scale:
        return str
    least = scale + 1

    def write(minor: int) -> str:
        if minor < 0:
            return f"-{write(-minor)}"
        digits = str(minor)
        if len(digits) <= scale:
            digits = digits.zfill(least)
        return f"{digits[:-scale]}.{digits[-scale:]}"

    return write
