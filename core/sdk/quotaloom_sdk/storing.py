"""What is stored of a policy's parameters: plain JSON that the policy's model reads back as it was."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from quotaloom_sdk.errors import InvalidResult
from quotaloom_sdk.policies import Parameters
from quotaloom_sdk.texts import cleaned, shown, text_fault, words_of

MOST_CHARACTERS = 100_000
"""Characters of JSON that the parameters of a policy may have."""

DEEPEST = 32
"""How deep the parameters of a policy may be nested."""

_LARGEST = 2**63

Path = tuple[str | int, ...]


def json_fault(given: object) -> tuple[Path, str] | None:
    """Where `given` is not JSON that can be stored, and why, in words; None where it is.

    Keys are text. Text has neither NUL nor half of a surrogate pair, numbers are finite, whole ones fit into 64 bits.
    It is no longer than `MOST_CHARACTERS` and nested no deeper than `DEEPEST`.
    """
    too_long = f"must not have more than {MOST_CHARACTERS:,} characters of JSON"
    left = MOST_CHARACTERS
    waiting: list[tuple[Path, object]] = [((), given)]
    while waiting:
        path, value = waiting.pop()
        left -= 1
        if isinstance(value, dict | list):
            if len(path) >= DEEPEST:
                return path[:3], f"must not be nested more than {DEEPEST} deep"
            left -= len(value)
            fault = _key_fault(value) if isinstance(value, dict) else None
        else:
            left -= len(value) if isinstance(value, str) else 0
            fault = _plain_fault(value)
        if left < 0:  # what is left is at most what JSON may still have, so no text is made of it before
            return (), too_long
        if fault is not None:
            return path, fault
        waiting.extend(((*path, name), one) for name, one in _entries(value))
    return ((), too_long) if len(json.dumps(given, ensure_ascii=False)) > MOST_CHARACTERS else None


def _entries(value: object) -> Iterable[tuple[str | int, object]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _key_fault(given: dict[Any, object]) -> str | None:
    length = 0
    for key in given:
        if not isinstance(key, str):
            return f"must have names that are text, not {shown(key)}"
        length += len(key)
        if length > MOST_CHARACTERS:
            return f"must not have more than {MOST_CHARACTERS:,} characters of names"
        fault = text_fault(key)
        if fault is not None:
            return f"must not have a name with {fault}, which cannot be stored"
    return None


def _plain_fault(value: object) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        fault = text_fault(value)
        return None if fault is None else f"must not hold {fault}, which cannot be stored"
    if isinstance(value, int):
        return None if -_LARGEST <= value < _LARGEST else "must be a whole number that fits into 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else f"must be a finite number, not {value}"
    return f"must be plain JSON, not of type {type(value).__name__}"


def stored_form(valid: Parameters) -> dict[str, Any]:
    """Parameters as a company stores them: a JSON object that the model accepts, and reads as the very same values.

    Raises `InvalidResult` where it does not: a serializer or an alias that works in one direction only.
    """
    model = type(valid)
    try:
        written: object = valid.model_dump(mode="json", by_alias=True, round_trip=True, warnings=False)
    except Exception as error:
        raise InvalidResult(
            f"its parameters cannot be written as JSON: {type(error).__name__}: {words_of(error)}"
        ) from error
    if not isinstance(written, dict):
        raise InvalidResult(f"its parameters must be written as a JSON object, not as {shown(written)}")
    fault = json_fault(written)
    if fault is not None:
        raise InvalidResult(f"its parameters cannot be stored: {_placed(*fault)}")
    try:
        again = model.model_validate(written)
    except Exception as error:
        raise InvalidResult(
            f"its parameters are written as {shown(written)}, which its model does not accept: {_first(error)}"
        ) from error
    for name in model.model_fields:
        before, after = getattr(valid, name), getattr(again, name)
        if before != after:
            raise InvalidResult(
                f"its parameter {name} is {shown(before)}, and {shown(after)} once it was stored and read again"
            )
    return written


def _first(error: Exception) -> str:
    """The first thing that is wrong, in one line."""
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {words_of(error)}"
    first = error.errors(include_url=False)[0]
    return _placed(tuple(first["loc"]), cleaned(first["msg"]))


def _placed(path: Path, words: str) -> str:
    place = ".".join(str(part) for part in path) or "parameters"
    return f"{cleaned(place, 200)} {words}"
