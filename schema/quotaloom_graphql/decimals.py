"""How rates and shares are written; amounts have the decimal places of their metric or currency instead."""

from __future__ import annotations

from decimal import Decimal


def shortest(value: Decimal) -> str:
    """Without zeros at the end, and never with an exponent: 7.1870000000 is "7.187"."""
    return format(value.normalize(), "f")
