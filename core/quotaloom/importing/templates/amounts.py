"""Amounts as people and spreadsheets write them, exactly, or not at all.

A point and a comma mean one thing here and the other there. Where a text leaves that open, such as `1,234`, the other
amounts of the file decide, and where they do not either, it is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from quotaloom.importing.templates.layout import CLEAR
from quotaloom.importing.templates.sheets import FORMULA_WITHOUT_VALUE, Value
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.errors import InputError
from quotaloom.platform.spreadsheets import EXACT_DIGITS

_DASHES: Final = frozenset({CLEAR, "\u2013", "\u2014", "\u2212", "\uff0d"})
"""A hyphen, what spreadsheets make of one, and the wide one that Chinese keyboards type."""

_FOR_THE_EYE: Final = ("<wide>", "<noBreak>", "<compat>")
"""How Unicode marks wide digits and the many kinds of spaces. A digit set high may be the mark of a footnote."""

_WHOLE = re.compile(r"[0-9]+")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_GROUPED = re.compile(r"(?<![0-9])[0-9]{1,3}(?:[ '\u2019][0-9]{3})+(?![0-9])")
_OPEN = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
"""One mark with three digits after it: thousands, or three places."""


class Cleared:
    """A value that is to be cleared."""


CLEARED: Final = Cleared()


def decimal_mark(values: Iterable[Value]) -> str | None:
    """The mark that stands before decimal places in this file: a point, a comma, or None where nothing tells."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, str) and not _WHOLE.fullmatch(value) and (mark := _told(_plain(value))) is not None:
            found.add(mark)
    return found.pop() if len(found) == 1 else None


def read_amount(value: Value, scale: int, mark: Callable[[], str | None] = lambda: None) -> int | Cleared | None:
    """Minor units, `CLEARED`, or None for an empty cell; `mark` is asked for the file's decimal mark where it matters.

    Raises `InputError` NOT_A_NUMBER, AMBIGUOUS, NEGATIVE_AMOUNT, TOO_PRECISE, TOO_LARGE.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _of_text(value, scale, mark)
    if isinstance(value, bool | date):
        kind = "a date" if isinstance(value, date) else "true or false"
        raise InputError("NOT_A_NUMBER", f"the cell holds {kind}, no amount: format it as a number")
    return _minor(_of_number(value), scale)


def _of_number(value: float) -> str:
    """What the spreadsheet shows of a number; the last bits of one that it worked out are noise."""
    text = str(value) if isinstance(value, int) else f"{value:.{EXACT_DIGITS}g}"
    if abs(value) >= 10**EXACT_DIGITS:
        message = f"a spreadsheet keeps {EXACT_DIGITS} digits of a number, and {text} has more: write it as text"
        raise InputError("TOO_LARGE", message)
    return text


def _of_text(value: str, scale: int, mark: Callable[[], str | None]) -> int | Cleared:
    if value == FORMULA_WITHOUT_VALUE:
        message = "the cell holds a formula that was never worked out: open the file in a spreadsheet and save it"
        raise InputError("NOT_A_NUMBER", message)
    if value in _DASHES:
        return CLEARED
    if _WHOLE.fullmatch(value):
        return _minor(value, scale)
    text = _plain(value)
    if text.startswith("-") and _NUMBER.fullmatch(text[1:]):
        raise InputError("NEGATIVE_AMOUNT", f"{value[:60]!r} is negative: a target value is 0 or more")
    if not _NUMBER.fullmatch(text):
        raise InputError("NOT_A_NUMBER", f"{value[:60]!r} is no amount such as 1234.50")
    point = mark() or ("." if scale > 2 else None)
    if point is None and _OPEN.fullmatch(text):
        whole, places = text.replace(",", "").replace(".", ""), text.replace(",", ".")
        raise InputError("AMBIGUOUS", f"{value[:60]!r} may mean {whole} or {places}: write it without separators")
    return _minor(_with_point(text, point or _told(text) or ".", value), scale)


def _plain(value: str) -> str:
    """Without what is there for the eye alone: wide digits, a quote in front, spaces between thousands."""
    text = "".join(map(_narrow, value)).strip().removeprefix("'").strip()
    return _GROUPED.sub(lambda found: re.sub(r"[ '\u2019]", "", found[0]), text)


def _narrow(letter: str) -> str:
    marked = unicodedata.decomposition(letter).startswith(_FOR_THE_EYE)
    return unicodedata.normalize("NFKC", letter) if marked else letter


def _told(text: str) -> str | None:
    """The decimal mark that a number shows by itself."""
    marks = re.findall(r"[.,]", text)
    if not marks or not _NUMBER.fullmatch(text) or _OPEN.fullmatch(text):
        return None
    if len(set(marks)) == 2:
        return str(marks[-1])
    if len(marks) > 1:
        return "," if marks[0] == "." else "."
    return str(marks[0])


def _with_point(text: str, point: str, value: str) -> str:
    other = "," if point == "." else "."
    whole, _, places = text.partition(point)
    groups = whole.split(other)
    well_grouped = len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    if (len(groups) > 1 and not well_grouped) or re.search("[.,]", places):
        example = f"1{other}234{point}50"
        raise InputError("NOT_A_NUMBER", f"{value[:60]!r} is no amount: the others here are written like {example}")
    return "".join(groups) + (f".{places}" if places else "")


def _minor(text: str, scale: int) -> int:
    minor = parse_amount(Decimal(text), scale)
    if minor < 0:
        raise InputError("NEGATIVE_AMOUNT", f"{text} is negative: a target value is 0 or more")
    return minor
