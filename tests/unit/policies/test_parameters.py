from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field, field_serializer

from quotaloom.platform.errors import InputError, Path
from quotaloom.policies.errors import PolicyFailed
from quotaloom.policies.host import parse_parameters
from quotaloom_sdk import Parameters
from tests.unit.policies.registered import Tuning, registered, rule

POLICY = registered(rule(parameters=Tuning))


def test_given_values_are_parsed_and_defaults_filled_in() -> None:
    """What is stored is JSON that the model reads back exactly; what is not given takes its default."""
    assert parse_parameters(POLICY, {"share": "0.25"}) == {"share": "0.25", "steps": []}
    assert parse_parameters(POLICY, {}) == {"share": "0.5", "steps": []}


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({"share": 2}, ("share",), "share: Input should be less than or equal to 1 (given 2)"),
        ({"steps": [1, "x"]}, ("steps", 1), "steps.1: Input should be a valid integer"),
        ({"shere": 1}, ("shere",), "shere is no parameter; there are: share, steps"),
        ({"share": "NaN"}, ("share",), "share: Input should be a finite number"),
        ({"steps": ["a", "\x00"]}, ("steps", 1), "steps.1 must not hold the NUL character, which cannot be stored"),
        ({"share": "\ud800"}, ("share",), "share must not hold U+D800, half of a surrogate pair"),
        ({"a\x00": 1}, (), "they must not have a name with the NUL character"),
        ({"share": "0" * 100_000}, (), "they must not have more than 100,000 characters of JSON"),
        ([1], (), "must be an object of names and values, not [1]"),
        (None, (), "must be an object of names and values, not None"),
    ],
)
def test_bad_parameters_tell_where_and_what_is_allowed(given: object, path: Path, words: str) -> None:
    """What the policy's model refuses is an input error at the place below the given path."""
    with pytest.raises(InputError) as refused:
        parse_parameters(POLICY, given, path=("input", "parameters"))
    assert refused.value.code == "INVALID_PARAMETERS"
    assert refused.value.path == ("input", "parameters", *path)
    assert words in refused.value.message


def test_all_mistakes_are_told_at_once() -> None:
    """Two bad values give one error that tells of both."""
    with pytest.raises(InputError) as refused:
        parse_parameters(POLICY, {"share": -1, "other": 0})
    assert "greater than or equal to 0" in refused.value.message
    assert "other is no parameter" in refused.value.message


def test_validation_that_breaks_is_the_plugins_fault() -> None:
    """A validator of the plugin that raises anything else is a failure that names the plugin."""
    with pytest.raises(PolicyFailed, match=r"'acme\.rule' of plugin 'acme'.*RuntimeError: unlucky"):
        parse_parameters(POLICY, {"steps": [13]})


def test_model_that_cannot_be_read_back_is_the_plugins_fault() -> None:
    """What its serializer writes is not accepted by itself, so nothing is stored."""

    class Odd(Parameters):
        count: int = Field(description="c")

        @field_serializer("count")
        def _word(self, count: int) -> Any:
            return "one"

    with pytest.raises(PolicyFailed, match=r"'acme\.rule' of plugin 'acme' failed: its parameters are written as"):
        parse_parameters(registered(rule(parameters=Odd)), {"count": 1})


def test_failure_has_a_reason_that_can_be_shown() -> None:
    """Shortened, and without what no log and no JSON can hold, whatever the plugin raised."""
    reason = PolicyFailed("acme", "acme.rule", "a\ud800\x00" + "x" * 10_000).reason
    assert reason == "a\ufffd\ufffd" + "x" * 1995 + " …"
