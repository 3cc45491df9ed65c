from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from quotaloom_sdk import NO_ATTRIBUTES, Attribute, AttributeKind, Attributes, Choice, InvalidRequest, Reference

STORE = Attributes(
    (
        Attribute("street", "Main Street"),
        Attribute("size", Decimal("120.5")),
        Attribute("opened", date(2011, 5, 1)),
        Attribute("class", Choice("a", "Class A")),
        Attribute("founder", Reference("member", "7")),
    )
)


def test_each_type_is_read_by_its_own_method() -> None:
    """A value comes back as it was given; one that is not there is None."""
    assert STORE.text("street") == "Main Street"
    assert STORE.number("size") == Decimal("120.5")
    assert STORE.day("opened") == date(2011, 5, 1)
    assert STORE.choice("class") == Choice("a", "Class A")
    assert STORE.reference("founder") == Reference("member", "7")
    assert STORE.number("staff") is None
    assert NO_ATTRIBUTES.text("street") is None


def test_attribute_knows_its_type() -> None:
    """The five types are told from the value."""
    assert [entry.kind for entry in STORE] == list(AttributeKind)


def test_attribute_of_another_type_is_a_mistake() -> None:
    """Text that is read as a number is no number that happens to be missing."""
    with pytest.raises(InvalidRequest, match="attribute 'street' is a text, which Decimal is not"):
        STORE.number("street")


@pytest.mark.parametrize("value", [1.5, 3, True, None, Decimal("NaN"), datetime(2011, 5, 1), ["a"]])  # noqa: DTZ001 # any
def test_value_of_no_attribute_type_is_refused(value: Any) -> None:
    """Whatever is not text, a finite Decimal, a date, a choice or a reference is refused."""
    with pytest.raises(InvalidRequest, match="attribute 'a' must be text, a finite Decimal, a date"):
        Attribute("a", value)


def test_key_with_two_values_is_refused() -> None:
    """An attribute has one value or none."""
    with pytest.raises(InvalidRequest, match="attribute 'a' has two values"):
        Attributes((Attribute("a", "x"), Attribute("a", "y")))
