"""What a company notes of its own about units, members, customers, deals and leads, each value with a type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from quotaloom_sdk.errors import InvalidRequest


class OtherKind(InvalidRequest):
    """An attribute was read as a type that it does not have: the company noted something else under that key."""


class AttributeKind(StrEnum):
    """The types that an attribute may have."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the choices that the company defined: its `key`, and the `label` that people read."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Another object, by what it is (`unit`, `member`, `customer`, `opportunity` or `lead`) and its id."""

    to: str
    id: str


AttributeValue = str | Decimal | date | Choice | Reference
"""Text, an exact number, a day, a choice, or a reference."""

_KINDS: tuple[tuple[type[object], AttributeKind], ...] = (
    (str, AttributeKind.TEXT),
    (Decimal, AttributeKind.NUMBER),
    (date, AttributeKind.DATE),
    (Choice, AttributeKind.CHOICE),
    (Reference, AttributeKind.REFERENCE),
)

V = TypeVar("V", str, Decimal, date, Choice, Reference)


@dataclass(frozen=True, slots=True)
class Attribute:
    """The value of the attribute `key` of one object.

    Raises `InvalidRequest` for a value of no attribute type, such as a float, a datetime or NaN.
    """

    key: str
    value: AttributeValue

    def __post_init__(self) -> None:
        value: object = self.value
        finite = not isinstance(value, Decimal) or value.is_finite()
        if isinstance(value, datetime) or not isinstance(value, AttributeValue) or not finite:
            raise InvalidRequest(
                f"attribute {self.key!r} must be text, a finite Decimal, a date, Choice or Reference, not {value!r}"
            )

    @property
    def kind(self) -> AttributeKind:
        """The type of the value."""
        return next(kind for type_, kind in _KINDS if isinstance(self.value, type_))


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of one object that have a value, in the order the company defined; each key once.

    The methods read one of them: None where it has no value. They raise `InvalidRequest` where it is of another
    type, and so does the class where a key comes twice.
    """

    entries: tuple[Attribute, ...] = ()

    def __post_init__(self) -> None:
        keys = [entry.key for entry in self.entries]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise InvalidRequest(f"attribute {twice!r} has two values")

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self.entries)

    def text(self, key: str) -> str | None:
        """The text of that key."""
        return self._of(key, str)

    def number(self, key: str) -> Decimal | None:
        """The number of that key."""
        return self._of(key, Decimal)

    def day(self, key: str) -> date | None:
        """The date of that key."""
        return self._of(key, date)

    def choice(self, key: str) -> Choice | None:
        """The choice of that key."""
        return self._of(key, Choice)

    def reference(self, key: str) -> Reference | None:
        """The object that the attribute of that key refers to."""
        return self._of(key, Reference)

    def _of(self, key: str, kind: type[V]) -> V | None:
        entry = next((one for one in self.entries if one.key == key), None)
        if entry is None:
            return None
        if not isinstance(entry.value, kind):
            raise OtherKind(f"attribute {key!r} is a {entry.kind}, which {kind.__name__} is not")
        return entry.value


NO_ATTRIBUTES = Attributes()
"""No attribute has a value, or the policy does not need them."""
