"""Registered policies for tests, made of plain functions."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pydantic import Field, field_validator

from quotaloom.policies.discovery import Origin, Plugin
from quotaloom.policies.registry import PolicyRegistry, RegisteredPolicy
from quotaloom_sdk import (
    AllocationRequest,
    AllocationResult,
    AllocationRule,
    Explanation,
    Need,
    Parameters,
    PolicyDefinition,
)

BECAUSE = Explanation("Because.")


class Tuning(Parameters):
    """Parameters with a bound, a list and a validator that breaks on 13."""

    share: Decimal = Field(default=Decimal("0.5"), ge=0, le=1, description="A share.")
    steps: tuple[int, ...] = Field(default=(), description="Some whole numbers.")

    @field_validator("steps")
    @classmethod
    def _unlucky(cls, steps: tuple[int, ...]) -> tuple[int, ...]:
        if 13 in steps:
            raise RuntimeError("unlucky")
        return steps


def equally(request: AllocationRequest[Any]) -> AllocationResult:
    """All alike."""
    return AllocationResult(explanation=BECAUSE)


def rule(
    allocate: Callable[[AllocationRequest[Any]], AllocationResult] = equally,
    key: str = "rule",
    parameters: type[Parameters] = Parameters,
    needs: frozenset[Need] = frozenset(),
) -> AllocationRule[Any]:
    """An allocation rule of that function."""
    return AllocationRule(
        key=key,
        title="Title",
        description="Words.",
        parameters=parameters,
        needs=needs,
        allocate=allocate,
    )


def plugin(*policies: PolicyDefinition, name: str = "acme") -> Plugin:
    """Version 1.2 of a partner's plugin with those policies."""
    return Plugin(name, "acme-rules", "1.2", "acme_rules", "1.0", Origin.INSTALLED, policies)


def registered(definition: AllocationRule[Any]) -> RegisteredPolicy[AllocationRule[Any]]:
    """That rule, as the only policy of the plugin `acme`."""
    return PolicyRegistry([plugin(definition)]).get(f"acme.{definition.key}", AllocationRule)
