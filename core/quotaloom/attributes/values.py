"""Reading what is given for attributes, and writing what they have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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

FIELDS: Final = {
    AttributeKind.TEXT: "text",
    AttributeKind.NUMBER: "number",
    AttributeKind.DATE: "day",
    AttributeKind.CHOICE: "choice",
    AttributeKind.REFERENCE: "reference",
}
"""Where a value of each kind is given, and shown."""


@dataclass(frozen=True, slots=True)
class ChoiceKey:
    """A choice, as it is given."""

    key: str


Given = str | Decimal | date | ChoiceKey | Reference


@dataclass(frozen=True, slots=True)
class NewValue:
    """What is given for the attribute `key` of one object; None clears it."""

    key: str
    value: Given | None

    @property
    def field(self) -> str:
        """Where what is wrong with the value is told."""
        return "key" if self.value is None else FIELDS[_kind_of(self.value)]


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
    given: Sequence[NewValue],
    present: Mapping[str, AttributeValue],
    known: Collection[Reference],
) -> dict[str, AttributeValue | None]:
    """What is given, by key, as values of their kinds. `present` are the values until now.

    A reference must be among those `known` to the viewer. Raises `InputError`, or `ManyRefused` with all that is
    wrong; paths are such as `("values", 3, "number")`. Codes: UNKNOWN_ATTRIBUTE, ATTRIBUTE_ARCHIVED and DUPLICATE_KEY
    at the key; at the value OTHER_KIND, BAD_TEXT, TOO_LONG, NOT_A_NUMBER, TOO_LARGE, TOO_PRECISE, BAD_PERIOD,
    UNKNOWN_CHOICE, CHOICE_RETIRED, NOT_FOUND.
    """
    problems: list[InputError] = []
    found: dict[str, AttributeValue | None] = {}
    for number, new in enumerate(given):
        try:
            attribute = _attribute(attributes, new.key, found)
            found[new.key] = None
            found[new.key] = _read(attribute, new, present.get(new.key), known)
        except InputError as error:
            problems.append(error.at("values", number))
    raise_all(problems)
    return found


def as_json(value: AttributeValue | None) -> Any:
    """A value as it is kept in the audit record."""
    if isinstance(value, Reference):
        return {"to": value.to, "id": value.id}
    if isinstance(value, Choice):
        return value.key
    if isinstance(value, Decimal):
        return format(value, "f")
    return value if value is None else str(value)


def plain(number: Decimal) -> Decimal:
    """The number without zeros after the point that say nothing; 100 stays 100."""
    text = format(number, "f")
    return (Decimal(text.rstrip("0").rstrip(".")) if "." in text else Decimal(text)) or Decimal(0)


def _attribute(attributes: Mapping[str, StoredAttribute], key: str, seen: Collection[str]) -> StoredAttribute:
    attribute = attributes.get(key)
    if attribute is None:
        raise NotFound("UNKNOWN_ATTRIBUTE", f"there is no attribute {key[:80]!r} on such an object", ("key",))
    if attribute.archived:
        raise InputError("ATTRIBUTE_ARCHIVED", f"the attribute {key!r} is archived: restore it first", ("key",))
    if key in seen:
        raise InputError("DUPLICATE_KEY", f"the attribute {key!r} is named twice", ("key",))
    return attribute


def _kind_of(value: Given) -> AttributeKind:
    match value:
        case str():
            return AttributeKind.TEXT
        case Decimal():
            return AttributeKind.NUMBER
        case date():
            return AttributeKind.DATE
        case ChoiceKey():
            return AttributeKind.CHOICE
        case Reference():
            return AttributeKind.REFERENCE


def _read(
    attribute: StoredAttribute, new: NewValue, present: AttributeValue | None, known: Collection[Reference]
) -> AttributeValue | None:
    if new.value is None:
        return None
    try:
        return _checked(attribute, new.value, present, known)
    except InputError as error:
        raise error.at(new.field) from None


def _checked(
    attribute: StoredAttribute, given: Given, present: AttributeValue | None, known: Collection[Reference]
) -> AttributeValue:
    match attribute.kind, given:
        case AttributeKind.TEXT, str():
            return _text(given)
        case AttributeKind.NUMBER, Decimal():
            return _number(given)
        case AttributeKind.DATE, date():
            return known_day(given)
        case AttributeKind.CHOICE, ChoiceKey():
            return _choice(attribute, given.key, present)
        case AttributeKind.REFERENCE, Reference():
            return _reference(attribute, given, known)
    message = f"the attribute {attribute.key!r} is a {attribute.kind}: give it as `{FIELDS[attribute.kind]}`"
    raise InputError("OTHER_KIND", message)


def _text(given: str) -> str:
    if not given.strip():
        raise InputError("BAD_TEXT", "a text has something in it; null clears an attribute")
    check_text(given, ())
    return given


def _number(given: Decimal) -> Decimal:
    if not given.is_finite():
        raise InputError("NOT_A_NUMBER", f"{given} is no finite number")
    if given and given.adjusted() >= WHOLE_DIGITS:
        raise InputError("TOO_LARGE", f"a number has at most {WHOLE_DIGITS} digits before the point")
    number = round(given, PLACES)
    if number != given:
        message = f"{str(given)[:60]} has more than the {PLACES} decimal places that are allowed"
        raise InputError("TOO_PRECISE", message)
    return plain(number)


def _choice(attribute: StoredAttribute, key: str, present: AttributeValue | None) -> Choice:
    choice = attribute.choices.get(key)
    if choice is None:
        raise InputError("UNKNOWN_CHOICE", f"{key[:60]!r} is none of the choices: {_open(attribute)}")
    chosen = Choice(key, choice.label)
    if choice.retired and chosen != present:
        raise InputError("CHOICE_RETIRED", f"{key!r} is chosen no more; the choices are: {_open(attribute)}")
    return chosen


def _open(attribute: StoredAttribute) -> str:
    keys = [key for key, choice in attribute.choices.items() if not choice.retired]
    return ", ".join(keys[:20]) + (" …" if len(keys) > 20 else "") or "none any more"


def _reference(attribute: StoredAttribute, given: Reference, known: Collection[Reference]) -> Reference:
    if given.to != attribute.refers_to or given not in known:
        raise NotFound("NOT_FOUND", f"there is no such {attribute.refers_to} that you can see")
    return given
