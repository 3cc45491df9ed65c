"""Explanations in plain words, no longer than what may be stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from quotaloom_sdk import Explanation

MOST_CHARACTERS = 200_000
"""What the units of an explanation may take as JSON; the whole may be somewhat longer."""


def plain(weight: Fraction) -> int | Fraction:
    """A whole number where it is one."""
    return weight.numerator if weight.denominator == 1 else weight


def in_words(share: Decimal) -> str:
    """A share as it is said of a median: `half`, or `0.2 times`."""
    return "half" if share == Decimal("0.5") else f"{shown(share)} times"


def shown(number: Decimal) -> str:
    """A number without zeros that say nothing."""
    return f"{number.normalize():f}"


def fitting(items: Sequence[Explanation]) -> tuple[Explanation, ...]:
    """The items, a unit each, as far as there is room for them; then one that says how many units are left out."""
    kept: list[Explanation] = []
    room = MOST_CHARACTERS
    for item in items:
        room -= len(json.dumps(item.to_json(), ensure_ascii=False)) + 2
        if room < 0:
            left_out = len(items) - len(kept)
            units = "unit is" if left_out == 1 else "units are"
            return (*kept, Explanation(f"{left_out} more {units} not listed, for want of room."))
        kept.append(item)
    return tuple(kept)
