"""Parameters as a company sets them, judged by the policy's own model."""

from __future__ import annotations

from typing import Any

from quotaloom.platform.errors import InputError, Path
from quotaloom.policies.registry import RegisteredPolicy
from quotaloom.policies.verdicts import ParameterProblem, ParametersVerdict


def accepted(policy: RegisteredPolicy, verdict: ParametersVerdict, path: Path = ()) -> dict[str, Any]:
    """The JSON object that the model accepted, defaults filled in.

    Raises `InputError` INVALID_PARAMETERS at `path` and the place below it, which tells of everything that is wrong.
    """
    if verdict.parameters is not None:
        return dict(verdict.parameters)
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
