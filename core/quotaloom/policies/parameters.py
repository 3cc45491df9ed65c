"""Parameters as a company sets them, validated by the policy's own model."""

from __future__ import annotations

from collections.abc import Mapping
from reprlib import repr as shortened
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from quotaloom.platform.errors import InputError, Path
from quotaloom.policies.errors import PolicyFailed
from quotaloom.policies.registry import RegisteredPolicy
from quotaloom_sdk import Parameters, PolicyDefinition

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def parse_parameters(policy: RegisteredPolicy[Any], given: object, path: Path = ()) -> Parameters:
    """`given`, a JSON object, as the policy's parameters, defaults filled in.

    Raises `InputError` INVALID_PARAMETERS at `path` and the place below it, and `PolicyFailed` where the
    plugin's own validation breaks.
    """
    definition: PolicyDefinition = policy.definition
    if not isinstance(given, Mapping):
        message = f"Parameters of {policy.key} must be an object of names and values, not {shortened(given)}."
        raise InputError("INVALID_PARAMETERS", message, path)
    try:
        return definition.parameters.model_validate(dict(given))
    except ValidationError as error:
        raise _refused(policy, error.errors(include_url=False), path) from error
    except (Exception, SystemExit) as error:
        reason = f"its parameters' validation raised {type(error).__name__}: {error}"
        raise PolicyFailed(policy.plugin.name, policy.key, reason) from error


def _refused(policy: RegisteredPolicy[Any], errors: list[ErrorDetails], path: Path) -> InputError:
    lines = "; ".join(_line(policy, error) for error in errors)
    return InputError("INVALID_PARAMETERS", f"Parameters of {policy.key}: {lines}.", (*path, *errors[0]["loc"]))


def _line(policy: RegisteredPolicy[Any], error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "parameters"
    if error["type"] == "extra_forbidden" and len(error["loc"]) == 1:
        allowed = ", ".join(policy.definition.parameters.model_fields) or "none"
        return f"{place} is no parameter; there are: {allowed}"
    if error["type"] == "missing":
        return f"{place} is missing"
    return f"{place}: {error['msg']} (given {shortened(error['input'])})"
