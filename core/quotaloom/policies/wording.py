"""Words for what went wrong in a stranger's code, of whose errors nothing can be relied on: not even that they show."""

from __future__ import annotations

import re
import traceback

MOST_WORDS = 2000
"""Characters of an error's words that are kept."""

MOST_TRACE = 8000
"""Characters of a trace that are kept, from its end."""

_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters other than tab and line feed, and lone surrogates: no JSON, no table and no log takes them all."""


def words_of(error: BaseException) -> str:
    """What the error says, never more than `MOST_WORDS` characters, all of which can be shown and stored. Never raises.

    An error whose own words cannot be had says so.
    """
    try:
        return shown(str(error))
    except BaseException:
        return "an error that cannot be shown"


def named_words_of(error: BaseException) -> str:
    """As `words_of`, after the name of the error's class."""
    try:
        name = shown(type(error).__name__, 100)
    except BaseException:
        name = "an error"
    return f"{name}: {words_of(error)}"


def trace_of(error: BaseException) -> str:
    """The last lines of where it was raised, at most `MOST_TRACE` characters as of `words_of`. Never raises."""
    try:
        return shown("".join(traceback.format_exception(error, limit=-20))[-MOST_TRACE:], MOST_TRACE)
    except BaseException:
        return ""


def shown(text: str, most: int = MOST_WORDS) -> str:
    """The first `most` characters of a text, what cannot be shown replaced."""
    plain = str.__getitem__(text, slice(most))  # also of a text of a class of its own
    return _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", plain)
