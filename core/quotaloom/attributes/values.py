"""Reading what is given for an attribute, and writing what it has."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from quotaloom.attributes.definitions import Subject, check_text
from quotaloom.calendars.periods import known_day
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.refusals import raise_all
from quotaloom_sdk.attributes import AttributeKind, AttributeValue, Choice, Reference

WHOLE_DIGITS: Final = 18
"""How many digits a number may have before the point."""

PLACES: Final = 8
"""How many digits a number may have after the point."""

EXACT_DIGITS: Final = 15
"""Up to so many digits a JSON number with a point is exact; a longer one is no longer what was written."""


@dataclass(frozen=True, slots=True)
class StoredChoice:
    """A choice of a stored attribute."""

    id: int
    label: str
    retired: bool


@dataclass(frozen=True, slots=True)
class StoredAttribute:
    """An attribute as values are read for it; `choices` by key."""

    id: int
    key: str
    kind: AttributeKind
    refers_to: Subject | None
    archived: bool
    choices: Mapping[str, StoredChoice]


def read_values(
    attributes: Mapping[str, StoredAttribute],
    given: Mapping[str, Any],
    present: Mapping[str, AttributeValue],
    known: Collection[Reference],
) -> dict[str, AttributeValue | None]:
    """What is given, by key, as values of their types; None clears. `present` are the values until now.

    A text, a number (or its digits as text), a day such as `2017-06-14`, the key of a choice, or a `Reference` that
    is among those `known` to the viewer. Raises `InputError`, or `ManyRefused` with all that is wrong; paths are
    `("values", key)`. Codes: UNKNOWN_ATTRIBUTE, ATTRIBUTE_ARCHIVED, BAD_TEXT, TOO_LONG, NOT_A_NUMBER, TOO_LARGE,
    TOO_PRECISE, BAD_DATE, BAD_PERIOD, UNKNOWN_CHOICE, CHOICE_RETIRED, BAD_REFERENCE, NOT_FOUND.
    """
    problems: list[InputError] = []
    found: dict[str, AttributeValue | None] = {}
    for key, value in given.items():
        try:
            attribute = _attribute(attributes, key)
            found[key] = None if value is None else _read(attribute, value, present.get(key), known)
        except InputError as error:
            problems.append(error.at("values", key))
    raise_all(problems)
    return found


def as_json(value: AttributeValue | None) -> Any:
    """A value as it is kept in the audit record."""
    if isinstance(value, Reference):
        return {"to": value.to, "id": value.id}
    if isinstance(value, Choice):
        return value.key
    return value if value is None else str(value)


def _attribute(attributes: Mapping[str, StoredAttribute], key: str) -> StoredAttribute:
    attribute = attributes.get(key)
    if attribute is None:
        raise NotFound("UNKNOWN_ATTRIBUTE", f"there is no attribute {key[:80]!r} on such an object")
    if attribute.archived:
        raise InputError("ATTRIBUTE_ARCHIVED", f"the attribute {key!r} is archived: restore it first")
    return attribute


def _read(
    attribute: StoredAttribute, given: Any, present: AttributeValue | None, known: Collection[Reference]
) -> AttributeValue:
    match attribute.kind:
        case AttributeKind.TEXT:
            return _text(given)
        case AttributeKind.NUMBER:
            return _number(given)
        case AttributeKind.DATE:
            return _day(given)
        case AttributeKind.CHOICE:
            return _choice(attribute, given, present)
        case AttributeKind.REFERENCE:
            return _reference(attribute, given, known)


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given.strip():
        raise InputError("BAD_TEXT", f"{_shown(given)} is no text with something in it; null clears an attribute")
    check_text(given, ())
    return given


def _number(given: Any) -> Decimal:
    number = Decimal(_digits(given))
    if abs(number) >= 10**WHOLE_DIGITS:
        raise InputError("TOO_LARGE", f"a number has at most {WHOLE_DIGITS} digits before the point")
    if number != round(number, PLACES):
        raise InputError("TOO_PRECISE", f"{number} has more than the {PLACES} decimal places that are allowed")
    return plain(number)


def _digits(given: Any) -> str:
    if isinstance(given, int) and not isinstance(given, bool):
        return str(min(abs(given), 10**WHOLE_DIGITS) * (-1 if given < 0 else 1))
    if isinstance(given, float) and given - given == 0:
        if len(Decimal(repr(given)).normalize().as_tuple().digits) > EXACT_DIGITS:
            message = f"{given} has more than {EXACT_DIGITS} digits: send it as text, to be exact"
            raise InputError("TOO_PRECISE", message)
        return repr(given)
    if isinstance(given, str) and len(given) <= 40 and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", given):
        return given
    raise InputError("NOT_A_NUMBER", f'{_shown(given)} is no decimal number such as "1234.5"')


def plain(number: Decimal) -> Decimal:
    """The number without zeros after the point that say nothing, and without an exponent."""
    text = format(number, "f")
    return (Decimal(text.rstrip("0").rstrip(".")) if "." in text else Decimal(text)) or Decimal(0)


def _day(given: Any) -> date:
    try:
        if isinstance(given, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
            return known_day(date.fromisoformat(given))
    except ValueError:
        pass
    raise InputError("BAD_DATE", f"{_shown(given)} is no day such as 2017-06-14")


def _choice(attribute: StoredAttribute, given: Any, present: AttributeValue | None) -> Choice:
    choice = attribute.choices.get(given) if isinstance(given, str) else None
    if choice is None:
        raise InputError("UNKNOWN_CHOICE", f"{_shown(given)} is none of the choices: {_open(attribute)}")
    chosen = Choice(given, choice.label)
    if choice.retired and chosen != present:
        raise InputError("CHOICE_RETIRED", f"{given!r} is chosen no more; the choices are: {_open(attribute)}")
    return chosen


def _open(attribute: StoredAttribute) -> str:
    keys = [key for key, choice in attribute.choices.items() if not choice.retired]
    return ", ".join(keys[:20]) + (" …" if len(keys) > 20 else "")


def _reference(attribute: StoredAttribute, given: Any, known: Collection[Reference]) -> Reference:
    if not isinstance(given, Reference):
        raise InputError("BAD_REFERENCE", f"{_shown(given)} is no id; one {attribute.refers_to} is named here")
    if given.to != attribute.refers_to or given not in known:
        raise NotFound("NOT_FOUND", f"there is no such {attribute.refers_to} that you can see")
    return given


def _shown(given: Any) -> str:
    return repr(given)[:60]
