"""ISO 4217 currencies and their minor units."""

from __future__ import annotations

from functools import cache

from babel.numbers import get_currency_precision, list_currencies

from quotaloom.platform.errors import InputError, Path


@cache
def _known() -> frozenset[str]:
    return frozenset(list_currencies())


@cache
def currency_scale(currency: str) -> int:
    """The decimal places of a currency's minor unit: JPY 0, CNY 2, KWD 3."""
    return get_currency_precision(currency)


def currency_scales() -> dict[str, int]:
    """The decimal places of every currency's minor unit, by its ISO 4217 code."""
    return {currency: currency_scale(currency) for currency in sorted(_known())}


def known_currency(currency: str, path: Path = ()) -> str:
    """`currency` itself; raises `InputError` UNKNOWN_CURRENCY for what is no ISO 4217 code."""
    if currency not in _known():
        given = repr(currency[:20])
        raise InputError("UNKNOWN_CURRENCY", f"{given} is no ISO 4217 code such as CNY or USD", path)
    return currency
