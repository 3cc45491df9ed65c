"""What is kept as JSON and comes back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest

from quotaloom.platform.kept_values import dumped, loaded


class Colour(StrEnum):
    """Of a record."""

    RED = "red"


def test_values_come_back_as_they_were() -> None:
    """Decimals keep their places, days stay days and moments moments, at any depth; an enum is what it stands for."""
    value = {
        "rate": Decimal("0.250000"),
        "day": date(2026, 6, 1),
        "rows": [{"at": datetime(2026, 6, 1, 12, tzinfo=UTC), "id": 2**62, "name": "周杰", "none": None}],
        "explanation": {"day": "2026-06-01", "rate": 0.5, "yes": True},
    }
    found = loaded(dumped({**value, "pair": (1, 2), "colour": Colour.RED}))
    assert found == {**value, "pair": [1, 2], "colour": "red"}
    assert str(found["rate"]) == "0.250000"
    assert type(found["day"]) is date


def test_what_has_no_text_is_not_kept() -> None:
    """An object of no known kind is refused at once, and not when it is read again."""
    with pytest.raises(TypeError, match="object"):
        dumped({"outcome": object()})
