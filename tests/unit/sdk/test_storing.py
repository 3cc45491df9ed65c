from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field, field_serializer, model_serializer

from quotaloom_sdk import InvalidResult, Parameters
from quotaloom_sdk.storing import json_fault, stored_form


class Alias(Parameters):
    per_person: int = Field(default=1, description="a", alias="perPerson")


class OneWay(Parameters):
    per_person: int = Field(default=1, description="a", serialization_alias="perPerson")


class Written(Parameters):
    """Written as whatever it holds."""

    given: Any = Field(default=None, description="g")

    @field_serializer("given")
    def _written(self, given: Any) -> Any:
        return {"nan": float("nan"), "nul": "\x00", "half": "\ud800", "long": 2**63}.get(given, 7)


class Counted(Parameters):
    count: int = Field(default=1, description="c")

    @field_serializer("count")
    def _word(self, count: int) -> Any:
        return "one"


class Listed(Parameters):
    count: int = Field(default=1, description="c")

    @model_serializer
    def _list(self) -> Any:
        return [1, 2]


def test_names_with_an_alias_are_stored_under_it() -> None:
    """The name that the form and the schema know, and that the model takes."""
    assert stored_form(Alias(perPerson=3)) == {"perPerson": 3}


@pytest.mark.parametrize(
    ("valid", "words"),
    [
        (OneWay(), "which its model does not accept"),
        (Counted(), "its parameters are written as {'count': 'one'}, which its model does not accept"),
        (Listed(), "its parameters must be written as a JSON object, not as [1, 2]"),
        (Written(given="nan"), "its parameter given is 'nan', and None once it was stored"),
        (Written(given="nul"), "given must not hold the NUL character"),
        (Written(given="half"), "given must not hold U+D800, half of a surrogate pair"),
        (Written(given="long"), "given must be a whole number that fits into 64 bits"),
        (Written(given="else"), "its parameter given is 'else', and 7 once it was stored and read again"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Parameters) else None,
)
def test_parameters_that_do_not_come_back_are_refused(valid: Parameters, words: str) -> None:
    """A serializer or an alias that works in one direction only is found before anything is stored."""
    with pytest.raises(InvalidResult) as refused:
        stored_form(valid)
    assert words in str(refused.value)


def test_json_that_cannot_be_stored_is_told_with_its_place() -> None:
    """Names and texts at any depth, numbers, and things that are no JSON."""
    nested: Any = 1
    for _ in range(40):
        nested = [nested]
    assert json_fault({"a": [1, "x", None, True, 0.5, {"b": "é\n"}]}) is None
    assert json_fault({"a": [1, {"b": "\x00"}]}) == (
        ("a", 1, "b"),
        "must not hold the NUL character, which cannot be stored",
    )
    assert json_fault({"a": {"\ud800": 1}}) == (
        ("a",),
        "must not have a name with U+D800, half of a surrogate pair, which cannot be stored",
    )
    assert json_fault({1: 2}) == ((), "must have names that are text, not 1")
    assert json_fault({"a": float("inf")}) == (("a",), "must be a finite number, not inf")
    assert json_fault({"a": 2**63}) == (("a",), "must be a whole number that fits into 64 bits")
    assert json_fault({"a": (1,)}) == (("a",), "must be plain JSON, not of type tuple")
    assert json_fault({"a": nested}) == (("a", 0, 0), "must not be nested more than 32 deep")
    too_long = ((), "must not have more than 100,000 characters of JSON")
    assert json_fault({"a": "x" * 100_001}) == too_long
    assert json_fault({"a": [0] * 60_000}) == too_long
    assert json_fault({"a": "\x07" * 50_000}) == too_long
