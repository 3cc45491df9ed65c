"""Parameters of a policy, generated: the defaults, and what else its model accepts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.strategies import DrawFn, SearchStrategy
from pydantic import ValidationError

from quotaloom_sdk.policies import Parameters
from quotaloom_sdk.storing import stored_form
from quotaloom_sdk.testing.conformance.exploring import sampled
from quotaloom_sdk.testing.conformance.schemas import json_values
from quotaloom_sdk.texts import shown, words_of

_TRIES = 5


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """Parameters as a company stores them, `given`, and as its policy's own `model` of them."""

    given: dict[str, Any]
    model: Parameters


@dataclass(frozen=True, slots=True)
class ParameterSource:
    """Where a policy's parameters come from: `sets`, None where there are none that its model accepts.

    `note` says what could not be done. `broken` has what the model raised besides refusing, and for which values.
    """

    sets: SearchStrategy[ParameterSet] | None
    note: str = ""
    broken: tuple[Exception, dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class _Refused:
    given: Any
    error: Exception


def parameter_source(model: type[Parameters]) -> ParameterSource:
    """Parameters for a policy with this model."""
    defaults = _tried(model, {})
    if not model.model_fields:
        return ParameterSource(st.just(defaults) if isinstance(defaults, ParameterSet) else None)
    try:
        values = json_values(model.model_json_schema())
        tried = [_tried(model, given) for given in sampled(values, 100)]
    except (HypothesisException, ValueError, TypeError, LookupError, re.error) as error:
        return _defaults_alone(defaults, f"its schema is not understood: {words_of(error)}")
    broken = next((one for one in [defaults, *tried] if isinstance(one, _Refused) and _breaks(one.error)), None)
    accepted = [one for one in tried if isinstance(one, ParameterSet)]
    reported = (broken.error, broken.given) if broken else None
    if not accepted:
        alone = _defaults_alone(defaults, _why(tried))
        return ParameterSource(alone.sets, alone.note, reported)
    usual = defaults if isinstance(defaults, ParameterSet) else accepted[0]
    return ParameterSource(st.one_of(st.just(usual), _accepted(model, values, usual)), "", reported)


def _defaults_alone(defaults: ParameterSet | _Refused, why: str) -> ParameterSource:
    if isinstance(defaults, ParameterSet):
        return ParameterSource(st.just(defaults), f"it was asked with its default parameters only; {why}")
    return ParameterSource(None, why)


@st.composite
def _accepted(draw: DrawFn, model: type[Parameters], values: SearchStrategy[Any], usual: ParameterSet) -> ParameterSet:
    """Parameters that the model accepts; the usual ones where it refused several in a row."""
    for _ in range(_TRIES):
        found = _tried(model, draw(values))
        if isinstance(found, ParameterSet):
            return found
    return usual


def _tried(model: type[Parameters], given: Any) -> ParameterSet | _Refused:
    """What the model makes of the values once they are stored, which is as it writes them."""
    try:
        stored = stored_form(model.model_validate(given))
        return ParameterSet(stored, model.model_validate(stored))
    except Exception as error:
        return _Refused(given, error)


def _breaks(error: Exception) -> bool:
    return not isinstance(error, ValidationError)


def _why(tried: list[ParameterSet | _Refused]) -> str:
    refused = next((one for one in tried if isinstance(one, _Refused)), None)
    if refused is None or not isinstance(refused.error, ValidationError):
        return "no others could be generated"
    first = refused.error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "parameters"
    return (
        f"no others could be generated that its model accepts ({place}: {first['msg']}, given {shown(first['input'])})"
    )
