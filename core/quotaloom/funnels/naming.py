"""What ids, keys and names may be."""

from __future__ import annotations

from typing import Final

from quotaloom.platform.errors import InputError, Path


def may_be_id(number: int) -> bool:
    """Whether a row could have this id at all: PostgreSQL refuses to look for what does not fit into 64 bits."""
    return 0 < number < 2**63


NO_ROW: Final = 2**63 - 1
"""A number that no row has, to look for what is not there as if it were: so nothing tells it from what is hidden."""


def check_key(key: str | None, path: Path) -> None:
    """Raise `InputError` BAD_KEY for what cannot be the key of a record; None is left to be made up."""
    if key is not None and not (key.strip() == key and 1 <= len(key) <= 100):
        raise InputError("BAD_KEY", "a key has 1 to 100 characters and no space around it", path)
    _check_characters(key, path)


def check_name(name: str | None, path: Path) -> None:
    """Raise `InputError` BAD_NAME for what cannot be a name; None is left to be made up."""
    if name is not None and not (name.strip() and len(name) <= 200):
        raise InputError("BAD_NAME", "a name has 1 to 200 characters", path)
    _check_characters(name, path)


def check_text(text: str | None, longest: int, path: Path) -> None:
    """Raise `InputError` where a text is too long or holds what PostgreSQL cannot store."""
    if text is not None and len(text) > longest:
        raise InputError("TOO_LONG", f"a text of at most {longest} characters is allowed here", path)
    _check_characters(text, path)


def _check_characters(text: str | None, path: Path) -> None:
    if text is not None and "\0" in text:
        raise InputError("BAD_TEXT", "a text cannot hold the character U+0000", path)
