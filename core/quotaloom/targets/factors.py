"""Factors that planners give: decimals whose digits are counted before anything is computed with them."""

from __future__ import annotations

from decimal import Decimal

from quotaloom.platform.amounts import has_places
from quotaloom.platform.errors import InputError


def check_factor(value: Decimal, what: str, least: Decimal | int, name: str) -> None:
    """Raise `InputError` BAD_FACTOR at `name` unless `value` lies between `least` and 10 with 12 places at the most.

    A factor becomes an exact fraction; its digits are counted before that is built.
    """
    if not has_places(value, 12) or not least <= value <= 10:
        raise InputError(
            "BAD_FACTOR", f"{what} lies between {least} and 10, with 12 decimal places at the most", (name,)
        )
