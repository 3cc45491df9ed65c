"""Text that comes from a plugin: whether it can be stored and sent, and how it is shown in messages."""

from __future__ import annotations

import re
from dataclasses import is_dataclass
from decimal import Decimal
from fractions import Fraction
from reprlib import Repr

from quotaloom_sdk.errors import InvalidResult

LONGEST_REASON = 2000
"""Characters of a reason that people are told; the rest is cut off."""

_UNFIT = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SHOWN_BITS = 256
_SHOWN_CHARACTERS = 120


def text_fault(text: str, *, one_line: bool = False) -> str | None:
    """What in `text` no database and no JSON can hold, in words; None where it is fine.

    That is the NUL character and half of a surrogate pair; in text of `one_line` also any control character.
    """
    found = (_CONTROL if one_line else _UNFIT).search(text)
    if found is None:
        return None
    code = ord(found[0])
    if code == 0:
        return "the NUL character"
    if 0xD800 <= code <= 0xDFFF:
        return f"U+{code:04X}, half of a surrogate pair"
    return f"the control character U+{code:04X}"


def require_storable(what: str, text: str) -> None:
    """Raise `InvalidResult` for text that cannot be stored."""
    fault = text_fault(text)
    if fault is not None:
        raise InvalidResult(f"{what} holds {fault}, which cannot be stored")


def cleaned(text: str, most: int = LONGEST_REASON) -> str:
    """`text` as people may be shown it: shortened, and without what no terminal, log or JSON should get."""
    shortened = text if len(text) <= most else f"{text[: most - 2]} …"
    return _NOT_SHOWN.sub("\ufffd", shortened)


def words_of(error: BaseException) -> str:
    """An exception's message, cleaned; its `__str__` may raise, also what would end a program."""
    try:
        return cleaned(str(error))
    except BaseException:
        return "an error that cannot be shown"


class _Shortened(Repr):
    """Of a container its first entries, of an object of an unknown type no more than the type."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 2
        self.maxstring = self.maxother = self.maxlong = 80

    def repr_int(self, x: int, level: int) -> str:
        bits = int.bit_length(x)
        return int.__repr__(x) if bits <= _SHOWN_BITS else f"<a whole number of {bits} bits>"

    def repr_instance(self, x: object, level: int) -> str:
        if type(x) is Fraction:
            return f"Fraction({self.repr_int(x.numerator, level)}, {self.repr_int(x.denominator, level)})"
        if is_dataclass(x) and not isinstance(x, type):
            return f"{type(x).__name__}(…)"
        return super().repr_instance(x, level)


_shortened = _Shortened()


def shown(given: object) -> str:
    """`given` for a message: short, cleaned, whatever it is; an object's own `__repr__` may raise."""
    try:
        return cleaned(_shortened.repr(given), _SHOWN_CHARACTERS)
    except Exception:
        return cleaned(f"<{type(given).__name__}>", _SHOWN_CHARACTERS)


def number_words(given: Decimal) -> str:
    """A Decimal that is no number, for a message: NaN may carry digits without end."""
    return cleaned(str(given), _SHOWN_CHARACTERS)
