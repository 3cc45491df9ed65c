"""Parameters as a policy's model sees them: in this process, or told by a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from quotaloom_sdk import Parameters, PolicyDefinition
from quotaloom_sdk.storing import stored_form
from quotaloom_sdk.texts import cleaned, shown


@dataclass(frozen=True, slots=True)
class ParameterProblem:
    """One thing wrong with parameters: where (names and indexes), pydantic's type of error, words, what was given."""

    path: tuple[str | int, ...]
    type: str
    message: str
    given: str


@dataclass(frozen=True, slots=True)
class ParametersVerdict:
    """Parameters as the policy's model sees them: the JSON object with defaults filled in, or what is wrong."""

    parameters: Mapping[str, Any] | None
    problems: tuple[ParameterProblem, ...] = ()


class NotValid(Exception):
    """Stored parameters that the model does not accept any more; the message says where and why."""


def model_of(definition: PolicyDefinition, stored: object) -> Parameters:
    """Stored parameters as the policy's own model. Raises `NotValid`, and whatever the model's validators raise."""
    try:
        return definition.parameters.model_validate(stored)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "parameters"
        given = shown(first["input"])
        raise NotValid(
            f"its parameters are not valid: {cleaned(place)}: {cleaned(first['msg'])} (given {given})"
        ) from None


def verdict_on(definition: PolicyDefinition, given: object) -> ParametersVerdict:
    """What the model of `definition` says of `given`. Raises whatever the model's own validators raise.

    Raises `InvalidResult` where what the model accepted cannot be stored and read again.
    """
    if not isinstance(given, Mapping):
        problem = ParameterProblem((), "not_an_object", "must be an object of names and values", shown(given))
        return ParametersVerdict(None, (problem,))
    try:
        valid = definition.parameters.model_validate(dict(given))
    except ValidationError as error:
        problems = tuple(
            ParameterProblem(tuple(one["loc"]), one["type"], cleaned(one["msg"]), shown(one["input"]))
            for one in error.errors(include_url=False)
        )
        return ParametersVerdict(None, problems)
    return ParametersVerdict(stored_form(valid))
