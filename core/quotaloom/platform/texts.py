"""Texts that people write beside what they do."""

from __future__ import annotations

from quotaloom.platform.errors import InputError, Path

LONGEST_REASON = 2000
"""How many characters a reason may have."""


def checked_reason(reason: str | None, path: Path = ("reason",)) -> str | None:
    """The reason without space around it, None for a blank one.

    Raises `InputError` TOO_LONG, and BAD_TEXT for the character NUL, which PostgreSQL cannot store.
    """
    if reason is None:
        return None
    if len(reason) > LONGEST_REASON:
        raise InputError("TOO_LONG", f"a reason has at most {LONGEST_REASON} characters, not {len(reason)}", path)
    if "\0" in reason:
        raise InputError("BAD_TEXT", "a text cannot hold the character U+0000", path)
    return reason.strip() or None
