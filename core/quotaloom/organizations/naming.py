"""What names and keys of units and members may be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from quotaloom.platform.errors import InputError

LONGEST_NAME = 200
LONGEST_KEY = 100


def checked_name(name: str) -> str:
    """The name without surrounding spaces; raises `InputError` BAD_NAME for an empty, overlong or unprintable one."""
    stripped = name.strip()
    if not stripped or len(stripped) > LONGEST_NAME or not _is_text(stripped):
        raise InputError("BAD_NAME", "a name has 1 to 200 characters, without line breaks or controls", ("name",))
    return stripped


def checked_key(key: str) -> str:
    """The key as given; raises `InputError` BAD_KEY for one that cannot be typed or compared safely."""
    if not key or len(key) > LONGEST_KEY or key != key.strip() or not _is_text(key):
        raise InputError(
            "BAD_KEY",
            f"{key[:60]!r} is no key: use 1 to 100 characters, no surrounding spaces, no line breaks or controls",
            ("key",),
        )
    return key


def free_key(name: str, fallback: str, taken: set[str]) -> str:
    """A key made from `name` that is not in `taken`: `east-region`, then `east-region-2` and so on."""
    stem = re.sub(r"[\W_]+", "-", name.casefold())[: LONGEST_KEY - 12].strip("-") or fallback
    key, number = stem, 1
    while key in taken:
        number += 1
        key = f"{stem}-{number}"
    return key


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names for a message: the first few, and how many more there are."""
    every = list(names)
    shown = ", ".join(every[:most])
    return shown if len(every) <= most else f"{shown} and {len(every) - most} more"


def _is_text(value: str) -> bool:
    return not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value)
