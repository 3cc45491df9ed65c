"""Parameters as a company sets them, judged by the policy's own model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quotaloom.platform.errors import InputError, Path
from quotaloom.policies.errors import PolicyFailed
from quotaloom.policies.registry import RegisteredPolicy
from quotaloom.policies.verdicts import ParameterProblem, ParametersVerdict
from quotaloom_sdk.storing import json_fault
from quotaloom_sdk.texts import cleaned


def require_storable_parameters(policy: RegisteredPolicy, given: object, path: Path = ()) -> None:
    """Refuse what no database can hold, and what is too long, before any model is asked.

    Raises `InputError` INVALID_PARAMETERS at `path` and the place below it.
    """
    fault = json_fault(dict(given)) if isinstance(given, Mapping) else None
    if fault is not None:
        place, words = fault
        where = cleaned(".".join(str(part) for part in place), 200) or "they"
        raise InputError("INVALID_PARAMETERS", f"Parameters of {policy.key}: {where} {words}.", (*path, *place))


def _require_stored(policy: RegisteredPolicy, parameters: dict[str, Any]) -> None:
    """A worker tells what its model accepted; whether that can be stored is for the server to see."""
    fault = json_fault(parameters)
    if fault is not None:
        place = ".".join(str(part) for part in fault[0]) or "its parameters"
        raise PolicyFailed(policy.plugin.name, policy.key, f"as its model has them, {place} {fault[1]}")


def accepted(policy: RegisteredPolicy, verdict: ParametersVerdict, path: Path = ()) -> dict[str, Any]:
    """The JSON object that the model accepted, defaults filled in.

    Raises `InputError` INVALID_PARAMETERS at `path` and the place below it, which tells of everything that is wrong.
    Raises `PolicyFailed` where what the model accepted cannot be stored.
    """
    if verdict.parameters is not None:
        parameters = dict(verdict.parameters)
        _require_stored(policy, parameters)
        return parameters
    first = verdict.problems[0]
    if first.type == "not_an_object":
        message = f"Parameters of {policy.key} {first.message}, not {first.given}."
        raise InputError("INVALID_PARAMETERS", message, path)
    lines = "; ".join(_line(policy, problem) for problem in verdict.problems)
    raise InputError("INVALID_PARAMETERS", f"Parameters of {policy.key}: {lines}.", (*path, *first.path))


def _line(policy: RegisteredPolicy, problem: ParameterProblem) -> str:
    place = ".".join(str(part) for part in problem.path) or "parameters"
    if problem.type == "extra_forbidden" and len(problem.path) == 1:
        allowed = ", ".join(policy.parameters_schema.get("properties", {})) or "none"
        return f"{place} is no parameter; there are: {allowed}"
    if problem.type == "missing":
        return f"{place} is missing"
    return f"{place}: {problem.message} (given {problem.given})"
