"""The one place that calls policies: it narrows what they see, checks what they answer, and stamps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quotaloom.policies.errors import PolicyFailed
from quotaloom.policies.registry import RegisteredPolicy
from quotaloom.policies.weights import BadAnswer, Weights, checked_tuple, equal_weights, exact_weights
from quotaloom_sdk import (
    AllocationRequest,
    AllocationResult,
    AllocationRule,
    Explanation,
    Need,
    Parameters,
    UnitFact,
)
from quotaloom_sdk.needs import narrowed


@dataclass(frozen=True, slots=True)
class PolicyStamp:
    """What decided: stored with each result, so that anybody can say later why it is what it is.

    `policy` is the full key; `parameters` the JSON object in force, defaults included; `setting_revision` the
    revision of the company's setting, None where the caller gave policy and parameters himself.
    """

    plugin: str
    plugin_version: str | None
    policy: str
    parameters: Mapping[str, Any]
    setting_revision: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The stamp as a JSON object."""
        return {
            "plugin": self.plugin,
            "plugin_version": self.plugin_version,
            "policy": self.policy,
            "parameters": dict(self.parameters),
            "setting_revision": self.setting_revision,
        }


@dataclass(frozen=True, slots=True)
class AllocationOutcome:
    """Checked weights: `months` one per month, `matrix` a row per child with a weight per month.

    All exact, finite and not negative. A month's column, or `months`, may be all zero, which counts as equal.
    """

    months: Weights
    matrix: tuple[Weights, ...]
    explanation: Explanation
    stamp: PolicyStamp


def run_allocation(
    policy: RegisteredPolicy[AllocationRule[Any]],
    request: AllocationRequest[Any],
    setting_revision: int | None = None,
) -> AllocationOutcome:
    """Ask an allocation rule for its weights; call it outside any transaction.

    The rule sees history only if it declares the need. `request.parameters` come from `parse_parameters` of
    the same policy. Raises `PolicyFailed`, naming the plugin, where the rule raises or answers with anything
    else than finite, non-negative weights of the right number; `ValueError` where the caller's
    request is at fault: parameters of another model, or history that is needed and missing.
    """
    narrowed = _narrowed(policy.definition, request)
    try:
        result = _answered(policy.definition, narrowed)
        months, matrix = _weights(result, len(request.children), len(request.months))
        result.explanation.to_json()
        stamp = _stamp(policy, request.parameters, setting_revision)
    except BadAnswer as error:
        raise PolicyFailed(policy.plugin.name, policy.key, str(error)) from error
    except (Exception, SystemExit) as error:
        reason = f"it raised {type(error).__name__}: {error}"
        raise PolicyFailed(policy.plugin.name, policy.key, reason) from error
    return AllocationOutcome(months, matrix, result.explanation, stamp)


def _narrowed(rule: AllocationRule[Any], request: AllocationRequest[Any]) -> AllocationRequest[Any]:
    if type(request.parameters) is not rule.parameters:
        raise ValueError(f"parameters are {type(request.parameters).__name__}, not {rule.parameters.__name__}")
    if Need.HISTORY in rule.needs:
        _require_history((request.unit, *request.children), len(request.months))
    return narrowed(request, rule.needs)


def _require_history(units: tuple[UnitFact, ...], months: int) -> None:
    for unit in units:
        if len(unit.achieved) != months:
            raise ValueError(f"{unit.name} has {len(unit.achieved)} months of history for {months} months")


def _answered(rule: AllocationRule[Any], request: AllocationRequest[Any]) -> AllocationResult:
    result: object = rule.allocate(request)
    if not isinstance(result, AllocationResult):
        close = getattr(result, "close", None)
        if callable(close):  # an awaitable that nobody awaits warns
            close()
        raise BadAnswer(f"it answered with {type(result).__name__}, not with an AllocationResult")
    explanation: object = result.explanation
    if not isinstance(explanation, Explanation):
        raise BadAnswer(f"explanation is of type {type(explanation).__name__}, not an Explanation")
    return result


def _weights(result: AllocationResult, children: int, months: int) -> tuple[Weights, tuple[Weights, ...]]:
    by_month = (
        equal_weights(months) if result.months is None else exact_weights(result.months, months, "months", "months")
    )
    return by_month, _matrix(result, children, months)


def _matrix(result: AllocationResult, children: int, months: int) -> tuple[Weights, ...]:
    if result.matrix is not None:
        rows = checked_tuple(result.matrix, children, "matrix", "children")
        return tuple(exact_weights(row, months, f"matrix[{index}]", "months") for index, row in enumerate(rows))
    by_child: Weights = equal_weights(children)
    if result.children is not None:
        by_child = exact_weights(result.children, children, "children", "children")
    return tuple((weight,) * months for weight in by_child)


def _stamp(policy: RegisteredPolicy[Any], parameters: Parameters, revision: int | None) -> PolicyStamp:
    return PolicyStamp(
        plugin=policy.plugin.name,
        plugin_version=policy.plugin.version,
        policy=policy.key,
        parameters=parameters.model_dump(mode="json"),
        setting_revision=revision,
    )
