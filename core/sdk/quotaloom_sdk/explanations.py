"""Why a result is what it is: a small tree of plain words and named values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from quotaloom_sdk.errors import InvalidResult, WrongType
from quotaloom_sdk.exactness import require_bounded
from quotaloom_sdk.texts import require_storable, shown

Value = str | int | Decimal | Fraction
"""A value beside an explanation; amounts are whole numbers of the metric's smallest unit."""

LONGEST_EXPLANATION = 262_144
"""Characters of JSON that an explanation may have; it is stored with each result."""

DEEPEST_EXPLANATION = 60
"""How deep the items of an explanation may be nested."""

_EXACT_IN_JSON = 2**53
_TOO_MANY = f"more than {LONGEST_EXPLANATION} characters of JSON"
_PART = len('{"text": "", "values": [], "items": []}')
_VALUE = len('{"name": "", "value": 0}')


@dataclass(frozen=True, slots=True)
class Explanation:
    """One sentence, the named values behind it, and the explanations it rests on.

    `text` is shown to planners and admins as it is. `values` are (name, value) pairs in the order to show.
    A number has at most 150 digits before and after the point, or 512 bits; text holds neither NUL nor half of a
    surrogate pair. Raises `InvalidResult` where a part is otherwise, or has another type.
    """

    text: str
    values: tuple[tuple[str, Value], ...] = ()
    items: tuple[Explanation, ...] = ()

    def __post_init__(self) -> None:
        text: object = self.text
        if not isinstance(text, str):
            raise WrongType(f"the text of an explanation must be a string, not {shown(text)}")
        require_storable("the text of an explanation", text)
        _require_values(self.values)
        items: object = self.items
        if not isinstance(items, tuple) or not all(isinstance(item, Explanation) for item in items):
            raise WrongType(f"the items of an explanation must be a tuple of Explanation, not {shown(items)}")

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
        raise WrongType(f"the values of an explanation must be a tuple of (name, value), not {shown(values)}")
    for pair in values:
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)):
            raise WrongType(f"a value of an explanation must be a pair (name, value), not {shown(pair)}")
        name, value = pair
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal | Fraction):
            words = "must be text, a whole number, Decimal or Fraction"
            raise WrongType(f"the value {shown(name)} {words}, not {shown(value)}")
        require_storable("the name of a value of an explanation", name)
        if isinstance(value, int) and abs(value) < _EXACT_IN_JSON:
            continue  # most values are such, and short in any case
        if isinstance(value, str):
            require_storable(f"the value {shown(name)}", value)
        else:
            require_bounded(f"the value {shown(name)}", value)


def require_explanation(what: str, given: object) -> None:
    """An explanation all of whose parts are sound, and which is short enough to be stored.

    Nothing is written before it is known to be short: the same part may be found in a tree any number of times.
    Raises `InvalidResult`.
    """
    if not isinstance(given, Explanation):
        raise WrongType(f"{what} is of type {type(given).__name__}, not an Explanation")
    length = 0
    waiting: list[tuple[Explanation, int]] = [(given, 0)]
    while waiting:
        part, depth = waiting.pop()
        part.__post_init__()
        if depth > DEEPEST_EXPLANATION:
            raise InvalidResult(f"{what} is nested more than {DEEPEST_EXPLANATION} deep")
        length += _PART + len(part.text)
        length += sum(_VALUE + len(name) + _length(value) for name, value in part.values)
        if length > LONGEST_EXPLANATION:
            raise InvalidResult(f"{what} has {_TOO_MANY}")
        waiting.extend((item, depth + 1) for item in part.items)
    if len(json.dumps(given.to_json(), ensure_ascii=False)) > LONGEST_EXPLANATION:
        raise InvalidResult(f"{what} has {_TOO_MANY}")


def _length(value: Value) -> int:
    """At most as many characters as the value has in JSON, beyond the first."""
    return len(value) if isinstance(value, str) else 0
