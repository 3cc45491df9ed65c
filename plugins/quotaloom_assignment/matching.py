"""What is noted of records and members as sets of words, to be matched."""

from __future__ import annotations

import re
import unicodedata

from quotaloom_sdk import Attributes, CannotDecide, Choice

_BETWEEN = re.compile(r"[,;，；、\n]")


def words(attributes: Attributes, key: str, whose: str) -> frozenset[str]:
    """The words that are noted under a key: a choice, or a text with several set apart by commas, in any spelling.

    Raises `CannotDecide` for an attribute that is neither.
    """
    value = next((entry.value for entry in attributes if entry.key == key), None)
    if value is None:
        return frozenset()
    if isinstance(value, Choice):
        return frozenset({plain(value.key)})
    if not isinstance(value, str):
        raise CannotDecide(f"The attribute {key!r} of {whose} is neither a text nor a choice. Name another one.")
    return frozenset(word for word in map(plain, _BETWEEN.split(value)) if word)


def plain(word: str) -> str:
    """A word without differences of case, width and space."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split())
