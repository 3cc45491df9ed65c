"""Asking a policy the same again in another process: with another order of sets, later, and the other way round."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from quotaloom_sdk.answers import asked
from quotaloom_sdk.policies import Parameters
from quotaloom_sdk.testing.conformance.calling import call
from quotaloom_sdk.testing.conformance.findings import Finding, FindingKind
from quotaloom_sdk.testing.conformance.options import Options
from quotaloom_sdk.testing.conformance.processes import first_line, started, stopped
from quotaloom_sdk.testing.conformance.sources import Source
from quotaloom_sdk.testing.conformance.spelling import spelled

MOST = 30
"""How many requests are asked again; the ones that are biggest come first."""

_HASH_SEED = "4711"
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request, the JSON object of its parameters, and the answer as it is spelled."""

    request: Any
    parameters: dict[str, Any]
    answer: str


class NotRepeated(Exception):
    """The other process did not answer; the message says why."""


def repeated(source: Source, key: str, recorded: Sequence[Recorded], options: Options, name: str) -> list[Finding]:
    """Whether another process gives the same answers. Raises `NotRepeated`."""
    chosen = sorted(recorded, key=lambda one: len(one.answer), reverse=True)[:MOST]
    if not chosen:
        return []
    answers = _answers(source, key, chosen, options)
    differing = [(one, answer) for one, answer in zip(chosen, answers, strict=True) if answer != one.answer]
    if not differing:
        return []
    one, answer = min(differing, key=lambda pair: len(pair[0].answer))
    words = f"in another process the same request gave another answer: {one.answer[:300]}, then {answer[:300]}"
    return [Finding(name, FindingKind.NOT_DETERMINISTIC, words, spelled(one.request))]


def _answers(source: Source, key: str, recorded: Sequence[Recorded], options: Options) -> list[str]:
    try:
        # Parameters travel as they are stored: a class of the plugin's own may not be found again under its name.
        requests = [replace(one.request, parameters=Parameters()) for one in recorded]
        packed = base64.b64encode(pickle.dumps(requests)).decode()
    except Exception as error:
        raise NotRepeated(f"requests cannot be sent to it: {error}") from error
    order = {
        "task": "repeat",
        "source": [source.name, source.value],
        "key": key,
        "requests": packed,
        "parameters": [one.parameters for one in recorded],
        "seconds": options.seconds * 5,
    }
    child = started(order, _HASH_SEED)
    try:
        line = first_line(child, _START_SECONDS + 2 * options.seconds * len(recorded))
    finally:
        stopped(child)
    if line is None:
        raise NotRepeated("it took too long")
    return _read(line, len(recorded))


def _read(line: bytes, count: int) -> list[str]:
    try:
        answers = json.loads(line)
    except ValueError:
        raise NotRepeated("it ended in the middle of it") from None
    if not isinstance(answers, list) or len(answers) != count:
        raise NotRepeated("it answered with something else")
    if None in answers:
        raise NotRepeated("a call took too long")
    return [str(answer) for answer in answers]


def answer_again(order: dict[str, Any], definitions: Sequence[Any]) -> list[str | None]:
    """In the other process: the answers to the requests of `order`, which are asked from the last to the first.

    None for one that took too long.
    """
    definition = next(one for one in definitions if one.key == order["key"])
    function = getattr(definition, asked(definition).function)
    requests = pickle.loads(base64.b64decode(order["requests"]))  # noqa: S301 # our own process sent it
    answers: list[str | None] = []
    for request, stored in reversed(list(zip(requests, order["parameters"], strict=True))):
        given = replace(cast(Any, request), parameters=definition.parameters.model_validate(stored))
        outcome = call(lambda given=given: function(given), order["seconds"])  # type: ignore[misc] # called at once
        if outcome.late:
            answers.append(None)
        else:
            answers.append(spelled(outcome.answer) if outcome.error is None else f"a {type(outcome.error).__name__}")
    return answers[::-1]
