"""One text for one value: what statements are hashed over, and what their inputs are kept as."""

from __future__ import annotations

import json
import zlib
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from hashlib import sha256
from typing import Any

_PLAIN = frozenset({str, int, bool, float, type(None)})


def plain(value: Any) -> Any:
    """Facts of the SDK and what they hold as JSON: objects, lists, texts, whole numbers.

    Fields that stand at what they are without a value are left out. Decimals and fractions become exact text.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        given = ((name, getattr(value, name), without) for name, without in _fields(value.__class__))
        return {name: plain(one) for name, one, without in given if one != without}
    raise TypeError(f"{type(value).__name__} has no canonical form")


@cache
def _fields(kind: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((one.name, one.default) for one in fields(kind))


def canonical(value: Any) -> str:
    """The one JSON text of a value that `plain` gave."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """SHA-256 of a text, as 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def packed(text: str) -> bytes:
    """A text for a column of bytes, compressed."""
    return zlib.compress(text.encode(), 6)


def unpacked(stored: bytes) -> Any:
    """The value in what `packed` gave of its canonical text."""
    return json.loads(zlib.decompress(stored))
