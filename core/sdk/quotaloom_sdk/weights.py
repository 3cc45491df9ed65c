"""Weights as an allocation rule answers them, checked and made exact."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from quotaloom_sdk.errors import InvalidResult, Negative, NotFinite, WrongLength, WrongType
from quotaloom_sdk.texts import number_words

Weights = tuple[Fraction, ...]

LONGEST = 512
"""The most bits that numerator and denominator may have, so that exact arithmetic stays quick."""

_MOST_DIGITS = 150


def exact_weights(given: object, length: int, what: str, of: str) -> Weights:
    """`given` as fractions: one per `of`, each an int, Decimal or Fraction, finite and not negative.

    `what` names the place in messages. Raises `InvalidResult`.
    """
    entries = checked_tuple(given, length, what, of)
    return tuple(_exact(entry, f"{what}[{index}]") for index, entry in enumerate(entries))


def checked_tuple(given: object, length: int, what: str, of: str) -> Sequence[object]:
    """`given`, if it is a tuple with one entry per `of`. Raises `InvalidResult`."""
    if not isinstance(given, tuple):
        raise WrongType(f"{what} is {_type(given)}, not a tuple")
    if len(given) != length:
        raise WrongLength(f"{what} has {len(given)} entries for {length} {of}")
    return given


def equal_weights(length: int) -> Weights:
    """`length` times 1."""
    return (Fraction(1),) * length


def _exact(entry: object, what: str) -> Fraction:
    if isinstance(entry, bool) or not isinstance(entry, int | Decimal | Fraction):
        raise WrongType(f"{what} is {_type(entry)}; a weight is an int, a Decimal or a Fraction")
    if isinstance(entry, Decimal):
        _require_bounded(entry, what)
    weight = Fraction(entry)
    if max(weight.numerator.bit_length(), weight.denominator.bit_length()) > LONGEST:
        raise InvalidResult(f"{what} has more than {LONGEST} bits; round it")
    if weight < 0:
        raise Negative(f"{what} is negative: {entry}")
    return weight


def _require_bounded(entry: Decimal, what: str) -> None:
    """Refuse what is not finite, and exponents that would fill the memory before they can be measured."""
    if not entry.is_finite():
        raise NotFinite(f"{what} is {number_words(entry)}, not a finite number")
    _, digits, exponent = entry.as_tuple()
    if len(digits) > _MOST_DIGITS or not isinstance(exponent, int) or abs(exponent) > _MOST_DIGITS:
        raise InvalidResult(f"{what} has too many digits; round it")


def _type(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"
