"""Values that results may carry: whole amounts, exact shares, plain text. Everything else is `InvalidResult`."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from quotaloom_sdk.errors import InvalidResult, NotFinite, WrongType
from quotaloom_sdk.texts import number_words, require_storable, shown

Share = Decimal | Fraction
"""An exact, finite share, rate or score; a float is refused, because it is not exact."""

T = TypeVar("T")

_LARGEST = 2**63 - 1
_MOST_DIGITS = 150
_MOST_BITS = 512


def require_amount(what: str, given: object) -> None:
    """A whole number of minor units that fits into 64 bits."""
    if isinstance(given, bool) or not isinstance(given, int):
        raise WrongType(f"{what} must be a whole number of minor units (int), not {shown(given)}")
    if abs(given) > _LARGEST:
        raise InvalidResult(f"{what} does not fit into 64 bits: {shown(given)}")


def exact_share(what: str, given: object) -> Fraction:
    """`given` as a fraction; it must be a finite Decimal or a Fraction of reasonable length."""
    if not isinstance(given, Decimal | Fraction):
        raise WrongType(f"{what} must be a Decimal or a Fraction, not {shown(given)}")
    require_bounded(what, given)
    exact = Fraction(given)
    _require_short(what, exact)
    return exact


def require_bounded(what: str, given: Decimal | Fraction | int) -> None:
    """A finite number of at most 150 digits before and after the point, or 512 bits: its text is short."""
    if isinstance(given, Decimal):
        _require_plain(what, given)
    else:
        _require_short(what, given)


def require_text_or_empty(what: str, given: object) -> None:
    """Text that can be stored, and may be empty."""
    if not isinstance(given, str):
        raise WrongType(f"{what} must be of type str, not {shown(given)}")
    require_storable(what, given)


def _require_short(what: str, given: Fraction | int) -> None:
    if max(given.numerator.bit_length(), given.denominator.bit_length()) > _MOST_BITS:
        raise InvalidResult(f"{what} has too many digits; round it")


def _require_plain(what: str, given: Decimal) -> None:
    """Refuse what is not finite, and exponents that would fill the memory before they can be measured."""
    if not given.is_finite():
        raise NotFinite(f"{what} must be finite, not {number_words(given)}")
    _, digits, exponent = given.as_tuple()
    if len(digits) > _MOST_DIGITS or not isinstance(exponent, int) or abs(exponent) > _MOST_DIGITS:
        raise InvalidResult(f"{what} has too many digits; round it")


def require_text(what: str, given: object) -> None:
    """Text that is not blank and can be stored."""
    if not isinstance(given, str):
        raise WrongType(f"{what} must be text that is not empty, not {shown(given)}")
    if not given.strip():
        raise InvalidResult(f"{what} must be text that is not empty, not {shown(given)}")
    require_storable(what, given)


def require_one(what: str, given: object, kind: type[object]) -> None:
    """An instance of `kind`."""
    if not isinstance(given, kind):
        raise WrongType(f"{what} must be of type {kind.__name__}, not {shown(given)}")


def require_tuple(what: str, given: object, kind: type[object]) -> None:
    """A tuple that holds nothing but `kind`."""
    if not isinstance(given, tuple):
        raise WrongType(f"{what} must be a tuple of {kind.__name__}, not {shown(given)}")
    for place, one in enumerate(given):
        require_one(f"{what}[{place}]", one, kind)


def require_distinct(what: str, given: Iterable[object]) -> None:
    """No value twice."""
    seen: set[object] = set()
    for one in given:
        if one in seen:
            raise InvalidResult(f"{what} has {shown(one)} twice")
        seen.add(one)
