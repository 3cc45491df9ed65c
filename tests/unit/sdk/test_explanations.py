from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from quotaloom_sdk import Explanation, InvalidResult


def test_tree_as_json_keeps_every_value_exact() -> None:
    """Decimals, fractions and numbers too long for a double become text; the rest stays as it is."""
    tree = Explanation(
        "Why.",
        values=(
            ("share", Decimal("0.50")),
            ("small", Decimal("1E-7")),
            ("third", Fraction(1, 3)),
            ("amount", 12_000_000),
            ("long", 2**53),
            ("word", "half"),
        ),
        items=(Explanation("Because."),),
    )
    assert tree.to_json() == {
        "text": "Why.",
        "values": [
            {"name": "share", "value": "0.50"},
            {"name": "small", "value": "0.0000001"},
            {"name": "third", "value": "1/3"},
            {"name": "amount", "value": 12_000_000},
            {"name": "long", "value": "9007199254740992"},
            {"name": "word", "value": "half"},
        ],
        "items": [{"text": "Because.", "values": [], "items": []}],
    }


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"text": 5}, "text of an explanation must be a string, not 5"),
        ({"text": "", "values": [("a", 1)]}, "must be a tuple of"),
        ({"text": "", "values": ("ab",)}, "must be a pair"),
        ({"text": "", "values": ((1, 2),)}, "must be a pair"),
        ({"text": "", "values": (("a", 0.5),)}, "'a' must be text, a whole number, Decimal or Fraction, not 0.5"),
        ({"text": "", "values": (("a", True),)}, "'a' must be text, a whole number, Decimal or Fraction, not True"),
        ({"text": "", "values": (("a", Decimal("NaN")),)}, "'a' must be finite, not NaN"),
        ({"text": "", "items": ("why",)}, "must be a tuple of Explanation"),
        ({"text": "", "items": [Explanation("why")]}, "must be a tuple of Explanation"),
    ],
)
def test_explanation_that_could_not_be_stored_is_refused(parts: dict[str, Any], words: str) -> None:
    """A part of another type is refused where it is written."""
    with pytest.raises(InvalidResult) as refused:
        Explanation(**parts)
    assert words in str(refused.value)
