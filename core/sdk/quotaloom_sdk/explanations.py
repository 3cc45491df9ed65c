"""Why a result is what it is: a small tree of plain words and named values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from quotaloom_sdk.errors import NotFinite, WrongType

Value = str | int | Decimal | Fraction
"""A value beside an explanation; amounts are whole numbers of the metric's smallest unit."""

_EXACT_IN_JSON = 2**53


@dataclass(frozen=True, slots=True)
class Explanation:
    """One sentence, the named values behind it, and the explanations it rests on.

    `text` is shown to planners and admins as it is. `values` are (name, value) pairs in the order to show.
    Raises `InvalidResult` where a part has another type, or a value is not finite.
    """

    text: str
    values: tuple[tuple[str, Value], ...] = ()
    items: tuple[Explanation, ...] = ()

    def __post_init__(self) -> None:
        text: object = self.text
        if not isinstance(text, str):
            raise WrongType(f"the text of an explanation must be a string, not {text!r}")
        _require_values(self.values)
        items: object = self.items
        if not isinstance(items, tuple) or not all(isinstance(item, Explanation) for item in items):
            raise WrongType(f"the items of an explanation must be a tuple of Explanation, not {items!r}")

    def to_json(self) -> dict[str, Any]:
        """The tree as `{"text", "values": [{"name", "value"}], "items": [...]}`.

        Decimals and fractions become text (`"0.5"`, `"1/3"`), and so do whole numbers from 2**53, so that
        every reader of JSON sees them exactly.
        """
        return {
            "text": self.text,
            "values": [{"name": name, "value": _as_json(value)} for name, value in self.values],
            "items": [item.to_json() for item in self.items],
        }


def _as_json(value: Value) -> str | int:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int) and abs(value) < _EXACT_IN_JSON:
        return value
    return str(value)


def _require_values(values: object) -> None:
    if not isinstance(values, tuple):
        raise WrongType(f"the values of an explanation must be a tuple of (name, value), not {values!r}")
    for pair in values:
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)):
            raise WrongType(f"a value of an explanation must be a pair (name, value), not {pair!r}")
        name, value = pair
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal | Fraction):
            raise WrongType(f"the value {name!r} must be text, a whole number, Decimal or Fraction, not {value!r}")
        if isinstance(value, Decimal) and not value.is_finite():
            raise NotFinite(f"the value {name!r} must be finite, not {value}")
