"""The inputs that a policy asks for, and requests that carry exactly those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar, cast

T = TypeVar("T")

_NEED = "quotaloom_need"

# Whole trees are narrowed, figure by figure: what holds nothing is told from what may hold something by its type.
_PLAIN = frozenset({int, str, bool, date, datetime, Decimal, Fraction, type(None)})


class Need(StrEnum):
    """An input that a policy asks for. What it does not ask for is not read, and is empty in its request."""

    HISTORY = "history"
    """What was achieved: last year's months of a unit, a member's ledger entries, a candidate's results."""

    RECENT = "recent"
    """What a unit achieved in the last two years, month by month."""

    ATTRIBUTES = "attributes"
    """The company's own attributes of units, members, customers, deals and leads."""

    LOAD = "load"
    """What a unit or member carries now: people, customers, leads, open deals."""

    PLAN = "plan"
    """Target, assessment and stretch values."""

    CALENDAR = "calendar"
    """Working days and absences."""

    TEAM = "team"
    """What the people below the member achieved."""

    WORKSHEET = "worksheet"
    """What the target of a unit takes: customers needed, repurchase rate, money."""

    REVIEWS = "reviews"
    """Scores and grades of the member's filed reviews."""


def given_if(need: Need) -> Mapping[str, Need]:
    """The metadata of a dataclass field that has its default unless the policy has declared `need`."""
    return MappingProxyType({_NEED: need})


def need_of(one: Field[Any]) -> Need | None:
    """The need that a field of a request waits for; None for what every request carries."""
    return one.metadata.get(_NEED)


def narrowed(request: T, needs: frozenset[Need]) -> T:
    """The request without what `needs` does not name: such fields are empty, however deep they are."""
    if type(request) in _PLAIN:
        return request
    if isinstance(request, tuple):
        return cast(T, _narrowed_tuple(request, needs))
    changes: dict[str, Any] = {}
    for name, need, default in _parts(cast(Any, type(request))):
        before = getattr(request, name)
        if need is not None and need not in needs:
            after = default
        elif type(before) in _PLAIN:
            continue
        else:
            after = narrowed(before, needs)
        if after is not before:
            changes[name] = after
    return cast(T, replace(cast(Any, request), **changes)) if changes else request


@cache
def _parts(kind: type[Any]) -> tuple[tuple[str, Need | None, Any], ...]:
    """The fields of a dataclass with what they wait for and their defaults; nothing of any other type."""
    if not is_dataclass(kind):
        return ()
    return tuple((one.name, need_of(one), one.default) for one in fields(kind))


def _narrowed_tuple(given: tuple[Any, ...], needs: frozenset[Need]) -> tuple[Any, ...]:
    if _PLAIN.issuperset(map(type, given)):
        return given
    after = tuple(narrowed(one, needs) for one in given)
    return given if all(new is old for new, old in zip(after, given, strict=True)) else after
