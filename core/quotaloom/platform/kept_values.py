"""Values as JSON that become the same values again: days, moments and decimals besides what JSON has itself.

Tuples become lists, enums what they stand for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import orjson

_KINDS: Final[dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]]] = {
    "\u0001decimal": (Decimal, str, Decimal),
    "\u0001moment": (datetime, datetime.isoformat, datetime.fromisoformat),
    "\u0001day": (date, date.isoformat, date.fromisoformat),
}
"""By the only key of the object that stands for one, which no text begins like; moments come first, being days too."""


def dumped(value: Any) -> str:
    """The value as JSON; raises `TypeError` for what has none."""
    return orjson.dumps(value, default=_marked, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def loaded(text: str) -> Any:
    """The value that was dumped."""
    return _restored(orjson.loads(text))


def _marked(value: Any) -> dict[str, str]:
    for mark, (kind, write, _) in _KINDS.items():
        if isinstance(value, kind):
            return {mark: write(value)}
    raise TypeError(f"nothing stands for a {type(value).__name__}")


def _restored(value: Any) -> Any:
    if isinstance(value, list):
        return [_restored(one) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((mark, text),) = value.items()
        if mark in _KINDS:
            return _KINDS[mark][2](text)
    return {name: _restored(one) for name, one in value.items()}
