"""Reading what is given for attributes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.values import ChoiceKey, NewValue, StoredAttribute, StoredChoice, as_json, read_values
from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import ManyRefused
from quotaloom_sdk.attributes import AttributeKind, AttributeValue, Choice, Reference

CHOICES: Final = {"a": StoredChoice(1, "Great", False), "b": StoredChoice(2, "Good", False)}
LATE: Final = {"z": StoredChoice(3, "Gone", True)}
ANN: Final = Reference("member", "7")


def attribute(kind: AttributeKind, **facts: Any) -> StoredAttribute:
    """An attribute with the key of its kind."""
    known: dict[str, Any] = {
        "id": 1,
        "key": kind.value,
        "kind": kind,
        "refers_to": None,
        "archived": False,
        "choices": {},
    }
    return StoredAttribute(**{**known, **facts})


ATTRIBUTES: Final = {
    "text": attribute(AttributeKind.TEXT),
    "number": attribute(AttributeKind.NUMBER),
    "date": attribute(AttributeKind.DATE),
    "choice": attribute(AttributeKind.CHOICE, choices={**CHOICES, **LATE}),
    "reference": attribute(AttributeKind.REFERENCE, refers_to=Subject.MEMBER),
    "old": attribute(AttributeKind.TEXT, key="old", archived=True),
    "ended": attribute(AttributeKind.CHOICE, key="ended", choices=LATE),
}


def read(*values: NewValue, **present: AttributeValue) -> dict[str, AttributeValue | None]:
    """What is made of values, Ann being known."""
    return read_values(ATTRIBUTES, values, present, {ANN})


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("text", " two\nlines ", " two\nlines "),
        ("text", "漢字 😀", "漢字 😀"),
        ("text", "x" * 2000, "x" * 2000),
        ("date", date(1900, 1, 1), date(1900, 1, 1)),
        ("date", date(2999, 12, 31), date(2999, 12, 31)),
        ("choice", ChoiceKey("b"), Choice("b", "Good")),
        ("reference", ANN, ANN),
        ("text", None, None),
        ("reference", None, None),
    ],
)
def test_what_fits_its_kind_is_taken_as_it_is(key: str, value: Any, found: Any) -> None:
    """Texts keep their spaces and lines; a choice is told with its label; None clears."""
    assert read(NewValue(key, value)) == {key: found}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("0E+999999", "0"),
        ("1234.50", "1234.5"),
        ("100", "100"),
        ("1E+2", "100"),
        ("-0.00000001", "-0.00000001"),
        ("1.00000000000000", "1"),
        ("999999999999999999.99999999", "999999999999999999.99999999"),
        ("-999999999999999999.99999999", "-999999999999999999.99999999"),
    ],
)
def test_numbers_are_exact_and_written_plainly(written: str, found: str) -> None:
    """Eighteen digits before the point and eight after it, without exponent and without zeros that say nothing."""
    number = read(NewValue("number", Decimal(written)))["number"]
    assert isinstance(number, Decimal)
    assert (number, as_json(number)) == (Decimal(found), found)


@given(st.decimals(-(10**18) + 1, 10**18 - 1, allow_nan=False, allow_infinity=False, places=8))
def test_every_number_that_fits_stays_what_it_is(number: Decimal) -> None:
    """Whatever fits is read as itself, and writing it plainly changes nothing."""
    found = read(NewValue("number", number))["number"]
    assert found == number == Decimal(as_json(found))


@pytest.mark.parametrize(
    ("key", "value", "code", "place"),
    [
        ("nothing", "x", "UNKNOWN_ATTRIBUTE", "key"),
        ("Nothing\0", None, "UNKNOWN_ATTRIBUTE", "key"),
        ("old", "x", "ATTRIBUTE_ARCHIVED", "key"),
        ("old", None, "ATTRIBUTE_ARCHIVED", "key"),
        ("text", Decimal(1), "OTHER_KIND", "number"),
        ("number", "1", "OTHER_KIND", "text"),
        ("date", "2017-06-14", "OTHER_KIND", "text"),
        ("choice", "a", "OTHER_KIND", "text"),
        ("reference", ChoiceKey("a"), "OTHER_KIND", "choice"),
        ("text", ANN, "OTHER_KIND", "reference"),
        ("number", date(2017, 6, 14), "OTHER_KIND", "day"),
        ("text", " \n ", "BAD_TEXT", "text"),
        ("text", "a\0b", "BAD_TEXT", "text"),
        ("text", "half \ud83d of it", "BAD_TEXT", "text"),
        ("text", "x" * 2001, "TOO_LONG", "text"),
        ("number", Decimal("NaN"), "NOT_A_NUMBER", "number"),
        ("number", Decimal("sNaN"), "NOT_A_NUMBER", "number"),
        ("number", Decimal("-Infinity"), "NOT_A_NUMBER", "number"),
        ("number", Decimal("1000000000000000000"), "TOO_LARGE", "number"),
        ("number", Decimal("1E+999999"), "TOO_LARGE", "number"),
        ("number", Decimal("0.000000001"), "TOO_PRECISE", "number"),
        ("number", Decimal("999999999999999999.999999999"), "TOO_PRECISE", "number"),
        ("number", Decimal("1E-999999"), "TOO_PRECISE", "number"),
        ("date", date(1899, 12, 31), "BAD_PERIOD", "day"),
        ("date", date(3000, 1, 1), "BAD_PERIOD", "day"),
        ("choice", ChoiceKey("c"), "UNKNOWN_CHOICE", "choice"),
        ("choice", ChoiceKey("Great"), "UNKNOWN_CHOICE", "choice"),
        ("choice", ChoiceKey("z"), "CHOICE_RETIRED", "choice"),
        ("reference", Reference("member", "8"), "NOT_FOUND", "reference"),
        ("reference", Reference("unit", "7"), "NOT_FOUND", "reference"),
        ("reference", Reference("member", "07"), "NOT_FOUND", "reference"),
    ],
)
def test_what_does_not_fit_says_why_and_where(key: str, value: Any, code: str, place: str) -> None:
    """Each refusal has its code, and the path of the field in which the value came."""
    with pytest.raises(InputError) as caught:
        read(NewValue(key, value))
    assert (caught.value.code, caught.value.path) == (code, ("values", 0, place))
    assert len(caught.value.message) < 200


def test_all_that_is_wrong_is_told_together() -> None:
    """Two faults and a key that comes twice, each with its place among the values."""
    with pytest.raises(ManyRefused) as caught:
        read(NewValue("text", ""), NewValue("date", date(2017, 6, 14)), NewValue("x", None), NewValue("date", None))
    told = [(error.code, error.path) for error in caught.value.errors]
    assert told == [
        ("BAD_TEXT", ("values", 0, "text")),
        ("UNKNOWN_ATTRIBUTE", ("values", 2, "key")),
        ("DUPLICATE_KEY", ("values", 3, "key")),
    ]


def test_a_retired_choice_stays_where_it_was_chosen() -> None:
    """Sending the whole form again is no new choice; elsewhere the choice is over."""
    assert read(NewValue("choice", ChoiceKey("z")), choice=Choice("z", "Gone")) == {"choice": Choice("z", "Gone")}
    with pytest.raises(InputError, match="'z' is chosen no more; the choices are: a, b"):
        read(NewValue("choice", ChoiceKey("z")), choice=Choice("a", "Great"))
    with pytest.raises(InputError, match="none of the choices: none any more"):
        read(NewValue("ended", ChoiceKey("a")))
