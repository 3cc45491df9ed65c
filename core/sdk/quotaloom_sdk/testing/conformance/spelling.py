"""Values written as the Python that makes them: to tell whether two are the same to the last bit, and to show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from quotaloom_sdk.facts import MonthFact
from quotaloom_sdk.testing.allocation import months

_DEEPEST = 60
_DECIMAL_BITS = 1024

_PLAIN = frozenset({str, int, bool, float, complex, bytes, type(None), Decimal, Fraction})
_OF_TIME = frozenset({date, datetime, time, timedelta, timezone})


def spelled(value: object, deeper: int = _DEEPEST) -> str:
    """The value as an expression; fields that have their default are left out, and sets are in order.

    What is not made of plain values, dataclasses and pydantic models comes as its type and attributes.
    """
    kind = type(value)
    if isinstance(value, int | Fraction) and kind in _PLAIN:
        return _exact(value)
    if kind in _PLAIN:
        return repr(value)
    if kind in _OF_TIME:
        return repr(value).replace("datetime.", "")
    if isinstance(value, Enum):
        return f"{kind.__name__}.{value.name}"
    if deeper == 0:
        return "…"
    if isinstance(value, tuple | list | set | frozenset | dict):
        return _collected(value, deeper - 1)
    return _called(kind, _attributes(value), deeper - 1)


def _exact(value: int | Fraction) -> str:
    """A number of any length: Python does not write very long ones in decimal digits."""
    if isinstance(value, Fraction):
        return f"Fraction({_exact(value.numerator)}, {_exact(value.denominator)})"
    return repr(value) if value.bit_length() <= _DECIMAL_BITS else hex(value)


def _collected(value: Any, deeper: int) -> str:
    kind = type(value)
    if isinstance(value, dict):
        pairs = (f"{spelled(key, deeper)}: {spelled(one, deeper)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    if kind is tuple and (year := _calendar(value)):
        return year
    parts = [spelled(one, deeper) for one in value]
    if kind is tuple:
        return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"
    if kind is list:
        return f"[{', '.join(parts)}]"
    ordered = sorted(parts) if isinstance(value, set | frozenset) else parts
    return f"{kind.__name__}([{', '.join(ordered)}])"


def _calendar(given: tuple[Any, ...]) -> str | None:
    """Months that follow one another, as the builder of the test kit that makes them."""
    if len(given) < 2 or type(given[0]) is not MonthFact or not isinstance(given[0].starts_on, date):
        return None
    first = given[0].starts_on
    same = first.year + len(given) // 12 + 1 <= date.max.year and given == months(first.year, len(given), first.month)
    return f"months({first.year}, {len(given)}, first={first.month})" if same else None


def _attributes(value: object) -> Iterable[tuple[str, object]]:
    if is_dataclass(value):
        return [(one.name, getattr(value, one.name, MISSING)) for one in fields(value) if not _is_default(value, one)]
    if isinstance(value, BaseModel):
        return [*vars(value).items(), *(value.__pydantic_extra__ or {}).items()]
    found: object = getattr(value, "__dict__", {})
    return list(found.items()) if isinstance(found, Mapping) else []


def _is_default(value: object, one: Field[Any]) -> bool:
    given = getattr(value, one.name, MISSING)
    return type(given) is type(one.default) and spelled(given) == spelled(one.default)


def _called(kind: type, given: Iterable[tuple[str, object]], deeper: int) -> str:
    arguments = ", ".join(f"{name}={spelled(one, deeper)}" for name, one in given)
    return f"{kind.__name__}({arguments})"
