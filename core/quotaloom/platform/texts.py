"""Texts that people write beside what they do."""

from __future__ import annotations

import unicodedata

from quotaloom.platform.errors import InputError, Path

LONGEST_REASON = 2000
"""How many characters a reason, or another text beside the figures, may have."""


def checked_reason(reason: str | None, path: Path = ("reason",)) -> str | None:
    """The reason without space around it, None for a blank one; raises as `checked_text`."""
    return checked_text(reason, path, "a reason")


def checked_text(text: str | None, path: Path, what: str = "a text", longest: int = LONGEST_REASON) -> str | None:
    """A text of up to `longest` characters without space around it, None for a blank one.

    Raises `InputError` TOO_LONG, and BAD_TEXT for the character NUL and halves of surrogate pairs, which PostgreSQL
    cannot store.
    """
    if text is None:
        return None
    if len(text) > longest:
        raise InputError("TOO_LONG", f"{what} has at most {longest} characters, not {len(text)}", path)
    if not is_storable(text):
        raise InputError("BAD_TEXT", "a text cannot hold the character U+0000, nor half of a surrogate pair", path)
    return text.strip() or None


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold a text: it has no character NUL, and no half of a surrogate pair."""
    return not any(character == "\0" or unicodedata.category(character) == "Cs" for character in text)
