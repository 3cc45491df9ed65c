"""What an attribute may be: on which objects, of which type, with which choices."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from quotaloom.platform.errors import InputError, Path
from quotaloom_sdk.attributes import AttributeKind

MOST_DEFINITIONS: Final = 200
"""How many attributes a company may have on one kind of object, archived ones not counted."""

MOST_CHOICES: Final = 500
"""How many choices an attribute may have, retired ones counted."""

LONGEST_TEXT: Final = 2000
"""How many characters a text may have, and the description of an attribute."""

LARGEST_ORDINAL: Final = 9999
"""The last place in the order of attributes."""


class Subject(StrEnum):
    """What an attribute may be on, and what a reference may name."""

    UNIT = "unit"
    MEMBER = "member"
    CUSTOMER = "customer"
    OPPORTUNITY = "opportunity"
    LEAD = "lead"


OBJECT_TYPES: Final = {
    Subject.UNIT: "OrgUnit",
    Subject.MEMBER: "Member",
    Subject.CUSTOMER: "Customer",
    Subject.OPPORTUNITY: "Opportunity",
    Subject.LEAD: "Lead",
}
"""What the audit record calls what an attribute is on."""


@dataclass(frozen=True, slots=True)
class NewChoice:
    """A choice of an attribute: `label` is for people; a retired one may not be chosen anew."""

    key: str
    label: str
    retired: bool = False


@dataclass(frozen=True, slots=True)
class NewAttribute:
    """An attribute as a company defines it, named by `on` and `key`.

    `choices` in their order, for a choice alone; `refers_to` for a reference alone. Attributes are listed by
    `ordinal`, then in the order in which they were defined; None puts a new one last and leaves another where it is.
    A description that is None stays as it is.
    """

    on: Subject
    key: str
    title: str
    kind: AttributeKind
    description: str | None = None
    choices: Sequence[NewChoice] = ()
    refers_to: Subject | None = None
    ordinal: int | None = None


def check_attribute(attribute: NewAttribute) -> None:
    """Raise `InputError` for what cannot be an attribute.

    Codes: BAD_KEY, BAD_TITLE, BAD_TEXT, TOO_LONG, BAD_ORDINAL, BAD_CHOICES, DUPLICATE_KEY, BAD_LABEL, BAD_REFERENCE.
    """
    _check_key(attribute.key, ("key",))
    _check_line(attribute.title, "BAD_TITLE", "a title", ("title",))
    check_text(attribute.description or "", ("description",))
    if attribute.ordinal is not None and not 0 <= attribute.ordinal <= LARGEST_ORDINAL:
        message = f"the place of an attribute is a number from 0 to {LARGEST_ORDINAL}, not {attribute.ordinal}"
        raise InputError("BAD_ORDINAL", message, ("ordinal",))
    _check_choices(attribute)
    if (attribute.refers_to is not None) != (attribute.kind is AttributeKind.REFERENCE):
        raise InputError("BAD_REFERENCE", "a reference says what it refers to, and nothing else does", ("refersTo",))


def check_text(text: str, path: Path) -> None:
    """Raise `InputError` TOO_LONG, or BAD_TEXT for what PostgreSQL cannot store."""
    if len(text) > LONGEST_TEXT:
        raise InputError("TOO_LONG", f"a text has at most {LONGEST_TEXT} characters, not {len(text)}", path)
    if any(character == "\0" or unicodedata.category(character) == "Cs" for character in text):
        raise InputError("BAD_TEXT", "a text cannot hold the character U+0000, nor half of a surrogate pair", path)


def _check_choices(attribute: NewAttribute) -> None:
    choices = attribute.choices
    if (attribute.kind is AttributeKind.CHOICE) != bool(choices):
        raise InputError("BAD_CHOICES", "a choice has at least one choice, and nothing else has any", ("choices",))
    if len(choices) > MOST_CHOICES:
        message = f"an attribute has at most {MOST_CHOICES} choices, not {len(choices)}"
        raise InputError("BAD_CHOICES", message, ("choices",))
    seen: set[str] = set()
    for number, choice in enumerate(choices):
        _check_key(choice.key, ("choices", number, "key"))
        _check_line(choice.label, "BAD_LABEL", "a label", ("choices", number, "label"))
        if choice.key in seen:
            raise InputError("DUPLICATE_KEY", f"two choices have the key {choice.key!r}", ("choices", number, "key"))
        seen.add(choice.key)


def may_be_key(key: str) -> bool:
    """Whether an attribute, or a choice, could have this key at all."""
    return re.fullmatch(r"[a-z][a-z0-9_]{0,63}", key) is not None


def _check_key(key: str, path: Path) -> None:
    if not may_be_key(key):
        message = f"{key[:80]!r} is no key: use a-z, 0-9 and _, beginning with a letter, up to 64 characters"
        raise InputError("BAD_KEY", message, path)


def _check_line(line: str, code: str, what: str, path: Path) -> None:
    printable = not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in line)
    if not (line.strip() and len(line) <= 200 and printable):
        raise InputError(code, f"{what} has 1 to 200 characters, without line breaks or controls", path)
