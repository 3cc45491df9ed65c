from __future__ import annotations

from datetime import date
from decimal import Decimal

from quotaloom_sdk import AttributeKind, Attributes
from quotaloom_sdk.attributes import Attribute, AttributeValue
from quotaloom_sdk.testing.conformance.attributes import wanted_attributes
from quotaloom_sdk.testing.conformance.values import Known


def made(known: Known) -> Attributes:
    values: dict[AttributeKind, AttributeValue] = {
        AttributeKind.NUMBER: Decimal(1),
        AttributeKind.DATE: date(2017, 3, 15),
        AttributeKind.TEXT: "East",
    }
    return Attributes(tuple(Attribute(key, values[kind]) for key, kind in known or ()))


def test_attributes_are_found_out_one_after_the_other() -> None:
    """One that is read only where another has a value is found in the second round."""

    def ask(known: Known) -> None:
        given = made(known)
        if given.number("customers") is not None and given.day("opened") is not None:
            given.text("street")

    assert wanted_attributes(ask) == (
        ("customers", AttributeKind.NUMBER),
        ("opened", AttributeKind.DATE),
        ("street", AttributeKind.TEXT),
    )


def test_reading_is_as_before_afterwards() -> None:
    """Nothing is noted any more once they are found out."""
    before = Attributes.text
    read = Attributes._of
    wanted_attributes(lambda known: made(known).text("street"))
    assert (Attributes.text, Attributes._of) == (before, read)
